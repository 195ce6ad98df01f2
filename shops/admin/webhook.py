"""What CRMs are told: their addresses, whose secrets are shown once, and the outbox with the fate of each message."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shops.admin.journal import indent_body
from shops.admin_base import (
    DayRangeFilter,
    DropdownFilter,
    FactAdmin,
    ModelAdmin,
    RelatedDropdownFilter,
    action,
    display,
    time_column,
)
from shops.models import CrmWebhook, WebhookMessage
from shops.presentation import NOTHING, show_beginning, show_time
from shops.visibility import only_permitted
from shops.webhooks import make_secret, rotate_secret, send_again

ANSWER_SHOWN = 120
MAY_CHANGE = "shops.change_crmwebhook"


@admin.register(CrmWebhook)
class CrmWebhookAdmin(ModelAdmin):
    change_form_template = "admin/shops/crmwebhook/change_form.html"
    list_display = ("shop", "url", "active", "shown_condition", "waiting")
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter), "active")
    search_fields = ("url", "shop__name")
    fields = ("shop", "url", "active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CrmWebhook]:
        waiting = Count("shop__webhook_messages", filter=Q(shop__webhook_messages__next_attempt_at__isnull=False))
        addresses: QuerySet[CrmWebhook] = super().get_queryset(request)
        return addresses.annotate(waiting_count=waiting)

    def get_readonly_fields(self, request: HttpRequest, obj: CrmWebhook | None = None) -> tuple[str, ...]:
        return ("shop",) if obj else ()

    @display(description=_("condition"))
    def shown_condition(self, webhook: CrmWebhook) -> str:
        if webhook.silent_until is None or webhook.silent_until <= timezone.now():
            return NOTHING
        until = show_time(webhook.silent_until, webhook.shop.zone)
        text = _("does not answer; the next attempt: %(time)s") % {"time": until}
        return format_html('<span class="flag flag-bad">{}</span>', text)

    @display(description=_("messages waiting"), ordering="waiting_count")
    def waiting(self, webhook: CrmWebhook) -> str:
        return str(webhook.waiting_count)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: CrmWebhook, form: Any, change: bool) -> None:
        """A new address gets its secret here. One that was changed is tried at once."""
        if not change:
            obj.secret = make_secret()
            obj.save(force_insert=True)
            return
        obj.failures, obj.silent_until = 0, None
        obj.save(update_fields=["url", "active", "failures", "silent_until"])

    def response_add(self, request: HttpRequest, obj: CrmWebhook, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_secret(request, obj, obj.secret)

    def get_urls(self) -> list[URLPattern]:
        rotate = path(
            "<int:webhook_id>/rotate/",
            self.admin_site.admin_view(self.rotate_view),
            name="shops_crmwebhook_rotate",
        )
        return [rotate, *super().get_urls()]

    def rotate_view(self, request: HttpRequest, webhook_id: int) -> HttpResponse:
        """Asks, and by POST gives the address a new secret and shows it, this once."""
        webhook = self.get_queryset(request).select_related("shop").filter(pk=webhook_id).first()
        if not request.user.has_perm(MAY_CHANGE, webhook):
            raise PermissionDenied
        if webhook is None:
            return HttpResponseRedirect(reverse("admin:shops_crmwebhook_changelist"))
        if request.method != "POST":
            return self._show_secret(request, webhook, "")
        secret = rotate_secret(webhook, now=timezone.now())
        self.log_change(request, webhook, gettext("A new secret was made."))
        return self._show_secret(request, webhook, secret)

    def _show_secret(self, request: HttpRequest, webhook: CrmWebhook, secret: str) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": gettext("Secret of the CRM"),
            "opts": self.opts,
            "webhook": webhook,
            "secret": secret,
        }
        return TemplateResponse(request, "admin/shops/crmwebhook/secret.html", context)


class StateFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting")), ("delivered", _("delivered")), ("given_up", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[WebhookMessage]) -> QuerySet[WebhookMessage]:
        if self.value() == "waiting":
            return queryset.filter(next_attempt_at__isnull=False)
        if self.value() == "delivered":
            return queryset.filter(next_attempt_at=None, delivered_at__isnull=False)
        return queryset.filter(given_up_at__isnull=False) if self.value() == "given_up" else queryset


@admin.register(WebhookMessage)
class WebhookMessageAdmin(FactAdmin):
    change_form_template = "admin/shops/webhookmessage/change_form.html"
    actions_on_top = True
    actions = ("send_again_selected",)
    list_display = ("shown_created_at", "shop", "event_type", "shown_state", "attempts", "answer")
    list_select_related = ("shop",)
    list_filter = (
        ("shop", RelatedDropdownFilter),
        StateFilter,
        ("created_at", DayRangeFilter),
    )
    search_fields = ("=message_id", "event_type", "body")
    search_help_text = _("Message id, event, text of a body")
    fields = (
        "shown_created_at",
        "shop",
        "event_type",
        "message_id",
        "shown_state",
        "attempts",
        "shown_next_attempt_at",
        "shown_delivered_at",
        "shown_given_up_at",
        "answer",
    )
    readonly_fields = (
        "shown_created_at",
        "shown_state",
        "shown_next_attempt_at",
        "shown_delivered_at",
        "shown_given_up_at",
        "answer",
    )

    shown_created_at = staticmethod(time_column("created_at", _("created")))
    shown_next_attempt_at = staticmethod(time_column("next_attempt_at", _("next attempt")))
    shown_delivered_at = staticmethod(time_column("delivered_at", _("delivered")))
    shown_given_up_at = staticmethod(time_column("given_up_at", _("given up")))

    def has_send_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(MAY_CHANGE, obj)

    @display(description=_("state"), ordering="next_attempt_at")
    def shown_state(self, message: WebhookMessage) -> str:
        if message.next_attempt_at is not None:
            return format_html('<span class="flag flag-warn">{}</span>', _("waiting"))
        if message.given_up_at is not None:
            return format_html('<span class="flag flag-bad">{}</span>', _("given up"))
        return format_html('<span class="flag flag-good">{}</span>', _("delivered"))

    @display(description=_("last answer"))
    def answer(self, message: WebhookMessage) -> str:
        told = message.last_status or message.get_last_fault_display()
        return f"{told} {show_beginning(message.last_answer, ANSWER_SHOWN)}".strip() if told else NOTHING

    def describe(self, request: HttpRequest, row: WebhookMessage) -> dict[str, Any]:
        return {"indented_body": indent_body(row.body), "can_send": self.has_send_permission(request, row)}

    @action(permissions=["send"], description=_("Send again…"))
    def send_again_selected(self, request: HttpRequest, queryset: QuerySet[WebhookMessage]) -> HttpResponse | None:
        ours = only_permitted(queryset, request.user, MAY_CHANGE)
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request) | {
                "title": gettext("Send again"),
                "opts": self.opts,
                "rows": ours.select_related("shop"),
                "selected": request.POST.getlist("_selected_action"),
            }
            return TemplateResponse(request, "admin/shops/webhookmessage/send_again.html", context)
        rows = list(ours)
        for row in rows:
            send_again(row, now=timezone.now())
            self.log_change(request, row, gettext("Sent again."))
        text = ngettext("%(count)d message will be sent again.", "%(count)d messages will be sent again.", len(rows))
        messages.success(request, text % {"count": len(rows)})
        return None
