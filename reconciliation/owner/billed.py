"""What was billed on some days: what is due of their bills, as closed months count it. Read-only.

A bill belongs to the day of its date. One that the CRM withdrew before the days ended, and nobody paid, is not billed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from reconciliation.owner.days import Comparison, Span
from reconciliation.owner.kept import Kept
from reconciliation.owner.numbering import number_rows
from reconciliation.owner.set_off import find_set_offs, sum_set_offs
from reconciliation.owner.times import within
from reconciliation.period_figures import BILL_DATE, BRINGS_MONEY
from shops.allocated import has_receipt
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Bill, Receipt, Shop
from shops.money import ZERO

DRAWN, BEFORE, SET_OFF = range(3)


@dataclass(frozen=True, slots=True)
class Billed:
    count: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: "Billed") -> "Billed":
        return Billed(self.count + other.count, self.amount + other.amount)


def find_billed(shop: Shop, span: Span) -> QuerySet[Bill]:
    """The bills of a time. Takes a query of its own for those without a date, which are few."""
    undated = list(_find_undated([shop.number], span).values_list("pk", flat=True))
    if not undated:
        return _find_dated([shop.number], [span], span.ends)
    dated = within("issued_at", [span])
    return Bill.objects.filter(dated & _stands([shop.number], [span], span.ends) | Q(pk__in=undated), shop=shop)


@dataclass(frozen=True, slots=True)
class BilledOnDays:
    """What was billed by day, in the time before, and which advances the receipts of the chosen days set off."""

    by_day: Mapping[date, Billed]
    before: Billed
    set_off: Decimal


def count_billed(shop: Shop, comparison: Comparison, drawn: Kept, before: Kept) -> BilledOnDays:
    """What was billed on the days that are drawn, and in the time before; one query."""
    queries = [
        sum_set_offs(find_set_offs(shop, comparison.span), place=SET_OFF),
        *_count(shop, drawn, DRAWN),
        *_count(shop, before, BEFORE),
    ]
    by_day: dict[date, Billed] = defaultdict(Billed, _read_kept(drawn))
    sums = {BEFORE: sum(_read_kept(before).values(), Billed()), SET_OFF: Billed()}
    for place, day, count, amount in queries[0].union(*queries[1:], all=True):
        billed = Billed(count, read_sum(amount))
        if place == DRAWN:
            by_day[day] += billed
        else:
            sums[place] += billed
    return BilledOnDays(dict(by_day), sums[BEFORE], sums[SET_OFF].amount)


def _count(shop: Shop, kept: Kept, place: int) -> Iterator[Any]:
    """What is not kept, by day: documents of other days, bills without a date, and those that were withdrawn."""
    on_day = TruncDate("issued_at", tzinfo=shop.zone)
    yield sum_bills(_find_dated([shop.number], kept.gaps, kept.whole.ends), on_day, place)
    if kept.times:
        withdrawn = Bill.objects.filter(within("issued_at", kept.times), shop=shop, cancelled_at__isnull=False)
        yield sum_bills(withdrawn.filter(Q(cancelled_at__gte=kept.whole.ends) | _is_paid()), on_day, place)
    undated = _find_undated([shop.number], kept.whole)
    yield sum_bills(undated, TruncDate("at", tzinfo=shop.zone), place)


def _read_kept(kept: Kept) -> dict[date, Billed]:
    return {day: Billed(held.bills, read_sum(held.billed_kopecks)) for day, held in kept.by_day.items()}


def count_billed_of_shops(spans: Mapping[Span, Sequence[int]]) -> dict[int, Billed]:
    """What each shop billed in its time; one query."""
    queries = [
        sum_bills(bills, F("shop"), place=0)
        for span, shops in spans.items()
        for bills in (_find_dated(shops, [span], span.ends), _find_undated(shops, span))
    ]
    found: dict[int, Billed] = defaultdict(Billed)
    for _, shop, count, amount in queries[0].union(*queries[1:], all=True):
        found[shop] += Billed(count, read_sum(amount))
    return dict(found)


def sum_due() -> Any:
    """What is due of bills, in kopecks. For `annotate` and `aggregate`."""
    return sum_kopecks(F("total") - F("prepayment"))


def sum_bills(bills: QuerySet[Bill], by: Any, place: int) -> Any:
    """Bills counted and added up in kopecks by `key`; with `place`."""
    sums = bills.order_by().values(key=by).annotate(bills=Count("*"), amount=sum_due())
    return number_rows(sums, place).values_list("place", "key", "bills", "amount")


def _find_dated(shops: Sequence[int], spans: Sequence[Span], ends: datetime) -> QuerySet[Bill]:
    bills = Bill.objects.filter(within("issued_at", spans), shop__in=shops)
    return bills.filter(_stands(shops, spans, ends))


def _find_undated(shops: Sequence[int], span: Span) -> QuerySet[Bill]:
    """Bills without a date belong to the day on which they first were heard of."""
    bills = Bill.objects.filter(shop__in=shops, issued_at=None).alias(at=BILL_DATE)
    return bills.filter(_stands(shops, [span], span.ends) & within("at", [span]))


def _stands(shops: Sequence[int], spans: Sequence[Span], ends: datetime) -> Q:
    """Not withdrawn when the days ended, or paid all the same.

    Those that were withdrawn are looked at by themselves: asked of every bill, PostgreSQL would read every receipt.
    """
    of_spans = Q(issued_at=None) | within("issued_at", spans)
    withdrawn = Bill.objects.filter(of_spans, shop__in=shops, cancelled_at__lt=ends)
    paid = withdrawn.filter(_is_paid()).order_by().values("pk")
    return Q(cancelled_at=None) | Q(cancelled_at__gte=ends) | Q(pk__in=paid)


def _is_paid() -> Q:
    return Q(has_receipt(Receipt.objects.filter(BRINGS_MONEY)))
