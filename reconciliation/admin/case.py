"""Cases: what was due and what was received, with every difference."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from reconciliation.case_page import CasePage
from reconciliation.models import Case, Status
from shops.admin_base import (
    DayRangeFilter,
    FactAdmin,
    RangeNumericFilter,
    RelatedDropdownFilter,
    amount_column,
    display,
    time_column,
)
from shops.presentation import show_yes_or_no

UNRESOLVED = ~Q(discrepancies__status=Status.RESOLVED) & Q(discrepancies__isnull=False)


@admin.register(Case)
class CaseAdmin(FactAdmin):
    change_form_template = "admin/reconciliation/case/change_form.html"
    list_display = (
        "subject",
        "shop",
        "customer",
        "shown_due",
        "shown_received",
        "shown_gap",
        "is_fully_paid",
        "unresolved",
        "shown_judged_at",
    )
    list_select_related = ("shop", "bill", "receipt", "event__shop", "shift__terminal")
    ordering = ("-pk",)
    list_filter = (
        ("shop", RelatedDropdownFilter),
        ("gap", RangeNumericFilter),
        ("judged_at", DayRangeFilter),
        "fully_paid",
    )
    search_fields = (
        "bill__external_id",
        "bill__number",
        "bill__customer_name",
        "receipt__receipt_id",
        "receipt__customer_name",
    )
    search_help_text = _("Bill number or id, receipt id, customer")
    readonly_fields = ("is_fully_paid", "shown_due", "shown_received", "shown_gap", "shown_judged_at")
    fields = (
        "shop",
        "bill",
        "receipt",
        "event",
        "shift",
        "shown_due",
        "shown_received",
        "shown_gap",
        "is_fully_paid",
        "shown_judged_at",
    )

    shown_due = staticmethod(amount_column("due", _("due")))
    shown_received = staticmethod(amount_column("received", _("received")))
    shown_gap = staticmethod(amount_column("gap", _("difference"), signed=True))
    shown_judged_at = staticmethod(time_column("judged_at", _("judged")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        cases: QuerySet[Case] = super().get_queryset(request)
        return cases.annotate(unresolved_count=Count("discrepancies", filter=UNRESOLVED))

    @display(description=_("case"))
    def subject(self, case: Case) -> str:
        if case.bill:
            return format_html("{} {}", _("bill"), case.bill)
        if case.receipt:
            return format_html("{} {}", _("receipt"), case.receipt)
        return format_html("{} {}", _("shift"), case.shift) if case.shift else str(case.event)

    @display(description=_("customer"))
    def customer(self, case: Case) -> str:
        document = case.bill or case.receipt
        return document.customer_name if document else ""

    @display(description=_("fully paid"), ordering="fully_paid")
    def is_fully_paid(self, case: Case) -> str:
        return show_yes_or_no(case.fully_paid)

    @display(description=_("unresolved"), ordering="unresolved_count")
    def unresolved(self, case: Case) -> int:
        count: int = case.unresolved_count  # type: ignore[attr-defined]
        return count

    def describe(self, request: HttpRequest, row: Case) -> dict[str, Any]:
        return CasePage(row).describe()
