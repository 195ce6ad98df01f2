"""What was billed on some days: what is due of their bills, as closed months count it. Read-only.

A bill belongs to the day of its date. One that the CRM withdrew before the days ended, and nobody paid, is not billed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from reconciliation.owner.days import Span
from reconciliation.owner.numbering import number_rows
from reconciliation.owner.set_off import find_set_offs, sum_set_offs
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
        return _find_dated([shop.number], span)
    dated = Q(issued_at__gte=span.begins, issued_at__lt=span.ends)
    return Bill.objects.filter(dated & _stands([shop.number], span) | Q(pk__in=undated), shop=shop)


@dataclass(frozen=True, slots=True)
class BilledOnDays:
    """What was billed by day, in the time before, and which advances the receipts of the chosen days set off."""

    by_day: Mapping[date, Billed]
    before: Billed
    set_off: Decimal


def count_billed(shop: Shop, drawn: Span, chosen: Span, before: Span) -> BilledOnDays:
    """What was billed in the time that is drawn, by day, and in the time before; one query."""
    zone = ZoneInfo(shop.time_zone)
    queries = [sum_set_offs(find_set_offs(shop, chosen), place=SET_OFF)]
    for place, span in ((DRAWN, drawn), (BEFORE, before)):
        queries += [
            _sum(_find_dated([shop.number], span), TruncDate("issued_at", tzinfo=zone), place),
            _sum(_find_undated([shop.number], span), TruncDate("at", tzinfo=zone), place),
        ]
    by_day: dict[date, Billed] = defaultdict(Billed)
    sums = {BEFORE: Billed(), SET_OFF: Billed()}
    for place, day, count, amount in queries[0].union(*queries[1:], all=True):
        billed = Billed(count, read_sum(amount))
        if place == DRAWN:
            by_day[day] += billed
        else:
            sums[place] += billed
    return BilledOnDays(dict(by_day), sums[BEFORE], sums[SET_OFF].amount)


def count_billed_of_shops(spans: Mapping[Span, Sequence[int]]) -> dict[int, Billed]:
    """What each shop billed in its time; one query."""
    queries = [
        _sum(find(shops, span), F("shop"), place=0)
        for span, shops in spans.items()
        for find in (_find_dated, _find_undated)
    ]
    found: dict[int, Billed] = defaultdict(Billed)
    for _, shop, count, amount in queries[0].union(*queries[1:], all=True):
        found[shop] += Billed(count, read_sum(amount))
    return dict(found)


def sum_due() -> Any:
    """What is due of bills, in kopecks. For `annotate` and `aggregate`."""
    return sum_kopecks(F("total") - F("prepayment"))


def _sum(bills: QuerySet[Bill], by: Any, place: int) -> Any:
    sums = bills.order_by().values(key=by).annotate(bills=Count("*"), amount=sum_due())
    return number_rows(sums, place).values_list("place", "key", "bills", "amount")


def _find_dated(shops: Sequence[int], span: Span) -> QuerySet[Bill]:
    bills = Bill.objects.filter(shop__in=shops, issued_at__gte=span.begins, issued_at__lt=span.ends)
    return bills.filter(_stands(shops, span))


def _find_undated(shops: Sequence[int], span: Span) -> QuerySet[Bill]:
    """Bills without a date belong to the day on which they first were heard of."""
    bills = Bill.objects.filter(shop__in=shops, issued_at=None).alias(at=BILL_DATE)
    return bills.filter(_stands(shops, span), at__gte=span.begins, at__lt=span.ends)


def _stands(shops: Sequence[int], span: Span) -> Q:
    """Not withdrawn by the end of the time, or paid all the same.

    Those that were withdrawn are looked at by themselves: asked of every bill, PostgreSQL would read every receipt.
    """
    of_span = Q(issued_at=None) | Q(issued_at__gte=span.begins, issued_at__lt=span.ends)
    withdrawn = Bill.objects.filter(of_span, shop__in=shops, cancelled_at__lt=span.ends)
    paid = withdrawn.filter(has_receipt(Receipt.objects.filter(BRINGS_MONEY))).order_by().values("pk")
    return Q(cancelled_at=None) | Q(cancelled_at__gte=span.ends) | Q(pk__in=paid)
