"""Closed months in the admin: the list with what comes next for each shop, and the page of a month."""

import io
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation import months
from reconciliation.admin.period_steps import PeriodStepsMixin
from reconciliation.models import Discrepancy, Period, PeriodEntry, Status
from reconciliation.period_protocol import read_figures
from reconciliation.period_tables import find_documents, list_rows, list_unbilled, show_month
from reconciliation.period_workbook import write_period
from reconciliation.periods import find_last_closed
from reconciliation.permissions import REOPEN_PERIOD_PERMISSION, VIEW_PERIOD_PERMISSION
from shops.admin_base import (
    DropdownFilter,
    FactAdmin,
    RelatedDropdownFilter,
    display,
    time_column,
)
from shops.models import Shop
from shops.presentation import show_amount, show_signed_amount
from shops.spreadsheets import TooManyRows
from shops.visibility import only_within, scope_of

ADJUSTMENTS_SHOWN = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StandingFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("closed", _("closed")), ("reopened", _("opened again"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Period]) -> QuerySet[Period]:
        if self.value() not in ("closed", "reopened"):
            return queryset
        return queryset.filter(reopened_at__isnull=self.value() == "closed")


@admin.register(Period)
class PeriodAdmin(PeriodStepsMixin, FactAdmin):
    change_form_template = "admin/reconciliation/period/change_form.html"
    list_before_template = "admin/reconciliation/period/next.html"
    list_display = (
        "shown_month",
        "shop",
        "shown_opening_total",
        "shown_adjustments_total",
        "shown_closing_total",
        "left_open",
        "shown_standing",
        "shown_closed_at",
        "closed_by",
    )
    list_display_links = ("shown_month",)
    list_select_related = ("shop", "closed_by", "reopened_by")
    list_filter = (("shop", RelatedDropdownFilter), StandingFilter)
    search_fields = ("shop__name",)
    search_help_text = _("Name of the shop")

    shown_closed_at = staticmethod(time_column("closed_at", _("closed")))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Period]:
        periods: QuerySet[Period] = super().get_queryset(request)
        return periods.annotate(open_count=Count("acknowledgements", distinct=True))

    @display(description=_("month"), ordering="month")
    def shown_month(self, period: Period) -> str:
        return show_month(period.month)

    @display(description=_("opening balance"))
    def shown_opening_total(self, period: Period) -> str:
        return show_amount(read_figures(period.protocol).opening)

    @display(description=_("adjustments"))
    def shown_adjustments_total(self, period: Period) -> str:
        return show_signed_amount(read_figures(period.protocol).adjustments)

    @display(description=_("closing balance"))
    def shown_closing_total(self, period: Period) -> str:
        return show_amount(read_figures(period.protocol).closing)

    @display(description=_("left open"), ordering="open_count")
    def left_open(self, period: Period) -> int:
        count: int = period.open_count  # type: ignore[attr-defined]
        return count

    @display(description=_("state"), ordering="reopened_at")
    def shown_standing(self, period: Period) -> str:
        return show_standing(period)

    def get_urls(self) -> list[URLPattern]:
        download = path(
            "<int:period_id>/protocol.xlsx",
            self.admin_site.admin_view(self.download_view),
            name="reconciliation_period_download",
        )
        return [download, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, (extra_context or {}) | {"next_months": list_next_months(request)})

    def download_view(self, request: HttpRequest, period_id: int) -> HttpResponse:
        """The protocol and all that was counted, for a spreadsheet program."""
        period = self.find_period(request, period_id)
        file = io.BytesIO()
        try:
            write_period(file, period)
        except TooManyRows as refusal:
            raise Http404(str(refusal)) from None
        name = f"protocol-{period.shop_id}-{months.format_month(period.month)}.xlsx"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(file.getvalue(), content_type=XLSX, headers=headers)

    def describe(self, request: HttpRequest, row: Period) -> dict[str, Any]:
        figures = read_figures(row.protocol)
        late = row.entries.filter(part=PeriodEntry.Part.ADJUSTMENT)
        is_last = row.is_active and find_last_closed(row.shop) == row
        return {
            "title": f"{row.shop} · {show_month(row.month)}",
            "period": row,
            "month_name": show_month(row.month),
            "standing": show_standing(row),
            "zone": row.shop.zone,
            "figures": figures,
            "rows": list_rows(figures),
            "unbilled": list_unbilled(figures),
            "adjustments": find_documents(list(late[:ADJUSTMENTS_SHOWN])),
            "adjustments_count": late.count(),
            "seen": row.acknowledgements.select_related(
                "by", "discrepancy__case__bill", "discrepancy__case__receipt", "discrepancy__case__event"
            ),
            "others": Period.objects.filter(shop=row.shop, month=row.month)
            .exclude(pk=row.pk)
            .select_related("closed_by", "reopened_by"),
            "may_reopen": is_last and request.user.has_perm(REOPEN_PERIOD_PERMISSION, row),
        }


def show_standing(period: Period) -> str:
    css_class, word = ("flag-good", _("closed")) if period.is_active else ("flag-warn", _("opened again"))
    return format_html('<span class="flag {}">{}</span>', css_class, word)


def list_next_months(request: HttpRequest) -> list[dict[str, Any]]:
    """Each shop that the person sees with the month to be closed next, and how many discrepancies are open."""
    now = timezone.now()
    last: dict[int, Period] = {}
    scope = scope_of(request.user, VIEW_PERIOD_PERMISSION)
    for period in only_within(Period.objects.filter(reopened_at=None).order_by("month"), scope):
        last[period.shop_id] = period
    unresolved = only_within(Discrepancy.objects.exclude(status=Status.RESOLVED), scope).order_by().values_list("shop")
    counts = dict(unresolved.annotate(count=Count("pk")))
    shops = only_within(Shop.objects.all(), scope).filter(Q(bills__isnull=False) | Q(receipts__isnull=False)).distinct()
    return [_describe_next(shop, last.get(shop.pk), counts.get(shop.pk, 0), now) for shop in shops]


def _describe_next(shop: Shop, last: Period | None, open_count: int, now: Any) -> dict[str, Any]:
    ended = months.last_ended(now, shop)
    month = months.following(last.month) if last else ended
    return {
        "shop": shop,
        "month": months.format_month(month),
        "name": show_month(month),
        "is_over": month <= ended,
        "last": show_month(last.month) if last else gettext("none yet"),
        "open_count": open_count,
    }
