"""The places that differences are written off to: made and named here, and never taken away once they are used."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from reconciliation.models import DiscrepancyStep, WriteOffAccount
from shops.admin_base import ModelAdmin, RelatedDropdownFilter


@admin.register(WriteOffAccount)
class WriteOffAccountAdmin(ModelAdmin):
    actions = ()
    list_display = ("name", "code", "shop", "is_active")
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter), "is_active")
    search_fields = ("code", "name")
    fields = ("shop", "code", "name", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: WriteOffAccount | None = None) -> Any:
        """What one shop has written off to it stays that shop's."""
        return ("shop",) if obj is not None and is_used(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """One that is used stands in the history; it is taken out of use instead."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (isinstance(obj, WriteOffAccount) and is_used(obj))


def is_used(account: WriteOffAccount) -> bool:
    """Whether any step of any history names it."""
    return DiscrepancyStep.objects.filter(write_off_account=account).exists()
