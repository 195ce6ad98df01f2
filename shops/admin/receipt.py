"""Receipts with their lines and deliveries."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
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
    store_column,
    time_column,
)
from shops.allocated import list_paid_bills, pays_no_bill, pays_some_bill, with_parts
from shops.models import Receipt
from shops.presentation import NOTHING, show_yes_or_no
from shops.wording import RECEIPT_TYPES, word_payment_source, word_receipt_type, word_settlement_method


class TypeFilter(DropdownFilter):
    title = _("type")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(RECEIPT_TYPES.items())

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(type=self.value()) if self.value() else queryset


class BillKnownFilter(DropdownFilter):
    title = _("bill")
    parameter_name = "bill_known"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("for a known bill")), ("no", _("without a known bill"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        return queryset.filter(pays_no_bill() if self.value() == "no" else pays_some_bill())


@admin.register(Receipt)
class ReceiptAdmin(FactAdmin):
    change_form_template = "admin/shops/receipt/change_form.html"
    list_display = (
        "shown_printed_at",
        "shop",
        "shown_type",
        "paid_bills",
        "customer_name",
        "shown_payment_source",
        "shown_total",
        "shown_received_at",
    )
    list_filter = (
        ("shop", RelatedDropdownFilter),
        TypeFilter,
        ("printed_at", DayRangeFilter),
        ("total", RangeNumericFilter),
        BillKnownFilter,
        "informational",
    )
    search_fields = ("receipt_id", "bill_external_id", "bill_number", "customer_name", "customer_taxpayer_number")
    search_help_text = _("Receipt id, bill number or id, customer")
    readonly_fields = (
        "shown_store",
        "paid_bills",
        "is_informational",
        "was_content_modified",
        "shown_printed_at",
        "shown_received_at",
        "shown_bill_issued_at",
        "shown_type",
        "shown_payment_source",
        "shown_settlement_method",
        "shown_total",
        "shown_tax",
        "shown_discount",
        "shown_prepayment",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "shown_type",
                    "shown_total",
                    "paid_bills",
                    "shown_tax",
                    "shown_discount",
                    "shown_payment_source",
                    "shown_settlement_method",
                    "is_informational",
                    "shown_printed_at",
                    "shown_received_at",
                    "shop",
                    "shown_store",
                    "terminal",
                    "employee",
                    "shift",
                    "user_id",
                    "receipt_id",
                )
            },
        ),
        (
            _("The bill, as the receipt names it"),
            {
                "fields": (
                    "bill",
                    "bill_number",
                    "bill_external_id",
                    "shown_bill_issued_at",
                    "customer_name",
                    "customer_taxpayer_number",
                    "shown_prepayment",
                    "was_content_modified",
                )
            },
        ),
    )

    shown_store = staticmethod(store_column)
    shown_printed_at = staticmethod(time_column("printed_at", _("printed at")))
    shown_received_at = staticmethod(time_column("received_at", _("received at")))
    shown_bill_issued_at = staticmethod(time_column("bill_issued_at", _("bill date on the receipt")))
    shown_total = staticmethod(amount_column("total", _("total")))
    shown_tax = staticmethod(amount_column("tax", _("VAT")))
    shown_discount = staticmethod(amount_column("discount", _("discount")))
    shown_prepayment = staticmethod(amount_column("prepayment", _("prepayment on the receipt")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        return with_parts(super().get_queryset(request)).select_related("shop", "store", "terminal", "employee", "bill")

    @display(description=_("pays"), ordering="bill")
    def paid_bills(self, receipt: Receipt) -> str:
        return ", ".join(str(bill) for bill in list_paid_bills(receipt)) or NOTHING

    @display(description=_("informational"))
    def is_informational(self, receipt: Receipt) -> str:
        return show_yes_or_no(receipt.informational)

    @display(description=_("contents changed at the register"))
    def was_content_modified(self, receipt: Receipt) -> str:
        return show_yes_or_no(receipt.content_modified)

    @display(description=_("type"), ordering="type")
    def shown_type(self, receipt: Receipt) -> str:
        return word_receipt_type(receipt.type)

    @display(description=_("payment"), ordering="payment_source")
    def shown_payment_source(self, receipt: Receipt) -> str:
        return word_payment_source(receipt.payment_source)

    @display(description=_("settlement method"), ordering="settlement_method")
    def shown_settlement_method(self, receipt: Receipt) -> str:
        return word_settlement_method(receipt.settlement_method)

    def describe(self, request: HttpRequest, row: Receipt) -> dict[str, Any]:
        return {
            "lines": row.lines.order_by("position"),
            "deliveries": row.deliveries.select_related("event__answer"),
            "zone": row.shop.zone,
        }
