"""What registers took on some days: sales and refunds by day, place, person and means of payment. Read-only.

What counts as money is what closed months count: fiscal sales and refunds, without goods handed over on credit.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from reconciliation.owner.days import Span
from reconciliation.owner.numbering import number_rows
from reconciliation.period_figures import BRINGS_MONEY, RECEIPT_DATE
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Receipt, Shop
from shops.money import ZERO
from shops.payment.values import PAYBACK
from shops.shift_totals import CARD, CASH

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Taken:
    """The receipts of one sort: of one day, place, employee and means of payment, all sales or all refunds."""

    day: date
    store: int | None
    terminal: int | None
    employee: int | None
    payment_source: str
    is_refund: bool
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Takings:
    """Sales and refunds are both positive. What was received is `cash`, `card` and `other` together."""

    sales: int = 0
    cash: Decimal = ZERO
    card: Decimal = ZERO
    other: Decimal = ZERO
    refunds: int = 0
    refunded: Decimal = ZERO
    refunded_cash: Decimal = ZERO

    @property
    def received(self) -> Decimal:
        return self.cash + self.card + self.other

    @property
    def kept(self) -> Decimal:
        """Received less refunded."""
        return self.received - self.refunded


def find_takings(shop: Shop, span: Span) -> QuerySet[Receipt]:
    """The receipts of a shop that brought money or gave it back in a time, with the moment that counts (`at`)."""
    receipts = Receipt.objects.filter(BRINGS_MONEY, shop=shop).alias(at=RECEIPT_DATE)
    return receipts.filter(at__gte=span.begins, at__lt=span.ends)


def count_takings(shop: Shop, spans: Sequence[Span]) -> list[list[Taken]]:
    """What was taken in each of these times; one query."""
    queries = [_group(shop, span, place) for place, span in enumerate(spans)]
    found: list[list[Taken]] = [[] for _ in spans]
    for place, day, store, terminal, employee, source, kind, count, amount in queries[0].union(*queries[1:], all=True):
        found[place].append(Taken(day, store, terminal, employee, source, kind == PAYBACK, count, read_sum(amount)))
    return found


def _group(shop: Shop, span: Span, place: int) -> Any:
    zone = ZoneInfo(shop.time_zone)
    grouped = find_takings(shop, span).annotate(day=TruncDate("at", tzinfo=zone)).order_by()
    fields = ("day", "store", "terminal", "employee", "payment_source", "type")
    sums = grouped.values(*fields).annotate(receipts=Count("*"), amount=sum_kopecks("total"))
    return number_rows(sums, place).values_list("place", *fields, "receipts", "amount")


def add_up(taken: Iterable[Taken]) -> Takings:
    sums = {"cash": ZERO, "card": ZERO, "other": ZERO, "refunded": ZERO, "refunded_cash": ZERO}
    sales = refunds = 0
    for item in taken:
        means = means_of(item.payment_source)
        if item.is_refund:
            refunds += item.count
            sums["refunded"] += item.amount
            sums["refunded_cash"] += item.amount if means == "cash" else ZERO
        else:
            sales += item.count
            sums[means] += item.amount
    return Takings(sales=sales, refunds=refunds, **sums)


def add_up_by(taken: Iterable[Taken], key: Callable[[Taken], Key]) -> dict[Key, Takings]:
    groups: dict[Key, list[Taken]] = {}
    for item in taken:
        groups.setdefault(key(item), []).append(item)
    return {name: add_up(items) for name, items in groups.items()}


def means_of(payment_source: str) -> str:
    """`cash`, `card` or `other`."""
    if payment_source in CASH:
        return "cash"
    return "card" if payment_source in CARD else "other"
