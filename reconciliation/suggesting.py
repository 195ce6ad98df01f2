"""Likely bills for a receipt and likely receipts for a bill: a bounded number of candidates, ranked by the rules.

What is looked at are the rows with the same sum, those with a number like it, and those near in time. Read-only.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reconciliation.models import Case
from reconciliation.rules.suggestions import Candidate, Reason, Why, bare_number, find_reasons, suggest
from shops import models
from shops.allocated import PAYS_BY_ITSELF
from shops.bill_values import load_bare_receipts, load_bills
from shops.money import ZERO
from shops.payment.values import Bill, Receipt

SUGGESTIONS_SHOWN = 10
FOUND_SHOWN = 20
CANDIDATES_LIMIT = 120  # of each of the two questions
NEAR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SuggestedBill:
    """A bill, and why it might be the one that the receipt pays."""

    bill: models.Bill
    why: str
    is_paid: bool


@dataclass(frozen=True, slots=True)
class SuggestedReceipt:
    receipt: models.Receipt
    why: str


def suggest_bills(receipt: models.Receipt, *, except_for: Collection[int]) -> list[SuggestedBill]:
    """The likeliest bills for a receipt (a row with its shop and store), but those that it pays already."""
    of_shop = models.Bill.objects.filter(shop=receipt.shop_id, cancelled_at=None).exclude(pk__in=except_for)
    keys = {*_find_by_sum_or_number(of_shop, receipt), *_find_near(of_shop, receipt.printed_at or receipt.received_at)}
    rows = _load_bill_rows(of_shop.filter(pk__in=keys))
    ((_row, value),) = load_bare_receipts([receipt])
    chosen = suggest(_pair_with_bills(rows, value), limit=SUGGESTIONS_SHOWN)
    by_key = {bill.pk: bill for bill in rows}
    return [SuggestedBill(by_key[item.key], show_reasons(item.reasons), item.is_paid) for item in chosen]


def find_bills(receipt: models.Receipt, text: str, *, except_for: Collection[int]) -> list[SuggestedBill]:
    """The bills of the receipt's shop whose number, id or customer begins like a text."""
    found = Q(number__istartswith=text) | Q(external_id__istartswith=text) | Q(customer_name__istartswith=text)
    of_shop = models.Bill.objects.filter(found, shop=receipt.shop_id).exclude(pk__in=except_for)
    rows = _load_bill_rows(of_shop.order_by("-issued_at", "-pk")[:FOUND_SHOWN])
    ((_row, value),) = load_bare_receipts([receipt])
    pairs = {pair.key: pair for pair in _pair_with_bills(rows, value)}
    return [SuggestedBill(bill, show_reasons(find_reasons(pairs[bill.pk])), pairs[bill.pk].is_paid) for bill in rows]


def suggest_receipts(bill: models.Bill) -> list[SuggestedReceipt]:
    """The likeliest receipts for a bill (a row with its shop and case), of those that pay none."""
    (value,) = load_bills([bill]).values()
    received, _is_paid = _standing(bill)
    rows = models.Receipt.objects.filter(PAYS_BY_ITSELF, shop=bill.shop_id, bill=None)
    numbers = {bare_number(bill.number), bare_number(bill.external_id)} - {""}
    alike = Q(total__in={bill.due, bill.total, bill.due - received})
    for number in numbers:
        alike |= Q(bill_number__startswith=number[:-1]) | Q(bill_external_id__startswith=number[:-1])
    keys = set(rows.filter(alike).order_by("-printed_at").values_list("pk", flat=True)[:CANDIDATES_LIMIT])
    began = value.opened_at or bill.issued_at
    if began is not None:
        near = rows.filter(printed_at__range=(began - NEAR, began + NEAR)).order_by("printed_at")
        keys |= set(near.values_list("pk", flat=True)[:CANDIDATES_LIMIT])
    loaded = _load_receipt_rows(models.Receipt.objects.filter(pk__in=keys))
    pairs = [Candidate(row.pk, value, receipt, received) for row, receipt in loaded]
    by_key = {row.pk: row for row, _receipt in loaded}
    chosen = suggest(pairs, limit=SUGGESTIONS_SHOWN)
    return [SuggestedReceipt(by_key[item.key], show_reasons(item.reasons)) for item in chosen]


