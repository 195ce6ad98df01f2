"""Bills with their lines, older versions and receipts."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shops.admin_base import (
    DayRangeFilter,
    DropdownFilter,
    FactAdmin,
    RangeNumericFilter,
    RelatedDropdownFilter,
    amount_column,
    display,
    time_column,
)
from shops.allocated import pays
from shops.models import Bill, BillLine, BillVersion, Receipt
from shops.presentation import show_yes_or_no


class ContentsFilter(DropdownFilter):
    title = _("contents")
    parameter_name = "contents"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("known", _("known")), ("unknown", _("unknown: seen in lists only"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bill]) -> QuerySet[Bill]:
        if self.value() == "known":
            return queryset.filter(version__gt=0)
        return queryset.filter(version=0) if self.value() == "unknown" else queryset


@admin.register(Bill)
class BillAdmin(FactAdmin):
    change_form_template = "admin/shops/bill/change_form.html"
    list_display = (
        "number_or_id",
        "external_id",
        "shop",
        "shown_issued_at",
        "customer_name",
        "shown_total",
        "shown_prepayment",
        "is_on_offer",
        "are_contents_known",
    )
    list_select_related = ("shop",)
    list_filter = (
        ("shop", RelatedDropdownFilter),
        ("issued_at", DayRangeFilter),
        ("total", RangeNumericFilter),
        "on_offer",
        ContentsFilter,
    )
    search_fields = ("external_id", "number", "customer_name", "customer_taxpayer_number")
    search_help_text = _("Bill number or id, customer")
    readonly_fields = (
        "shown_issued_at",
        "shown_total",
        "shown_prepayment",
        "shown_due",
        "shown_listed_total",
        "are_contents_known",
        "is_on_offer",
        "shown_offered_total",
        "shown_cancelled_at",
        "shown_closed_at",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "number",
                    "external_id",
                    "shop",
                    "shown_issued_at",
                    "customer_name",
                    "customer_taxpayer_number",
                    "shown_total",
                    "shown_prepayment",
                    "shown_due",
                    "shown_listed_total",
                    "listed_by",
                    "opened_by",
                    "are_contents_known",
                    "is_on_offer",
                    "shown_offered_total",
                    "shown_cancelled_at",
                    "shown_closed_at",
                )
            },
        ),
    )

    shown_issued_at = staticmethod(time_column("issued_at", _("date")))
    shown_total = staticmethod(amount_column("total", _("total")))
    shown_prepayment = staticmethod(amount_column("prepayment", _("prepayment")))
    shown_due = staticmethod(amount_column("due", _("due")))
    shown_listed_total = staticmethod(amount_column("listed_total", _("total in LIST")))

    shown_offered_total = staticmethod(amount_column("offered_total", _("remaining total")))
    shown_cancelled_at = staticmethod(time_column("cancelled_at", _("cancelled")))
    shown_closed_at = staticmethod(time_column("closed_at", _("closed")))

    @display(description=_("offered for payment"), ordering="on_offer")
    def is_on_offer(self, bill: Bill) -> str:
        return show_yes_or_no(bill.on_offer)

    @display(description=_("number"), ordering="number")
    def number_or_id(self, bill: Bill) -> str:
        return str(bill)

    @display(description=_("contents known"), ordering="version")
    def are_contents_known(self, bill: Bill) -> str:
        return show_yes_or_no(bill.contents_known)

    def describe(self, request: HttpRequest, row: Bill) -> dict[str, Any]:
        lines = BillLine.objects.order_by("position")
        receipts = Receipt.objects.filter(pays([row.pk])).select_related("shop", "terminal", "employee")
        versions = list(
            BillVersion.objects.filter(bill=row)
            .select_related("stated_by__shop")
            .prefetch_related(Prefetch("lines", lines))
            .order_by("-sequence")
        )
        return {
            "current_version": next((version for version in versions if version.sequence == row.version), None),
            "older_versions": [version for version in versions if version.sequence != row.version],
            "receipts": receipts.order_by("printed_at", "receipt_id"),
            "zone": row.shop.zone,
        }
