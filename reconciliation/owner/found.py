"""The discrepancies of a shop: those found on some days, and all that are still open. Read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Value

from reconciliation.models import Discrepancy
from reconciliation.models.discrepancy import WORST_FIRST
from reconciliation.owner.days import Span
from reconciliation.owner.numbering import number_rows
from reconciliation.owner.times import within
from shops.exact_sums import WHOLE, read_sum, sum_kopecks
from shops.models import Bill, Receipt, Shop
from shops.money import ZERO

LISTED = 10
WAITING = 4
OPEN = Q(resolved_at=None)
NEAR = ("case__bill", "case__receipt", "case__event", "case__shift__terminal", "assignee", "write_off_account")


@dataclass(frozen=True, slots=True)
class Found:
    """So many discrepancies; money missing (less than nothing) and money too much."""

    count: int = 0
    missing: Decimal = ZERO
    beyond: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class FoundOnDays:
    """What was found on the days, what of it is open still, and what was found on the days before.

    `all_open` is of whatever day; `waiting` are bills and receipts that are still to be compared.
    """

    found: Found
    open: Found
    before: Found
    all_open: Found
    waiting: int


def find_discrepancies(shops: Sequence[int], span: Span | None = None) -> QuerySet[Discrepancy]:
    """Those of shops; those that were found in a time."""
    rows = Discrepancy.objects.filter(shop__in=shops)
    return rows if span is None else rows.filter(within("opened_at", [span]))


def count_found(shop: Shop, span: Span, before: Span) -> FoundOnDays:
    """One query."""
    numbers = [shop.number]
    found = find_discrepancies(numbers, span)
    wanted = (found, found.filter(OPEN), find_discrepancies(numbers, before), find_discrepancies(numbers).filter(OPEN))
    queries = [_sum(rows, place) for place, rows in enumerate(wanted)]
    queries += [_count_waiting(Bill.objects.filter(shop=shop)), _count_waiting(Receipt.objects.filter(shop=shop))]
    counted, waiting = [Found() for _ in wanted], 0
    for place, count, missing, beyond in queries[0].union(*queries[1:], all=True):
        if place == WAITING:
            waiting += count
        else:
            counted[place] = Found(count, read_sum(missing), read_sum(beyond))
    return FoundOnDays(counted[0], counted[1], counted[2], counted[3], waiting)


def count_open_of_shops(spans: Mapping[Span, Sequence[int]]) -> tuple[dict[int, Found], dict[int, Found]]:
    """What is open in each shop: of what was found in its time, and of all; one query."""
    queries = []
    for span, shops in spans.items():
        queries.append(_sum(find_discrepancies(shops, span).filter(OPEN), 0, ("shop",)))
        queries.append(_sum(find_discrepancies(shops).filter(OPEN), 1, ("shop",)))
    counted: tuple[dict[int, Found], dict[int, Found]] = ({}, {})
    for place, shop, count, missing, beyond in queries[0].union(*queries[1:], all=True):
        counted[place][shop] = Found(count, read_sum(missing), read_sum(beyond))
    return counted


def _sum(rows: QuerySet[Discrepancy], place: int, by: tuple[str, ...] = ()) -> Any:
    grouped = number_rows(rows.order_by(), place).values("place", *by)
    return grouped.annotate(
        count=Count("*"),
        missing=sum_kopecks("amount", filter=Q(amount__lt=0)),
        beyond=sum_kopecks("amount", filter=Q(amount__gt=0)),
    ).values_list("place", *by, "count", "missing", "beyond")


def _count_waiting(rows: Any) -> Any:
    nothing = Value(0, output_field=WHOLE)
    grouped = number_rows(rows.filter(unjudged_since__isnull=False).order_by(), WAITING).values("place")
    return grouped.annotate(count=Count("*"), missing=nothing, beyond=nothing).values_list(
        "place", "count", "missing", "beyond"
    )


def list_worst(shop: Shop, span: Span) -> list[Discrepancy]:
    """The worst of those that were found in a time and are open; one query."""
    return list(
        with_subjects(find_discrepancies([shop.number], span).filter(OPEN).order_by(*WORST_FIRST), shop, LISTED)
    )


def with_subjects(rows: QuerySet[Discrepancy], shop: Shop, limit: int | None = None) -> Sequence[Discrepancy]:
    """The rows with what they are about; their shop is the one at hand."""
    chosen = rows.select_related(*NEAR)
    held = list(chosen if limit is None else chosen[:limit])
    for row in held:
        row.case.shop = shop
    return held
