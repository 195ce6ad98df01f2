"""What Evotor brought: messages that wait for their shop, documents of the registers, installations."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shops.access_forms import STORE, USER, AssignForm
from shops.admin.access import CONFIRMED, StepMixin, tell_delivered
from shops.admin.journal import indent_body
from shops.admin_base import (
    DayRangeFilter,
    DropdownFilter,
    FactAdmin,
    RelatedDropdownFilter,
    action,
    amount_column,
    display,
    store_column,
    time_column,
)
from shops.evotor.waiting import AssignmentRefused, assign_message, assign_store, assign_user
from shops.models import InstallationEvent, RegisterDocument, Shop, UnassignedMessage
from shops.presentation import NOTHING, show_time
from shops.visibility import only_permitted

MAY_ASSIGN = "shops.assign_unassignedmessage"
WAITING, DELIVERED, ALL = "waiting", "delivered", "all"


class WaitingFilter(DropdownFilter):
    """Shows what waits, unless something else is asked for."""

    title = _("state")
    parameter_name = "state"
    all_option: Any = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(WAITING, _("waiting")), (DELIVERED, _("delivered")), (ALL, _("all"))]

    def value(self) -> str:
        return super().value() or WAITING

    def queryset(self, request: HttpRequest, queryset: QuerySet[UnassignedMessage]) -> QuerySet[UnassignedMessage]:
        if self.value() == ALL:
            return queryset
        return queryset.filter(assigned_at__isnull=self.value() == WAITING)


@admin.register(UnassignedMessage)
class UnassignedMessageAdmin(StepMixin, FactAdmin):
    """A message has no shop yet, so times are in the site's own zone."""

    change_form_template = "admin/shops/unassignedmessage/change_form.html"
    actions_on_top = True
    actions = ("assign_selected",)
    list_display = ("shown_received_at", "kind", "store_id", "user_id", "times_received", "shown_state", "shop")
    list_select_related = ("shop",)
    list_filter = (WaitingFilter, "kind", ("received_at", DayRangeFilter))
    search_fields = ("store_id", "user_id", "text")
    search_help_text = _("Store, Evotor user, text of a body")
    fields = (
        "shown_received_at",
        "kind",
        "store_id",
        "user_id",
        "account",
        "times_received",
        "shown_last_received_at",
        "fault",
        "shown_state",
        "shop",
        "shown_assigned_at",
        "assigned_by",
    )
    readonly_fields = ("shown_received_at", "shown_last_received_at", "shown_state", "shown_assigned_at")

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_ASSIGN)

    @action(permissions=["assign"], description=_("Assign to a shop…"))
    def assign_selected(self, request: HttpRequest, queryset: QuerySet[UnassignedMessage]) -> HttpResponse | None:
        ours = only_permitted(queryset, request.user, MAY_ASSIGN)
        rows = list(ours.filter(assigned_at=None).select_related("account"))
        if not rows:
            messages.error(request, gettext("None of these messages waits any more."))
            return None
        shops = only_permitted(Shop.objects.all(), request.user, MAY_ASSIGN)
        form = AssignForm(request.POST if CONFIRMED in request.POST else None, prefix="assign", shops=shops)
        if not form.is_valid():
            return self.ask(request, title=gettext("Assign to a shop"), button=gettext("Assign"), rows=rows, form=form)
        shop, scope = form.cleaned_data["shop"], form.cleaned_data["scope"]
        tell_delivered(request, sum(self._assign(request, row, shop, scope) for row in rows))
        return None

    def _assign(self, request: HttpRequest, row: UnassignedMessage, shop: Shop, scope: str) -> int:
        """Assigns what the message names, and writes it into the admin's own log. A refusal is said."""
        assert isinstance(request.user, User)
        now = timezone.now()
        user_id = row.account.user_id if row.account else row.user_id
        try:
            if scope == STORE and row.store_id and row.account is None:
                delivered = assign_store(row.store_id, shop, actor=request.user, now=now)
            elif scope == USER and user_id:
                delivered = assign_user(user_id, shop, actor=request.user, now=now)
            elif scope not in (STORE, USER):
                delivered = assign_message(row, shop, actor=request.user, now=now)
            else:
                messages.error(
                    request, gettext("%(message)s: choose something else that belongs to the shop.") % {"message": row}
                )
                return 0
        except AssignmentRefused as owner:
            messages.error(
                request, gettext("%(message)s: the store belongs to %(shop)s.") % {"message": row, "shop": owner}
            )
            return 0
        self.log_change(request, row, gettext("Assigned to shop %(shop)s.") % {"shop": shop})
        return delivered

    @display(description=_("received at"), ordering="received_at")
    def shown_received_at(self, message: UnassignedMessage) -> str:
        return show_time(message.received_at)

    @display(description=_("last received at"), ordering="last_received_at")
    def shown_last_received_at(self, message: UnassignedMessage) -> str:
        return show_time(message.last_received_at)

    @display(description=_("delivered"), ordering="assigned_at")
    def shown_assigned_at(self, message: UnassignedMessage) -> str:
        return show_time(message.assigned_at)

    @display(description=_("state"), ordering="assigned_at")
    def shown_state(self, message: UnassignedMessage) -> str:
        if message.assigned_at is not None:
            return format_html('<span class="flag flag-good">{}</span>', _("delivered"))
        if message.fault:
            return format_html('<span class="flag flag-bad">{}</span>', _("cannot be read"))
        return format_html('<span class="flag flag-warn">{}</span>', _("waiting"))

    def describe(self, request: HttpRequest, row: UnassignedMessage) -> dict[str, Any]:
        body = row.body.decode(errors="backslashreplace")
        return {"indented_body": indent_body(body), "body": body}


