"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from crmpos.accounts.views.log_in import LogOutView, go_home, go_to_log_in
from reconciliation.admin.reports import list_urls as list_report_urls
from reconciliation.api.bill_status import BillStatusView
from reconciliation.owner.acts.invitation import invitation_view
from reconciliation.owner.acts.notifications import notifications_view, sample_view

urlpatterns: list[URLPattern | URLResolver] = [
    path("", go_home, name="home"),
    path("shops/", include("reconciliation.owner.urls")),
    path("account/", include("crmpos.accounts.urls")),
    path("account/notifications/", notifications_view, name="notifications"),
    path("account/notifications/sample/", sample_view, name="notifications_sample"),
    path("invitations/<slug:token>/", invitation_view, name="invitation"),
    path("i18n/", include("django.conf.urls.i18n")),
    # Before the admin's own, which answer whatever begins like one of them.
    path("admin/reports/", include((list_report_urls(), "reports"))),
    path("admin/login/", go_to_log_in),
    path("admin/logout/", LogOutView.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account:password")),
    path("admin/", admin.site.urls),
    path("api/office/", include("reconciliation.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(), name="docs"),
    path("api/v2/bills/<str:bill_id>/status", BillStatusView.as_view()),
    path("", include("shops.api.urls")),
]

handler500 = "crmpos.database_failures.answer_server_error"
