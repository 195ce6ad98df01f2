"""The addresses of the owner's pages, below /shops/."""

from django.urls import URLPattern, path

from reconciliation.owner import views
from reconciliation.owner.acts.urls import urlpatterns as acts

app_name = "owner"

urlpatterns: list[URLPattern] = [
    *acts,
    path("", views.shops_view, name="shops"),
    path("<int:number>/", views.shop_view, name="shop"),
    path("<int:number>/version/", views.version_view, name="version"),
    path("<int:number>/files/<slug:table>/<slug:format>/", views.file_view, name="file"),
]
for _page, _view in views.VIEWS.items():
    urlpatterns += [
        path(f"<int:number>/{_page}/", _view, name=_page),
        path(f"<int:number>/{_page}/<slug:format>/", _view, name=f"{_page}-file"),
    ]
