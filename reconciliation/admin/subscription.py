"""What people are told: everybody sets it for themselves on a page of the own, administrators for others too."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.letters.readers import find_reader
from reconciliation.models import Subscription
from reconciliation.subscribing import CHOSEN, SubscriptionForm, make_form, save, send_sample, set_for_oneself
from shops.admin_base import ModelAdmin, RelatedDropdownFilter, display
from shops.visibility import scope_of


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    form = SubscriptionForm
    list_display = ("person", "address", "digest", "shown_hour", "at_once", "only_mine", "every_shop", "language")
    list_select_related = ("person",)
    list_filter = ("digest", "at_once", ("shops", RelatedDropdownFilter))
    search_fields = ("person__username", "person__last_name", "person__email")
    fields = ("person", *CHOSEN)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        rows: QuerySet[Subscription] = super().get_queryset(request)
        return rows if self._has_everywhere(request, "view") or self._has_everywhere(request, "change") else rows.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and self._has_everywhere(request, "view")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and self._has_everywhere(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._has_everywhere(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._has_everywhere(request, "delete")

    def _has_everywhere(self, request: HttpRequest, action_name: str) -> bool:
        """The settings of others name people and shops: they are for who works in every shop."""
        return scope_of(request.user, f"reconciliation.{action_name}_subscription").every_shop

    def get_readonly_fields(self, request: HttpRequest, obj: Subscription | None = None) -> tuple[str, ...]:
        return ("person",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        save(obj)

    @display(description=_("address"), ordering="person__email")
    def address(self, subscription: Subscription) -> str:
        return subscription.person.email

    @display(description=_("at the hour"), ordering="digest_hour")
    def shown_hour(self, subscription: Subscription) -> str:
        return f"{subscription.digest_hour:02}:00 {subscription.time_zone}"

    # --- everybody's own page ---

    def get_urls(self) -> list[URLPattern]:
        mine = path("mine/", self.admin_site.admin_view(self.mine_view), name="reconciliation_subscription_mine")
        sample = path(
            "mine/sample/", self.admin_site.admin_view(self.sample_view), name="reconciliation_subscription_sample"
        )
        return [mine, sample, *super().get_urls()]

    def mine_view(self, request: HttpRequest) -> HttpResponse:
        """The settings of the person who asks, and of nobody else: the request names no person."""
        assert isinstance(request.user, User)
        form = make_form(request.user, request.POST if request.method == "POST" else None)
        if form.is_valid():
            is_new = form.instance.pk is None
            set_for_oneself(form)
            log = self.log_addition if is_new else self.log_change
            log(request, form.instance, gettext("Set for oneself."))
            messages.success(request, gettext("Your notifications are set."))
            return HttpResponseRedirect(reverse("admin:reconciliation_subscription_mine"))
        context = self.admin_site.each_context(request) | {
            "title": gettext("My notifications"),
            "opts": self.opts,
            "form": form,
            "reader": find_reader(request.user),
            "waits_for_server": not settings.MAIL_SERVER_IS_SET,
        }
        return TemplateResponse(request, "admin/reconciliation/subscription/mine.html", context)

    def sample_view(self, request: HttpRequest) -> HttpResponse:
        """Writes the person a digest as it would be now, by POST; once a minute, lest a button floods a mailbox."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        assert isinstance(request.user, User)
        messages.add_message(request, *send_sample(request.user, now=timezone.now()))
        return HttpResponseRedirect(reverse("admin:reconciliation_subscription_mine"))
