"""Who may call. Keys are made and revoked by commands, which alone can show a new key: here they are only seen."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shops.admin_base import FactAdmin, RelatedDropdownFilter, display, time_column
from shops.models import ApiKey, EvotorAccount
from shops.presentation import show_time


@admin.register(ApiKey)
class ApiKeyAdmin(FactAdmin):
    list_display = (
        "beginning",
        "name",
        "shop",
        "role",
        "shown_created_at",
        "shown_expires_at",
        "shown_revoked_at",
        "shown_last_used_at",
    )
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter), "role")
    search_fields = ("beginning", "name")
    fields = list_display
    readonly_fields = ("shown_created_at", "shown_expires_at", "shown_revoked_at", "shown_last_used_at")

    shown_created_at = staticmethod(time_column("created_at", _("created")))
    shown_expires_at = staticmethod(time_column("expires_at", _("works until")))
    shown_revoked_at = staticmethod(time_column("revoked_at", _("revoked")))
    shown_last_used_at = staticmethod(time_column("last_used_at", _("last used")))


@admin.register(EvotorAccount)
class EvotorAccountAdmin(FactAdmin):
    """An account may wait for its shop, so times are in the site's own zone."""

    list_display = ("user_id", "shop", "shown_token_given_at", "shown_last_used_at")
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter),)
    search_fields = ("user_id",)
    fields = list_display
    readonly_fields = ("shown_token_given_at", "shown_last_used_at")

    @display(description=_("token given"), ordering="token_given_at")
    def shown_token_given_at(self, account: EvotorAccount) -> str:
        return show_time(account.token_given_at)

    @display(description=_("last used"), ordering="last_used_at")
    def shown_last_used_at(self, account: EvotorAccount) -> str:
        return show_time(account.last_used_at)