def find_receipts(bill: models.Bill, text: str, *, except_for: Collection[int]) -> list[SuggestedReceipt]:
    """The receipts of the bill's shop whose id, or what they say of a bill or customer, begins like a text."""
    found = Q(receipt_id__istartswith=text) | Q(bill_number__istartswith=text)
    found |= Q(bill_external_id__istartswith=text) | Q(customer_name__istartswith=text)
    rows = models.Receipt.objects.filter(found, shop=bill.shop_id).exclude(pk__in=except_for)
    loaded = _load_receipt_rows(rows.order_by("-printed_at", "-pk")[:FOUND_SHOWN])
    (value,) = load_bills([bill]).values()
    received, is_paid = _standing(bill)
    return [
        SuggestedReceipt(row, show_reasons(find_reasons(Candidate(row.pk, value, receipt, received, is_paid))))
        for row, receipt in loaded
    ]


def show_reasons(reasons: Sequence[Reason]) -> str:
    """`same sum; 2 of 2 lines; 4 minutes after the bill was opened`"""
    return "; ".join(_show(reason) for reason in reasons)


def _show(reason: Reason) -> str:
    if reason.why == Why.LINES:
        text = ngettext("%(matching)d of %(lines)d line", "%(matching)d of %(lines)d lines", reason.lines)
        return text % {"matching": reason.matching, "lines": reason.lines}
    moment = datetime(2000, 1, 1)
    apart = {"time": timesince(moment - reason.apart, moment, depth=1)}
    return {
        Why.SAME_SUM: _("same sum"),
        Why.SAME_REMAINDER: _("same sum as remains to be paid"),
        Why.SAME_CUSTOMER: _("same customer"),
        Why.SAME_TAXPAYER: _("same taxpayer number"),
        Why.SAME_NUMBER: _("the number on the receipt"),
        Why.SIMILAR_NUMBER: _("a number like that on the receipt"),
        Why.AFTER_OPENING: _("%(time)s after the bill was opened") % apart,
        Why.NEAR_IN_TIME: _("%(time)s apart") % apart,
    }[reason.why]


# --- candidates ----------------------------------------------------------------------------------------------


def _find_by_sum_or_number(bills: QuerySet[models.Bill], receipt: models.Receipt) -> list[int]:
    alike = Q(total=receipt.total) | Q(offered_total=receipt.total)
    for number in {bare_number(receipt.bill_number), bare_number(receipt.bill_external_id)} - {""}:
        # All but the last figure: what is typed wrongly is mostly near the end, and an index finds it.
        alike |= Q(number__startswith=number[:-1] or number) | Q(external_id__startswith=number[:-1] or number)
    return list(bills.filter(alike).order_by("-issued_at").values_list("pk", flat=True)[:CANDIDATES_LIMIT])


def _find_near(bills: QuerySet[models.Bill], moment: datetime) -> list[int]:
    near = bills.filter(on_offer=True, issued_at__range=(moment - NEAR, moment + timedelta(days=1)))
    return list(near.order_by("-issued_at").values_list("pk", flat=True)[:CANDIDATES_LIMIT])


def _load_bill_rows(bills: QuerySet[models.Bill]) -> list[models.Bill]:
    return list(bills.select_related("shop", "case", "listed_by", "opened_by"))


def _load_receipt_rows(receipts: QuerySet[models.Receipt]) -> list[tuple[models.Receipt, Receipt]]:
    return load_bare_receipts(receipts.select_related("shop", "store", "terminal"))


def _standing(bill: models.Bill) -> tuple[Decimal, bool]:
    """What the bill has received, and whether it is paid in full, as it was last judged."""
    case: Case | None = getattr(bill, "case", None)
    return (case.received or ZERO, case.fully_paid) if case else (ZERO, False)


def _pair_with_bills(rows: Sequence[models.Bill], receipt: Receipt) -> list[Candidate]:
    bills: dict[int, Bill] = load_bills(rows)
    return [Candidate(row.pk, bills[row.pk], receipt, *_standing(row)) for row in rows]
