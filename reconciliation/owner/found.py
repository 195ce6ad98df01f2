"""The discrepancies of a shop: those found on some days, and all that are still open. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet

from reconciliation.models import Discrepancy
from reconciliation.models.discrepancy import WORST_FIRST
from reconciliation.owner.days import Span
from reconciliation.owner.numbering import number_rows
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Shop
from shops.money import ZERO

LISTED = 10
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
    """What was found on the days, what of it is open still, and what was found on the days before."""

    found: Found
    open: Found
    before: Found
    all_open: Found


def find_discrepancies(shop: Shop, span: Span | None = None) -> QuerySet[Discrepancy]:
    """Those of a shop; those that were found in a time."""
    rows = Discrepancy.objects.filter(shop=shop)
    return rows if span is None else rows.filter(opened_at__gte=span.begins, opened_at__lt=span.ends)


def count_found(shop: Shop, span: Span, before: Span) -> FoundOnDays:
    """One query."""
    found = find_discrepancies(shop, span)
    wanted = (found, found.filter(OPEN), find_discrepancies(shop, before), find_discrepancies(shop).filter(OPEN))
    counted = [Found() for _ in wanted]
    queries = [_sum(rows, place) for place, rows in enumerate(wanted)]
    for place, count, missing, beyond in queries[0].union(*queries[1:], all=True):
        counted[place] = Found(count, read_sum(missing), read_sum(beyond))
    return FoundOnDays(*counted)


def _sum(rows: QuerySet[Discrepancy], place: int) -> Any:
    grouped = number_rows(rows.order_by(), place).values("place")
    return grouped.annotate(
        count=Count("*"),
        missing=sum_kopecks("amount", filter=Q(amount__lt=0)),
        beyond=sum_kopecks("amount", filter=Q(amount__gt=0)),
    ).values_list("place", "count", "missing", "beyond")


def list_worst(shop: Shop, span: Span) -> list[Discrepancy]:
    """The worst of those that were found in a time and are open; one query."""
    return list(with_subjects(find_discrepancies(shop, span).filter(OPEN).order_by(*WORST_FIRST), shop, LISTED))


def with_subjects(rows: QuerySet[Discrepancy], shop: Shop, limit: int | None = None) -> Sequence[Discrepancy]:
    """The rows with what they are about, without the texts of messages; their shop is the one at hand."""
    chosen = rows.select_related(*NEAR).defer("case__event__body", "case__event__verbatim")
    held = list(chosen if limit is None else chosen[:limit])
    for row in held:
        row.case.shop = shop
    return held
