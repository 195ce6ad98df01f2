"""Shops, which people add, and what stands in them, which is learned from the wire: names and limits are set."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shops.admin_base import ModelAdmin, RelatedDropdownFilter, amount_column, display, store_column
from shops.models import Employee, Shop, Store, Terminal
from shops.presentation import MINUS, NOTHING, show_duration


class LearnedAdmin(ModelAdmin):
    """What the program learns from messages: it can be named, not made or removed."""

    actions: Any = ()

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Shop)
class ShopAdmin(LearnedAdmin):
    list_display = (
        "number",
        "name",
        "time_zone",
        "after_partial",
        "shown_opened_not_paid_after",
        "shown_late_receipt_after",
    )
    list_display_links = ("number", "name")
    search_fields = ("number", "name")
    list_filter = ("after_partial",)
    readonly_fields = (
        "number",
        "shown_opened_not_paid_after",
        "shown_late_receipt_after",
        "shown_write_off_limit",
        "shown_alert_threshold",
    )
    fieldsets = (
        (None, {"fields": ("number", "name", "time_zone")}),
        (
            _("Limits"),
            {
                "fields": (
                    "after_partial",
                    "opened_not_paid_after",
                    "late_receipt_after",
                    "write_off_limit",
                    "alert_threshold",
                    "journal_retention_months",
                )
            },
        ),
        (_("Access"), {"fields": ("two_step_required",)}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("shops.add_shop")

    def get_readonly_fields(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """The number is the shop's for good: it stands in its journal."""
        return self.readonly_fields if obj else [name for name in self.readonly_fields if name != "number"]

    def get_fieldsets(self, request: HttpRequest, obj: Shop | None = None) -> Any:
        """Who may not change the limits reads them in words."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        limits = (
            "after_partial",
            "shown_opened_not_paid_after",
            "shown_late_receipt_after",
            "shown_write_off_limit",
            "shown_alert_threshold",
            "journal_retention_months",
        )
        return ((None, {"fields": ("number", "name", "time_zone", *limits, "two_step_required")}),)

    shown_write_off_limit = staticmethod(amount_column("write_off_limit", _("write-off limit")))
    shown_alert_threshold = staticmethod(amount_column("alert_threshold", _("tell at once of differences beyond")))

    @display(description=_("opened, not paid after"), ordering="opened_not_paid_after")
    def shown_opened_not_paid_after(self, shop: Shop) -> str:
        return show_duration(shop.opened_not_paid_after)

    @display(description=_("receipt is late after"), ordering="late_receipt_after")
    def shown_late_receipt_after(self, shop: Shop) -> str:
        return show_duration(shop.late_receipt_after)


class EvotorObjectAdmin(LearnedAdmin):
    list_display = ("evotor_id", "name", "evotor_name", "shop")
    list_display_links = ("evotor_id", "name")
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter),)
    search_fields = ("evotor_id", "name", "evotor_name")
    fields = ("evotor_id", "shop", "evotor_name", "name")
    readonly_fields = ("evotor_id", "shop", "evotor_name")


@admin.register(Store)
class StoreAdmin(EvotorObjectAdmin):
    pass


@admin.register(Terminal)
class TerminalAdmin(EvotorObjectAdmin):
    list_display = ("evotor_id", "name", "evotor_name", "shown_store", "shop")  # type: ignore[assignment]
    list_select_related = ("shop", "store")  # type: ignore[assignment]
    fields = ("evotor_id", "shop", "shown_store", "evotor_name", "shown_offset", "name")  # type: ignore[assignment]
    readonly_fields = ("evotor_id", "shop", "shown_store", "evotor_name", "shown_offset")  # type: ignore[assignment]

    shown_store = staticmethod(store_column)

    @display(description=_("its clock is ahead of UTC by"))
    def shown_offset(self, terminal: Terminal) -> str:
        offset = terminal.time_zone_offset
        if offset is None:
            return NOTHING
        return f"{MINUS if offset < timedelta(0) else ''}{show_duration(abs(offset))}"


@admin.register(Employee)
class EmployeeAdmin(EvotorObjectAdmin):
    pass
