"""What retention has removed of the journal, in the admin."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from shops.admin_base import FactAdmin, RelatedDropdownFilter, display, time_column
from shops.models import RetentionRun


@admin.register(RetentionRun)
class RetentionRunAdmin(FactAdmin):
    list_display = ("shown_month", "shop", "entries", "shown_size", "fragments", "is_whole", "shown_at")
    list_display_links = ("shown_month",)
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter),)
    fields = ("shown_month", "shop", "entries", "shown_size", "fragments", "is_whole", "shown_at", "digest")
    readonly_fields = ("shown_month", "shown_size", "shown_at")

    shown_at = staticmethod(time_column("at", _("removed")))

    @display(description=_("month"), ordering="month")
    def shown_month(self, run: RetentionRun) -> str:
        return f"{run.month:%Y-%m}"

    @display(description=_("size"), ordering="size_bytes")
    def shown_size(self, run: RetentionRun) -> str:
        return filesizeformat(run.size_bytes)