class ContradictionFilter(DropdownFilter):
    title = _("contents")
    parameter_name = "contents"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("first", _("as first received")), ("contradicting", _("other contents under a known id"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RegisterDocument]) -> QuerySet[RegisterDocument]:
        return queryset.filter(contradicts__isnull=self.value() == "first") if self.value() else queryset


@admin.register(RegisterDocument)
class RegisterDocumentAdmin(FactAdmin):
    change_form_template = "admin/shops/registerdocument/change_form.html"
    list_display = (
        "shown_closed_at",
        "shop",
        "type",
        "number",
        "terminal",
        "session_number",
        "shown_total",
        "shown_revenue",
        "shown_contradiction",
    )
    list_display_links = ("shown_closed_at", "type")
    list_select_related = ("shop", "terminal", "contradicts")
    list_filter = (
        ("shop", RelatedDropdownFilter),
        "type",
        ("closed_at", DayRangeFilter),
        ContradictionFilter,
    )
    search_fields = ("document_id", "number", "session_id", "session_number")
    search_help_text = _("Document id or number, shift")
    fields = (
        "type",
        "number",
        "shown_closed_at",
        "shown_received_at",
        "shop",
        "shown_store",
        "terminal",
        "employee",
        "session_number",
        "session_id",
        "shown_total",
        "shown_revenue",
        "document_id",
        "contradicts",
    )
    readonly_fields = ("shown_store", "shown_closed_at", "shown_received_at", "shown_total", "shown_revenue")

    shown_store = staticmethod(store_column)
    shown_closed_at = staticmethod(time_column("closed_at", _("printed at")))
    shown_received_at = staticmethod(time_column("received_at", _("received at")))
    shown_total = staticmethod(amount_column("total", _("total")))
    shown_revenue = staticmethod(amount_column("revenue", _("revenue of the shift")))

    @display(description=_("contents"))
    def shown_contradiction(self, document: RegisterDocument) -> str:
        if document.contradicts_id is None:
            return NOTHING
        return format_html('<span class="flag flag-bad">{}</span>', _("contradicts"))

    def describe(self, request: HttpRequest, row: RegisterDocument) -> dict[str, Any]:
        return {"indented_body": indent_body(row.body), "others": row.contradicted_by.all()}


@admin.register(InstallationEvent)
class InstallationEventAdmin(FactAdmin):
    list_display = ("shown_received_at", "type", "user_id")
    search_fields = ("user_id", "event_id")
    fields = ("shown_received_at", "type", "user_id", "event_id", "body")
    readonly_fields = ("shown_received_at",)

    @display(description=_("received at"), ordering="received_at")
    def shown_received_at(self, event: InstallationEvent) -> str:
        return show_time(event.received_at)
