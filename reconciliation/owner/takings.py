"""What registers took on some days: sales and refunds by day, place, person and means of payment. Read-only.

What counts as money is what closed months count: fiscal sales and refunds, without goods handed over on credit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, DateField, F, QuerySet, Value
from django.db.models.functions import TruncDate

from reconciliation.owner.days import Days, Span
from reconciliation.owner.kept import BY_DAY, BY_EMPLOYEE, BY_STORE, BY_TERMINAL, TOGETHER, Kept, read_takings
from reconciliation.owner.numbering import number_rows
from reconciliation.owner.times import within
from reconciliation.period_figures import BRINGS_MONEY, RECEIPT_DATE
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Receipt, Shop
from shops.money import ZERO
from shops.payment.values import PAYBACK
from shops.shift_totals import CARD, CASH

PLACES = ("store", "terminal", "employee")
BY_PLACE = {BY_STORE: "store", BY_TERMINAL: "terminal", BY_EMPLOYEE: "employee"}
WHERE = {"in_store": F("store"), "at_terminal": F("terminal"), "by_employee": F("employee")}


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

    def __add__(self, other: "Takings") -> "Takings":
        return Takings(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))


@dataclass(frozen=True, slots=True)
class TakenOnDays:
    """What was taken on each day, at each place of the chosen days (`store`, `terminal`, `employee`), and before."""

    by_day: Mapping[date, Takings]
    by_place: Mapping[str, Mapping[int | None, Takings]]
    before: Takings


def find_takings(shops: Sequence[int], *spans: Span) -> QuerySet[Receipt]:
    """The receipts of shops that brought money or gave it back in some times, with the moment that counts (`at`)."""
    return Receipt.objects.filter(BRINGS_MONEY, shop__in=shops).alias(at=RECEIPT_DATE).filter(within("at", spans))


def count_takings(shop: Shop, chosen: Days, drawn: Kept, before: Kept) -> TakenOnDays:
    """What was taken on the days that are drawn, and in the time before; one query, and one of what is kept."""
    by_day: dict[date | None, list[Taken]] = defaultdict(list)
    by_place: dict[str, dict[int | None, list[Taken]]] = {place: defaultdict(list) for place in PLACES}
    earlier: list[Taken] = []
    for is_before, item in _count(shop, drawn, before):
        if is_before:
            earlier.append(item)
            continue
        by_day[item.day].append(item)
        if item.day is not None and item.day in chosen:
            for place in PLACES:
                by_place[place][getattr(item, place)].append(item)
    days = {kept.totals: day for day, kept in drawn.by_day.items()}
    for by, totals, *values in read_takings(drawn.keys, before.keys):
        item = _read(days.get(totals), *values)
        if by == TOGETHER:
            earlier.append(item)
        elif by == BY_DAY:
            by_day[item.day].append(item)
        else:
            by_place[BY_PLACE[by]][getattr(item, BY_PLACE[by])].append(item)
    return TakenOnDays(
        {day: add_up(items) for day, items in by_day.items() if day is not None},
        {place: {key: add_up(items) for key, items in held.items()} for place, held in by_place.items()},
        add_up(earlier),
    )


def _count(shop: Shop, drawn: Kept, before: Kept) -> Iterator[tuple[bool, Taken]]:
    """What is not kept: of the days that are drawn in detail, of those before together."""
    no_id = Value(None, output_field=BigIntegerField())
    together = {"on_day": Value(None, output_field=DateField()), **dict.fromkeys(WHERE, no_id)}
    queries = (
        sum_takings(find_takings([shop.number], *drawn.gaps), in_detail(shop), place=0),
        sum_takings(find_takings([shop.number], *before.gaps), together, place=1),
    )
    for place, *values in queries[0].union(queries[1], all=True):
        yield bool(place), _read(*values)


def in_detail(shop: Shop) -> dict[str, Any]:
    """By day of the shop's clock, place and person. For `sum_takings`."""
    return {"on_day": TruncDate("at", tzinfo=shop.zone), **WHERE}


def _read(
    day: date | None,
    store: int | None,
    terminal: int | None,
    employee: int | None,
    source: str,
    kind: str,
    count: int,
    kopecks: Decimal | int,
) -> Taken:
    return Taken(day, store, terminal, employee, source, kind == PAYBACK, count, read_sum(kopecks))


def count_takings_of_shops(spans: Mapping[Span, Sequence[int]]) -> dict[int, Takings]:
    """What each shop took in its time; one query."""
    queries = [sum_takings(find_takings(shops, span), {"of_shop": F("shop")}, place=0) for span, shops in spans.items()]
    held: dict[int, list[Taken]] = {}
    for _, shop, *values in queries[0].union(*queries[1:], all=True):
        held.setdefault(shop, []).append(_read(None, None, None, None, *values))
    return {shop: add_up(items) for shop, items in held.items()}


def sum_takings(receipts: QuerySet[Receipt], by: Mapping[str, Any], *, place: int) -> Any:
    """Receipts of each means of payment and type, further divided, counted and added up in kopecks; with `place`."""
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


def means_of(payment_source: str) -> str:
    """`cash`, `card` or `other`."""
    if payment_source in CASH:
        return "cash"
    return "card" if payment_source in CARD else "other"
