"""The catalogue."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shops.admin_base import (
    DayRangeFilter,
    FactAdmin,
    RangeNumericFilter,
    RelatedDropdownFilter,
    amount_column,
    time_column,
)
from shops.models import Product


@admin.register(Product)
class ProductAdmin(FactAdmin):
    list_display = ("name", "external_id", "shop", "unit", "tax_rate", "shown_price", "shown_last_seen_at")
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter), ("price", RangeNumericFilter), ("last_seen_at", DayRangeFilter))
    search_fields = ("external_id", "name")
    fields = ("name", "external_id", "shop", "unit", "tax_rate", "shown_price", "shown_last_seen_at")
    readonly_fields = ("shown_price", "shown_last_seen_at")

    shown_price = staticmethod(amount_column("price", _("last price")))
    shown_last_seen_at = staticmethod(time_column("last_seen_at", _("last seen")))
