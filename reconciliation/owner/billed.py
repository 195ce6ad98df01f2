"""What was billed on some days: what is due of their bills, as closed months count it. Read-only.

A bill belongs to the day of its date. One that the CRM withdrew before the days ended, and nobody paid, is not billed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from reconciliation.owner.days import Span
from reconciliation.owner.numbering import number_rows
from reconciliation.period_figures import BILL_DATE, BRINGS_MONEY
from shops.allocated import has_receipt
from shops.exact_sums import kopecks, read_sum
from shops.models import Bill, Receipt, Shop
from shops.money import ZERO


@dataclass(frozen=True, slots=True)
class Billed:
    count: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: "Billed") -> "Billed":
        return Billed(self.count + other.count, self.amount + other.amount)


def find_billed(shop: Shop, span: Span) -> QuerySet[Bill]:
    """The bills of a time. Takes a query of its own for those without a date, which are few."""
    undated = list(_find_undated(shop, span).values_list("pk", flat=True))
    dated = Q(issued_at__gte=span.begins, issued_at__lt=span.ends)
    bills = Bill.objects.filter(shop=shop).filter(dated | Q(pk__in=undated) if undated else dated)
    return bills.filter(_stands(shop, span))


def count_billed(shop: Shop, spans: Sequence[Span]) -> list[dict[date, Billed]]:
    """What was billed in each of these times, by day; one query."""
    queries = []
    for place, span in enumerate(spans):
        dated = _find_dated(shop, span).annotate(day=TruncDate("issued_at", tzinfo=ZoneInfo(shop.time_zone)))
        undated = _find_undated(shop, span).annotate(day=TruncDate("at", tzinfo=ZoneInfo(shop.time_zone)))
        queries += [_sum(dated, place), _sum(undated, place)]
    found: list[dict[date, Billed]] = [defaultdict(Billed) for _ in spans]
    for place, day, count, amount in queries[0].union(*queries[1:], all=True):
        found[place][day] += Billed(count, read_sum(amount))
    return found


def _sum(bills: QuerySet[Bill], place: int) -> Any:
    from django.db.models import Sum
    from django.db.models.functions import Coalesce

    from shops.exact_sums import WHOLE

    sums = (
        bills.order_by()
        .values("day")
        .annotate(bills=Count("*"), amount=Coalesce(Sum(kopecks(F("total") - F("prepayment"))), 0, output_field=WHOLE))
    )
    return number_rows(sums, place).values_list("place", "day", "bills", "amount")


def _find_dated(shop: Shop, span: Span) -> QuerySet[Bill]:
    return Bill.objects.filter(_stands(shop, span), shop=shop, issued_at__gte=span.begins, issued_at__lt=span.ends)


def _find_undated(shop: Shop, span: Span) -> QuerySet[Bill]:
    """Bills without a date belong to the day on which they first were heard of."""
    bills = Bill.objects.filter(shop=shop, issued_at=None).alias(at=BILL_DATE)
    return bills.filter(_stands(shop, span), at__gte=span.begins, at__lt=span.ends)


def _stands(shop: Shop, span: Span) -> Q:
    """Not withdrawn by the end of the time, or paid all the same.

    Those that were withdrawn are looked at by themselves: asked of every bill, PostgreSQL would read every receipt.
    """
    of_span = Q(issued_at=None) | Q(issued_at__gte=span.begins, issued_at__lt=span.ends)
    withdrawn = Bill.objects.filter(of_span, shop=shop, cancelled_at__lt=span.ends)
    paid = withdrawn.filter(has_receipt(Receipt.objects.filter(BRINGS_MONEY))).order_by().values("pk")
    return Q(cancelled_at=None) | Q(cancelled_at__gte=span.ends) | Q(pk__in=paid)
