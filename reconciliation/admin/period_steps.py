"""Closing a month in the admin, acknowledging what stays open in it, and opening it again. `periods` does it."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext

from reconciliation import months, periods
from reconciliation.decision_forms import CommentForm, RequiredCommentForm
from reconciliation.explanations import explain
from reconciliation.models import Discrepancy, Period, PeriodEntry
from reconciliation.period_readiness import list_open
from reconciliation.period_tables import find_documents, list_rows, list_unbilled, show_month
from reconciliation.permissions import (
    CLOSE_PERIOD_PERMISSION,
    REOPEN_PERIOD_PERMISSION,
    VIEW_PERIOD_PERMISSION,
    WORK_PERMISSION,
)
from shops.models import Shop, UnassignedMessage
from shops.visibility import only_permitted, scope_of

OPEN_SHOWN = 200
LATE_SHOWN = 200


class PeriodStepsMixin:
    """Put it before the admin class of Period."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        month = "next/<int:shop_number>/<str:month>/"
        views = (
            (month, self.preview_view, "preview"),
            (f"{month}close/", self.close_view, "close"),
            (f"{month}acknowledge/<int:discrepancy_id>/", self.acknowledge_view, "acknowledge"),
            ("<int:period_id>/reopen/", self.reopen_view, "reopen"),
        )
        ours = [
            path(route, self.admin_site.admin_view(view), name=f"reconciliation_period_{name}")
            for route, view, name in views
        ]
        return [*ours, *super().get_urls()]  # type: ignore[misc]

    # --- a month that is to be closed ---

    def preview_view(self, request: HttpRequest, shop_number: int, month: str) -> HttpResponse:
        """The protocol as it would be, what is open, and what keeps the month from being closed. Changes nothing."""
        shop, first_day = self._find_month(request, shop_number, month)
        try:
            preview = periods.preview_closing(shop=shop, month=first_day, now=timezone.now())
        except periods.ClosingRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(reverse("admin:reconciliation_period_changelist"))
        context = self._month_context(request, shop, first_day) | {
            "rows": list_rows(preview.figures),
            "unbilled": list_unbilled(preview.figures),
            "figures": preview.figures,
            "may_acknowledge": request.user.has_perm(WORK_PERMISSION, shop),
            "months_to_close": list_first_months(shop) if preview.span.is_first else [],
        }
        late = [entry for entry in preview.entries if entry.part == PeriodEntry.Part.ADJUSTMENT]
        context |= {"adjustments": find_documents(late[:LATE_SHOWN]), "adjustments_count": len(late)}
        # Of messages without a shop it is asked in the form that closes the month.
        context |= {"obstacles": preview.obstacles, "waiting_messages": _name_messages(request, preview.messages)}
        return TemplateResponse(request, "admin/reconciliation/period/preview.html", context)

    def close_view(self, request: HttpRequest, shop_number: int, month: str) -> HttpResponse:
        """By POST: asks, and when it is confirmed closes the month."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        shop, first_day = self._find_month(request, shop_number, month)
        if not request.user.has_perm(CLOSE_PERIOD_PERMISSION, shop):
            raise PermissionDenied
        of_others = [int(key) for key in request.POST.getlist("messages_of_others") if key.isdecimal()]
        page = reverse("admin:reconciliation_period_preview", args=[shop.pk, month])
        now = timezone.now()
        try:
            if "confirmed" not in request.POST:
                return self._ask_to_close(request, shop, first_day, of_others)
            period = periods.close_period(
                shop=shop, month=first_day, actor=_actor(request), now=now, messages_of_others=of_others
            )
        except periods.ClosingRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(page)
        self.log_change(request, period, gettext("The month was closed."))  # type: ignore[attr-defined]
        messages.success(request, gettext("%(month)s is closed.") % {"month": show_month(first_day)})
        return HttpResponseRedirect(reverse("admin:reconciliation_period_change", args=[period.pk]))

    def _ask_to_close(self, request: HttpRequest, shop: Shop, month: date, of_others: list[int]) -> HttpResponse:
        preview = periods.preview_closing(shop=shop, month=month, now=timezone.now())
        if obstacles := preview.list_obstacles(of_others):
            raise periods.ClosingRefused(" ".join(map(str, obstacles)))
        context = self._month_context(request, shop, month) | {
            "title": gettext("Close %(month)s?") % {"month": show_month(month)},
            "figures": preview.figures,
            "messages_of_others": of_others,
        }
        return TemplateResponse(request, "admin/reconciliation/period/close.html", context)

    def acknowledge_view(self, request: HttpRequest, shop_number: int, month: str, discrepancy_id: int) -> HttpResponse:
        """By POST: this person has seen that the discrepancy stays open when the month is closed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        shop, first_day = self._find_month(request, shop_number, month)
        if not request.user.has_perm(WORK_PERMISSION, shop):
            raise PermissionDenied
        row = get_object_or_404(Discrepancy.objects.select_related("case__shop"), pk=discrepancy_id, case__shop=shop)
        form = CommentForm(request.POST, prefix="acknowledge")
        comment = form.cleaned_data["comment"] if form.is_valid() else ""
        try:
            periods.acknowledge(
                discrepancy=row, month=first_day, actor=_actor(request), now=timezone.now(), comment=comment
            )
        except periods.ClosingRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, gettext("Acknowledged: %(row)s.") % {"row": row})
        page = reverse("admin:reconciliation_period_preview", args=[shop.pk, month])
        return HttpResponseRedirect(f"{page}#left-open")

    def _month_context(self, request: HttpRequest, shop: Shop, month: date) -> dict[str, Any]:
        left_open = list_open(shop, month)
        rows = list(left_open[:OPEN_SHOWN])
        count, unseen = len(rows), sum(not row.acknowledged for row in rows)
        if count == OPEN_SHOWN:
            count, unseen = left_open.count(), left_open.filter(acknowledged=False).count()
        context: dict[str, Any] = self.admin_site.each_context(request)
        return context | {
            "title": f"{shop} · {show_month(month)}",
            "opts": self.opts,
            "shop": shop,
            "zone": shop.zone,
            "month": months.format_month(month),
            "month_name": show_month(month),
            "left_open": [(row, explain(row)) for row in rows],
            "open_count": count,
            "unseen_count": unseen,
            "may_close": request.user.has_perm(CLOSE_PERIOD_PERMISSION, shop),
        }

    def _find_month(self, request: HttpRequest, shop_number: int, month: str) -> tuple[Shop, date]:
        """The shop and the month of an address, for who may see closed months."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        try:
            first_day = months.parse_month(month)
        except ValueError:
            raise Http404 from None
        shops = only_permitted(Shop.objects.all(), request.user, VIEW_PERIOD_PERMISSION)
        return get_object_or_404(shops, pk=shop_number), first_day

    # --- a month that is closed ---

    def reopen_view(self, request: HttpRequest, period_id: int) -> HttpResponse:
        """By POST: asks why, and opens the month again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        period = self.find_period(request, period_id)
        if not request.user.has_perm(REOPEN_PERIOD_PERMISSION, period):
            raise PermissionDenied
        form = RequiredCommentForm(request.POST if "confirmed" in request.POST else None, prefix="reopen")
        if not form.is_valid():
            context = self.admin_site.each_context(request) | {
                "title": gettext("Open %(month)s again?") % {"month": show_month(period.month)},
                "opts": self.opts,
                "period": period,
                "form": form,
            }
            return TemplateResponse(request, "admin/reconciliation/period/reopen.html", context)
        page = HttpResponseRedirect(reverse("admin:reconciliation_period_change", args=[period.pk]))
        try:
            periods.reopen_period(
                period=period, actor=_actor(request), now=timezone.now(), comment=form.cleaned_data["comment"]
            )
        except periods.ClosingRefused as refusal:
            messages.error(request, str(refusal))
            return page
        self.log_change(request, period, gettext("The month was opened again."))  # type: ignore[attr-defined]
        messages.success(request, gettext("%(month)s is open again.") % {"month": show_month(period.month)})
        return page

    def find_period(self, request: HttpRequest, period_id: int) -> Period:
        """The closed month of an address, for who may see it."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("shop", "closed_by", "reopened_by")  # type: ignore[attr-defined]
        period: Period = get_object_or_404(rows, pk=period_id)
        return period


def _name_messages(request: HttpRequest, messages_: list[UnassignedMessage]) -> list[tuple[UnassignedMessage, str]]:
    """Each with what it is called. Whose it is nobody knows: what it says is for who sees every shop."""
    may_read = scope_of(request.user, "shops.view_unassignedmessage").every_shop
    return [
        (message, str(message) if may_read else gettext("message %(number)d") % {"number": message.pk})
        for message in messages_
    ]


def list_first_months(shop: Shop) -> list[tuple[str, str]]:
    """The months of which the first to be closed is chosen: as an address has each, and its name."""
    offered = periods.list_months_to_close(shop, now=timezone.now())
    return [(months.format_month(month), show_month(month)) for month in offered]


def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
