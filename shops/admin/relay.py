"""Relay mode: the CRMs that shops keep, and the receipts on their way to them with what the CRMs answered."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shops.admin_base import (
    DropdownFilter,
    FactAdmin,
    ModelAdmin,
    PasswordWidget,
    RelatedDropdownFilter,
    action,
    display,
    time_column,
)
from shops.models import Forward, Upstream
from shops.models.relay import STATUSES_OF_LATER
from shops.presentation import NOTHING, show_beginning, show_time
from shops.relay.forwarding import send_again
from shops.visibility import only_permitted
from shops.wording import word_remark

ANSWER_SHOWN = 120
MAY_CHANGE = "shops.change_upstream"
REFUSED = Q(accepted_at=None, last_status__range=(400, 499)) & ~Q(last_status__in=STATUSES_OF_LATER)


class UpstreamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A token is written and never shown: an empty field keeps the one that is stored."""

    forget_token = forms.BooleanField(label=_("forget the token"), required=False)

    class Meta:
        model = Upstream
        fields = ("shop", "address", "token", "timeout_seconds")
        widgets = {"token": PasswordWidget(attrs={"autocomplete": "new-password"})}

    def clean_token(self) -> str:
        written: str = self.cleaned_data["token"]
        return written or self.instance.token

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        if answers.get("forget_token"):
            answers["token"] = ""
        return answers


@admin.register(Upstream)
class UpstreamAdmin(ModelAdmin):
    form = UpstreamForm
    list_display = ("shop", "address", "timeout_seconds", "shown_condition", "waiting")
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter),)
    search_fields = ("address", "shop__name")
    fields = ("shop", "address", "token", "forget_token", "timeout_seconds")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upstream]:
        waiting = Count("shop__forwards", filter=Q(shop__forwards__accepted_at=None))
        upstreams: QuerySet[Upstream] = super().get_queryset(request)
        return upstreams.annotate(waiting_count=waiting)

    def get_fields(self, request: HttpRequest, obj: Upstream | None = None) -> Any:
        """Who may not change it sees no token, and neither does who may."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("shop", "address", "timeout_seconds")
        return self.fields if obj else [name for name in self.fields if name != "forget_token"]

    def get_readonly_fields(self, request: HttpRequest, obj: Upstream | None = None) -> tuple[str, ...]:
        return ("shop",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Upstream, form: Any, change: bool) -> None:
        """What was changed is tried at once. The queue's own columns may be written by a worker meanwhile."""
        if not change:
            obj.save(force_insert=True)
            return
        obj.failures, obj.next_attempt_at = 0, None
        obj.save(update_fields=["address", "token", "timeout_seconds", "failures", "next_attempt_at"])

    @display(description=_("condition"))
    def shown_condition(self, upstream: Upstream) -> str:
        if upstream.next_attempt_at is None or upstream.next_attempt_at <= timezone.now():
            return NOTHING
        until = show_time(upstream.next_attempt_at, upstream.shop.zone)
        text = _("takes no receipts; the next attempt: %(time)s") % {"time": until}
        return format_html('<span class="flag flag-bad">{}</span>', text)

    @display(description=_("receipts waiting"), ordering="waiting_count")
    def waiting(self, upstream: Upstream) -> str:
        return str(upstream.waiting_count)  # type: ignore[attr-defined]


class StateFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting")), ("refused", _("refused")), ("accepted", _("accepted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Forward]) -> QuerySet[Forward]:
        if self.value() == "waiting":
            return queryset.filter(~REFUSED | Q(last_status=None), accepted_at=None)
        if self.value() == "refused":
            return queryset.filter(REFUSED)
        return queryset.filter(accepted_at__isnull=False) if self.value() == "accepted" else queryset


@admin.register(Forward)
class ForwardAdmin(FactAdmin):
    change_form_template = "admin/shops/forward/change_form.html"
    actions_on_top = True
    actions = ("send_again_selected",)
    list_display = ("shown_queued_at", "shop", "request_of_register", "shown_state", "attempts", "answer")
    list_select_related = ("shop", "event")
    list_filter = (("shop", RelatedDropdownFilter), StateFilter)
    search_fields = ("=event__bill_external_id", "=event__bill_number", "event__contents__body")
    search_help_text = _("Bill number or id, text of a receipt")
    fields = (
        "shown_queued_at",
        "shop",
        "request_of_register",
        "shown_state",
        "attempts",
        "shown_last_attempt_at",
        "shown_next_attempt_at",
        "shown_accepted_at",
        "answer",
    )
    readonly_fields = (
        "shown_queued_at",
        "request_of_register",
        "shown_state",
        "shown_last_attempt_at",
        "shown_next_attempt_at",
        "shown_accepted_at",
        "answer",
    )

    shown_queued_at = staticmethod(time_column("queued_at", _("queued")))
    shown_last_attempt_at = staticmethod(time_column("last_attempt_at", _("last attempt")))
    shown_accepted_at = staticmethod(time_column("accepted_at", _("accepted")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Forward]:
        forwards: QuerySet[Forward] = super().get_queryset(request)
        return forwards.defer("headers")

    def has_send_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(MAY_CHANGE, obj)

    @display(description=_("request of the register"))
    def request_of_register(self, forward: Forward) -> str:
        address = reverse("admin:shops_exchangeevent_change", args=[forward.event_id])
        named = forward.event.bill_number or forward.event.bill_external_id or forward.event
        return format_html('<a href="{}">{}</a>', address, named)

    @display(description=_("next attempt"), ordering="next_attempt_at")
    def shown_next_attempt_at(self, forward: Forward) -> str:
        return NOTHING if forward.accepted_at else show_time(forward.next_attempt_at, forward.shop.zone)

    @display(description=_("state"), ordering="accepted_at")
    def shown_state(self, forward: Forward) -> str:
        if forward.accepted_at is not None:
            return format_html('<span class="flag flag-good">{}</span>', _("accepted"))
        if forward.is_refused:
            return format_html('<span class="flag flag-bad">{}</span>', _("refused"))
        return format_html('<span class="flag flag-warn">{}</span>', _("waiting"))

    @display(description=_("last answer"))
    def answer(self, forward: Forward) -> str:
        if forward.last_status is None:
            return word_remark(forward.last_answer) or NOTHING
        return f"{forward.last_status} {show_beginning(forward.last_answer, ANSWER_SHOWN)}".strip()

    def describe(self, request: HttpRequest, row: Forward) -> dict[str, Any]:
        return {"can_send": self.has_send_permission(request, row)}

    @action(permissions=["send"], description=_("Send again…"))
    def send_again_selected(self, request: HttpRequest, queryset: QuerySet[Forward]) -> HttpResponse | None:
        ours = only_permitted(queryset, request.user, MAY_CHANGE)
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request) | {
                "title": gettext("Send again"),
                "opts": self.opts,
                "rows": ours.select_related("shop", "event"),
                "selected": request.POST.getlist("_selected_action"),
            }
            return TemplateResponse(request, "admin/shops/forward/send_again.html", context)
        rows = list(ours)
        count = send_again(Forward.objects.filter(pk__in=[row.pk for row in rows]), now=timezone.now())
        for row in rows:
            self.log_change(request, row, gettext("Sent again."))
        text = ngettext("%(count)d receipt will be sent again.", "%(count)d receipts will be sent again.", count)
        messages.success(request, text % {"count": count})
        return None
