"""What registers took on some days: sales and refunds by day, place, person and means of payment. Read-only.

What counts as money is what closed months count: fiscal sales and refunds, without goods handed over on credit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, DateField, F, QuerySet, Value
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

    day: date | None
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


def find_takings(shops: Sequence[int], span: Span) -> QuerySet[Receipt]:
    """The receipts of shops that brought money or gave it back in a time, with the moment that counts (`at`)."""
    receipts = Receipt.objects.filter(BRINGS_MONEY, shop__in=shops).alias(at=RECEIPT_DATE)
    return receipts.filter(at__gte=span.begins, at__lt=span.ends)


def count_takings(shop: Shop, span: Span, before: Span) -> tuple[list[Taken], Takings]:
    """What was taken in a time, and all that was taken in the time before; one query."""
    day = TruncDate("at", tzinfo=ZoneInfo(shop.time_zone))
    in_detail = {"on_day": day, "in_store": F("store"), "at_terminal": F("terminal"), "by_employee": F("employee")}
    no_id = Value(None, output_field=BigIntegerField())
    together = dict.fromkeys(in_detail, no_id) | {"on_day": Value(None, output_field=DateField())}
    queries = (
        _sum(find_takings([shop.number], span), in_detail, place=0),
        _sum(find_takings([shop.number], before), together, place=1),
    )
    held: tuple[list[Taken], list[Taken]] = ([], [])
    for place, day, store, terminal, employee, source, kind, count, amount in queries[0].union(queries[1], all=True):
        held[place].append(Taken(day, store, terminal, employee, source, kind == PAYBACK, count, read_sum(amount)))
    return held[0], add_up(held[1])


def count_takings_of_shops(spans: Mapping[Span, Sequence[int]]) -> dict[int, Takings]:
    """What each shop took in its time; one query."""
    queries = [_sum(find_takings(shops, span), {"of_shop": F("shop")}, place=0) for span, shops in spans.items()]
    held: dict[int, list[Taken]] = {}
    for _, shop, source, kind, count, amount in queries[0].union(*queries[1:], all=True):
        item = Taken(None, None, None, None, source, kind == PAYBACK, count, read_sum(amount))
        held.setdefault(shop, []).append(item)
    return {shop: add_up(items) for shop, items in held.items()}


def _sum(receipts: QuerySet[Receipt], by: Mapping[str, Any], *, place: int) -> Any:
    grouped = receipts.order_by().values("payment_source", "type", **by)
    sums = grouped.annotate(receipts=Count("*"), amount=sum_kopecks("total"))
    return number_rows(sums, place).values_list("place", *by, "payment_source", "type", "receipts", "amount")


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
