"""The queue, and the page on which a discrepancy is understood and decided."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.admin.bulk import BulkWorkMixin
from reconciliation.admin.filters import (
    AmountRangeFilter,
    AskedFilter,
    AssigneeFilter,
    EmployeeFilter,
    KindFilter,
    PaymentFilter,
    ShopFilter,
    StatusFilter,
    StoreFilter,
    TerminalFilter,
)
from reconciliation.admin.linking import DiscrepancyLinkingMixin
from reconciliation.admin.queue import QueuePaginator
from reconciliation.admin.queue_views import QueueMixin
from reconciliation.case_page import CasePage, list_steps
from reconciliation.models import WORST_FIRST, Discrepancy, Status
from reconciliation.neighbours import AROUND, list_neighbours
from shops.admin_base import DayRangeFilter, FactAdmin, amount_column, display
from shops.presentation import NOTHING, show_beginning, show_date, show_signed_amount, show_time

FLAGS = {
    Status.OPEN: "flag-bad",
    Status.REOPENED: "flag-bad",
    Status.IN_REVIEW: "flag-warn",
    Status.WAITING: "flag-warn",
    Status.RESOLVED: "flag-good",
}


@admin.register(Discrepancy)
class DiscrepancyAdmin(BulkWorkMixin, DiscrepancyLinkingMixin, QueueMixin, FactAdmin):
    change_form_template = "admin/reconciliation/discrepancy/change_form.html"
    list_before_template = "admin/reconciliation/discrepancy/queue.html"
    paginator = QueuePaginator
    ordering = WORST_FIRST
    actions_on_top = True
    list_display = (
        "lines",
        "shown_opened_at",
        "shop",
        "document",
        "customer",
        "kind",
        "shown_due",
        "shown_received",
        "shown_amount",
        "shown_status",
    )
    list_display_links = ("shown_opened_at", "kind")
    list_select_related = (
        "shop",
        "case__shop",
        "case__bill",
        "case__receipt",
        "case__event",
        "case__shift__terminal",
        "assignee",
    )
    list_filter = (
        StatusFilter,
        KindFilter,
        ShopFilter,
        AssigneeFilter,
        AskedFilter,
        ("amount", AmountRangeFilter),
        ("opened_at", DayRangeFilter),
        PaymentFilter,
        StoreFilter,
        TerminalFilter,
        EmployeeFilter,
        "cause_present",
    )
    search_fields = ("case__text__words",)  # `reconciliation.search` says what is sought, and how
    search_help_text = _("Bill, receipt, customer, product, amount")

    shown_due = staticmethod(amount_column("case.due", _("due")))
    shown_received = staticmethod(amount_column("case.received", _("received")))

    @display(description=_("opened"), ordering="opened_at")
    def shown_opened_at(self, discrepancy: Discrepancy) -> str:
        return format_html(
            '{}<small class="age">{}</small>',
            show_time(discrepancy.opened_at, discrepancy.case.shop.zone),
            show_age(discrepancy),
        )

    @display(description=_("bill"), ordering="case__bill__number")
    def document(self, discrepancy: Discrepancy) -> str:
        case = discrepancy.case
        if case.bill:
            small = f"{case.bill.external_id} · {show_date(case.bill.issued_at, case.shop.zone)}"
            return link_to("shops_bill", case.bill_id, case.bill, small=small)
        if case.receipt:
            return link_to(
                "shops_receipt", case.receipt_id, _("receipt"), small=show_beginning(case.receipt.receipt_id, 8)
            )
        if case.shift:
            return link_to("shops_shift", case.shift_id, _("shift"), small=str(case.shift))
        return link_to("shops_exchangeevent", case.event_id, case.event)

    @display(description=_("customer"))
    def customer(self, discrepancy: Discrepancy) -> str:
        document = discrepancy.case.bill or discrepancy.case.receipt
        return (document.customer_name if document else "") or NOTHING

    @display(description=_("difference"), ordering="magnitude")
    def shown_amount(self, discrepancy: Discrepancy) -> str:
        if discrepancy.amount is None:
            return NOTHING
        css_class = "amount-missing" if discrepancy.amount < 0 else "amount-beyond"
        return format_html('<span class="{}">{}</span>', css_class, show_signed_amount(discrepancy.amount))

    @display(description=_("who has it"), ordering="status")
    def shown_status(self, discrepancy: Discrepancy) -> str:
        return format_html("{}<small>{}</small>", show_status(discrepancy), discrepancy.assignee or "")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Discrepancy | None:
        """With all that its page says of it and of the others of its case, in one query."""
        if not object_id.isdecimal():
            return None
        rows = self.get_queryset(request).select_related(*self.list_select_related, "write_off_account")
        of_case = list(rows.filter(case__in=Discrepancy.objects.filter(pk=object_id).values("case")))
        row = next((row for row in of_case if row.pk == int(object_id)), None)
        if row is not None:
            row.of_case = of_case
        return row

    def describe(self, request: HttpRequest, row: Discrepancy) -> dict[str, Any]:
        page = CasePage(row.case, row.of_case).describe()  # type: ignore[attr-defined]
        steps = list_steps(row)
        return (
            page
            | self.describe_linking(request, row)
            | {
                "discrepancy": row,
                "cause": next(cause for cause in page["causes"] if cause.discrepancy.pk == row.pk),
                "age": show_age(row),
                "status": show_status(row),
                "document": self.document(row),
                "customer": self.customer(row),
                "steps": steps,
                "neighbours": list_neighbours(row, [entry.receipt for entry in page["receipts"]]),
                "neighbours_days": AROUND.days,
                "work": self.describe_work(request, row, steps),
                "queue_query": self.read_preserved_query(request),
            }
        )


def show_age(discrepancy: Discrepancy) -> str:
    """How long it has been waiting; of a resolved one nothing."""
    if discrepancy.status == Status.RESOLVED:
        return ""
    now = timezone.now()
    if now - discrepancy.opened_at < timedelta(minutes=1):
        return gettext("just now")
    return timesince(discrepancy.opened_at, now, depth=1)


def show_status(discrepancy: Discrepancy) -> str:
    gone = "" if discrepancy.cause_present else format_html(' <span class="flag">{}</span>', _("cause gone"))
    asked = ""
    if discrepancy.asked_by_id is not None:
        asked = format_html(' <span class="flag flag-warn">{}</span>', _("owner asked"))
    status = Status(discrepancy.status)
    return format_html('<span class="flag {}">{}</span>{}{}', FLAGS[status], status.label, gone, asked)


def link_to(model: str, key: int | None, text: Any, *, small: str = "") -> str:
    address = reverse(f"admin:{model}_change", args=[key])
    aside = format_html("<small>{}</small>", small) if small and small != str(text) else ""
    return format_html('<a class="text-link" href="{}">{}</a>{}', address, text, aside)
