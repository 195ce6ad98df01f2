"""Matching by hand in the admin: a receipt is linked to a bill, taken off one, or split over several.

Every change is confirmed on a page that says what would come of it. `reconciliation.linking` does what is decided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reconciliation import linking
from reconciliation.admin.splitting import SplitTable, propose
from reconciliation.decision_forms import CommentForm
from reconciliation.models import Discrepancy
from reconciliation.permissions import LINK_PERMISSION
from reconciliation.previewing import preview
from reconciliation.rules.kinds import Kind
from reconciliation.suggesting import find_bills, find_receipts, suggest_bills, suggest_receipts
from shops.allocated import list_paid_bills, list_parts, pays, read_current_id, with_parts
from shops.allocations import AllocationRefused, Part, check_parts, read_known_parts, take_off
from shops.models import Bill, Receipt

# What another bill, or another receipt, may be the answer to.
LINKABLE = frozenset(
    {
        Kind.NO_BILL,
        Kind.UNKNOWN_BILL,
        Kind.REFERENCE_MISMATCH,
        Kind.DUPLICATE_RECEIPT,
        Kind.PARTIAL_RECEIPT,
        Kind.OPENED_NOT_PAID,
        Kind.UNEXPECTED_ITEM,
        Kind.SUM_MISMATCH,
    }
)
SPLIT_BILLS_LIMIT = 8
TEMPLATES = "admin/reconciliation/linking"


@dataclass(frozen=True, slots=True)
class Intention:
    """What somebody is about to decide about a receipt, in words, and what it would pay afterwards."""

    title: str
    button: str
    done: str
    after: Sequence[Part] | None
    act: Callable[..., object]


class LinkingPages:
    """What the pages have in common. Put one of its kinds before the admin class of the documents."""

    admin_site: Any
    opts: Any

    def has_link_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(LINK_PERMISSION, obj) and self.has_view_permission(request)  # type: ignore[attr-defined]

    def _find(self, request: HttpRequest, key: int, *related: str) -> Any:
        if not self.has_link_permission(request):
            raise PermissionDenied
        rows: QuerySet[Any] = self.get_queryset(request)  # type: ignore[attr-defined]
        row = rows.filter(pk=key).select_related(*related).first()
        if row is None:
            raise Http404
        if not self.has_link_permission(request, row):
            raise PermissionDenied
        return row

    def _show(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> TemplateResponse:
        shared = self.admin_site.each_context(request) | {"title": title, "opts": self.opts}
        back = _address_of_origin(request) or context["own_page"]
        shared |= {"back": back, "origin": read_origin(request)}
        return TemplateResponse(request, f"{TEMPLATES}/{template}.html", shared | context)

    def describe_linking(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of a document needs for its button; nothing without the permission."""
        if not self.has_link_permission(request, row):
            return {}
        return {"link_address": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_link", args=[row.pk])}


class ReceiptLinkingMixin(LinkingPages):
    """Which bills a receipt pays. Put it before the admin class of Receipt."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:receipt_id>/link/", wrap(self.choose_bill_view), name="shops_receipt_link"),
            path("<int:receipt_id>/link/<int:bill_id>/", wrap(self.link_view), name="shops_receipt_link_to"),
            path("<int:receipt_id>/unlink/<int:bill_id>/", wrap(self.unlink_view), name="shops_receipt_unlink"),
            path("<int:receipt_id>/split/", wrap(self.split_view), name="shops_receipt_split"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def choose_bill_view(self, request: HttpRequest, receipt_id: int) -> HttpResponse:
        """The bills that the receipt pays, those that it might, and any other by its number."""
        receipt = self._find_receipt(request, receipt_id)
        paid, sought = list_paid_bills(receipt), request.GET.get("q", "").strip()
        keys = [bill.pk for bill in paid]
        found = find_bills(receipt, sought, except_for=keys) if sought else suggest_bills(receipt, except_for=keys)
        context = {
            "own_page": reverse("admin:shops_receipt_change", args=[receipt.pk]),
            "receipt": receipt,
            "parts": list_parts(receipt),
            "sought": sought,
            "found": found,
            "zone": receipt.shop.zone,
        }
        return self._show(request, "choose_bill", _("Which bill does the receipt pay?"), context)

    def link_view(self, request: HttpRequest, receipt_id: int, bill_id: int) -> HttpResponse:
        receipt, bill = self._find_pair(request, receipt_id, bill_id)

        def act(**options: Any) -> object:
            return linking.link(receipt, bill, **options)

        intention = Intention(
            _("Link the receipt to bill %(bill)s") % {"bill": bill},
            _("Link"),
            _("The receipt is linked to bill %(bill)s.") % {"bill": bill},
            [Part(bill.pk, receipt.total)],
            act,
        )
        return self._confirm(request, receipt, intention)

    def unlink_view(self, request: HttpRequest, receipt_id: int, bill_id: int) -> HttpResponse:
        receipt, bill = self._find_pair(request, receipt_id, bill_id)
        try:
            after = take_off(receipt, read_known_parts(receipt), bill.pk)
        except AllocationRefused as refusal:
            return self._refuse(request, receipt, refusal)

        def act(**options: Any) -> object:
            return linking.unlink(receipt, bill, **options)

        intention = Intention(
            _("Take the receipt off bill %(bill)s") % {"bill": bill},
            _("Unlink"),
            _("The receipt is taken off bill %(bill)s.") % {"bill": bill},
            after,
            act,
        )
        return self._confirm(request, receipt, intention)

    def split_view(self, request: HttpRequest, receipt_id: int) -> HttpResponse:
        """The table of lines and bills; by POST first what would come of it, then the split itself."""
        receipt = self._find_receipt(request, receipt_id)
        bills = self._read_bills(request, receipt)
        prefetch_related_objects([receipt], "lines")
        lines = sorted(receipt.lines.all(), key=lambda line: line.position)
        is_posted = request.method == "POST"
        typed = dict(request.POST.items()) if is_posted else propose(lines, bills)
        table = SplitTable(receipt, lines, bills, {name: str(text) for name, text in typed.items()})
        parts = table.read_parts() if is_posted else None
        if parts is None:
            return self._show_split(request, table)

        def act(**options: Any) -> object:
            return linking.split(receipt, parts, **options)

        try:
            check_parts(receipt, parts)
        except AllocationRefused as refusal:
            table.faults.append(str(refusal))
            return self._show_split(request, table)
        intention = Intention(
            _("Split the receipt over several bills"), _("Split"), _("The receipt is split."), parts, act
        )
        kept = {name: text for name, text in table.typed.items() if name.startswith("part-")}
        return self._confirm(request, receipt, intention, kept=kept, is_first="confirmed" not in typed)

    def _show_split(self, request: HttpRequest, table: SplitTable) -> HttpResponse:
        context = {
            "own_page": reverse("admin:shops_receipt_change", args=[table.receipt.pk]),
            "receipt": table.receipt,
            "table": table,
            "zone": table.receipt.shop.zone,
        }
        return self._show(request, "split", _("Split the receipt over several bills"), context)

    def _confirm(
        self,
        request: HttpRequest,
        receipt: Receipt,
        intention: Intention,
        *,
        kept: dict[str, str] | None = None,
        is_first: bool = False,
    ) -> HttpResponse:
        """What would change, by GET (or `is_first`); the change itself by POST, with a message and back to the page."""
        is_decided = request.method == "POST" and not is_first
        form = CommentForm(request.POST if is_decided else None)
        if is_decided and form.is_valid():
            seen = request.POST.get("seen", "")
            options = {"comment": form.cleaned_data["comment"], "seen_id": int(seen) if seen.isdecimal() else 0}
            return self._act(request, receipt, intention, options)
        after = intention.after
        context = {
            "own_page": reverse("admin:shops_receipt_change", args=[receipt.pk]),
            "receipt": receipt,
            "changes": preview(receipt, read_known_parts(receipt), after, now=timezone.now()),
            "form": form,
            "seen": read_current_id(receipt),
            "kept": kept or {},
            "bill_keys": [part.bill_id for part in after or () if kept and part.bill_id is not None],
            "button": intention.button,
            "zone": receipt.shop.zone,
        }
        return self._show(request, "confirm", intention.title, context)

    def _act(
        self, request: HttpRequest, receipt: Receipt, intention: Intention, options: dict[str, Any]
    ) -> HttpResponse:
        try:
            intention.act(actor=request.user, now=timezone.now(), **options)
        except AllocationRefused as refusal:
            return self._refuse(request, receipt, refusal)
        self.log_change(request, receipt, intention.title)  # type: ignore[attr-defined]
        messages.success(request, intention.done)
        return HttpResponseRedirect(self._page_after(request, receipt))

    def _refuse(self, request: HttpRequest, receipt: Receipt, refusal: AllocationRefused) -> HttpResponse:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(self._page_after(request, receipt))

    def _page_after(self, request: HttpRequest, receipt: Receipt) -> str:
        return _address_of_origin(request) or reverse("admin:shops_receipt_change", args=[receipt.pk])

    def _find_receipt(self, request: HttpRequest, receipt_id: int) -> Receipt:
        receipt: Receipt = self._find(request, receipt_id, "shop", "store", "terminal")
        return receipt

    def _find_pair(self, request: HttpRequest, receipt_id: int, bill_id: int) -> tuple[Receipt, Bill]:
        """The receipt and a bill of its shop."""
        receipt = self._find_receipt(request, receipt_id)
        bill = Bill.objects.filter(pk=bill_id, shop=receipt.shop_id).first()
        if bill is None:
            raise Http404
        return receipt, bill

    def _read_bills(self, request: HttpRequest, receipt: Receipt) -> list[Bill]:
        """Those that were chosen, the one whose number was typed, and at first those that the receipt pays."""
        asked = request.POST if request.method == "POST" else request.GET
        keys = [int(text) for text in asked.getlist("bill") if text.isdecimal()]
        keys = keys or [bill.pk for bill in list_paid_bills(receipt)]
        rows = Bill.objects.filter(shop=receipt.shop_id).select_related("shop", "listed_by", "opened_by")
        number = asked.get("number", "").strip()
        if number:
            added = rows.filter(number=number).first() or rows.filter(external_id=number).first()
            if added is None:
                messages.error(request, _("The shop has no bill of the number %(number)s.") % {"number": number})
            else:
                keys.append(added.pk)
        order = {pk: place for place, pk in reversed(list(enumerate(keys)))}
        return sorted(rows.filter(pk__in=keys), key=lambda bill: order[bill.pk])[:SPLIT_BILLS_LIMIT]


class BillLinkingMixin(LinkingPages):
    """Which receipts pay a bill. Put it before the admin class of Bill."""

    def get_urls(self) -> list[URLPattern]:
        link = path("<int:bill_id>/link/", self.admin_site.admin_view(self.choose_receipt_view), name="shops_bill_link")
        return [link, *super().get_urls()]  # type: ignore[misc]

    def choose_receipt_view(self, request: HttpRequest, bill_id: int) -> HttpResponse:
        """The receipts that the bill has, those that might pay it, and any other by its id or its words."""
        bill: Bill = self._find(request, bill_id, "shop", "case", "listed_by", "opened_by")
        paying = list(with_parts(Receipt.objects.filter(pays([bill.pk]))).order_by("printed_at", "pk"))
        sought = request.GET.get("q", "").strip()
        keys = [receipt.pk for receipt in paying]
        found = find_receipts(bill, sought, except_for=keys) if sought else suggest_receipts(bill)
        context = {
            "own_page": reverse("admin:shops_bill_change", args=[bill.pk]),
            "bill": bill,
            "case": getattr(bill, "case", None),
            "paying": [
                (receipt, part) for receipt in paying for part in list_parts(receipt) if part.bill_id == bill.pk
            ],
            "sought": sought,
            "found": found,
            "zone": bill.shop.zone,
        }
        return self._show(request, "choose_receipt", _("Which receipts pay the bill?"), context)


class DiscrepancyLinkingMixin:
    """The way from a discrepancy to the page on which its documents are matched."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.link_view)
        link = path("<int:discrepancy_id>/link/", view, name="reconciliation_discrepancy_link")
        return [link, *super().get_urls()]  # type: ignore[misc]

    def link_view(self, request: HttpRequest, discrepancy_id: int) -> HttpResponse:
        if not request.user.has_perm(LINK_PERMISSION):
            raise PermissionDenied
        rows: QuerySet[Discrepancy] = self.get_queryset(request)  # type: ignore[attr-defined]
        row = rows.filter(pk=discrepancy_id).select_related("case").first()
        if row is None or not can_link(row):
            raise Http404
        if not request.user.has_perm(LINK_PERMISSION, row):
            raise PermissionDenied
        case = row.case
        page, key = ("bill", case.bill_id) if case.bill_id else ("receipt", case.receipt_id)
        address = reverse(f"admin:shops_{page}_link", args=[key])
        return HttpResponseRedirect(f"{address}?{urlencode({'from': row.pk})}")

    def describe_linking(self, request: HttpRequest, row: Discrepancy) -> dict[str, Any]:
        """What the page needs for its button; nothing without the permission, or where linking is no answer."""
        if not request.user.has_perm(LINK_PERMISSION, row) or not can_link(row):
            return {}
        return {"link_address": reverse("admin:reconciliation_discrepancy_link", args=[row.pk])}


def can_link(row: Discrepancy) -> bool:
    """Whether the difference may be one of which receipt pays which bill."""
    return row.kind in LINKABLE and row.case.event_id is None


def read_origin(request: HttpRequest) -> str:
    """The discrepancy from whose page the person came, if any."""
    origin = request.POST.get("from", "") or request.GET.get("from", "")
    return origin if origin.isdecimal() else ""


def _address_of_origin(request: HttpRequest) -> str:
    origin = read_origin(request)
    return reverse("admin:reconciliation_discrepancy_change", args=[origin]) if origin else ""
