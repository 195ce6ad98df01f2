"""Shifts of cash registers: what was declared, beside the receipts that came."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shops.admin_base import DayRangeFilter, FactAdmin, RelatedDropdownFilter, amount_column, store_column, time_column
from shops.models import Shift
from shops.shifts import describe_shift


@admin.register(Shift)
class ShiftAdmin(FactAdmin):
    change_form_template = "admin/shops/shift/change_form.html"
    list_display = ("key", "shop", "terminal", "shown_opened_at", "shown_closed_at", "shown_declared_revenue")
    list_select_related = ("shop", "terminal")
    list_filter = (("shop", RelatedDropdownFilter), ("closed_at", DayRangeFilter))
    search_fields = ("key", "session_id", "terminal__name", "terminal__evotor_name")
    search_help_text = _("Shift, terminal")
    fields = (
        "key",
        "shop",
        "shown_store",
        "terminal",
        "shown_opened_at",
        "shown_closed_at",
        "shown_closing_revenue",
        "shown_report_revenue",
        "session_id",
    )
    readonly_fields = (
        "shown_store",
        "shown_opened_at",
        "shown_closed_at",
        "shown_closing_revenue",
        "shown_report_revenue",
    )

    shown_store = staticmethod(store_column)
    shown_opened_at = staticmethod(time_column("opened_at", _("opened at")))
    shown_closed_at = staticmethod(time_column("closed_at", _("closed at")))
    shown_closing_revenue = staticmethod(amount_column("closing_revenue", _("revenue by the closing of the shift")))
    shown_report_revenue = staticmethod(amount_column("report_revenue", _("revenue by the Z-report")))
    shown_declared_revenue = staticmethod(amount_column("declared_revenue", _("declared")))

    def describe(self, request: HttpRequest, row: Shift) -> dict[str, Any]:
        return {"shift": describe_shift(row), "zone": row.shop.zone}
