"""What is kept of the days that an owner looks at, and the times whose documents are still to be read. Read-only.

On PostgreSQL the totals of days that are long over are kept (`reconciliation.owner.keeping`), and a day of which any
document has changed since does not count as kept. Other databases keep nothing, and everything is counted anew; so are
the days of a week at the most, which takes no longer.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal
from typing import Any, NamedTuple, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from reconciliation.models import ChangedDay, DayTotals
from reconciliation.owner.days import (
    DAY,
    WEEK,
    Comparison,
    Days,
    Span,
    begin_of,
    days_of_chart,
    list_days,
    list_runs,
    span_of,
)
from shops.models import Shop
from shops.statements import fetch, is_postgresql

MOST_GAPS = 4  # with more of them reading all documents at once is quicker

TAKINGS = """
SELECT grouping(totals_id, store_id, terminal_id, employee_id), totals_id, store_id, terminal_id, employee_id,
    payment_source, type, sum(receipts)::bigint, sum(kopecks)
FROM reconciliation_daytakings WHERE totals_id = ANY(%s::bigint[])
GROUP BY GROUPING SETS (
    (payment_source, type, totals_id), (payment_source, type, store_id), (payment_source, type, terminal_id),
    (payment_source, type, employee_id)
)
UNION ALL
SELECT 15, NULL, NULL, NULL, NULL, payment_source, type, sum(receipts)::bigint, sum(kopecks)
FROM reconciliation_daytakings WHERE totals_id = ANY(%s::bigint[]) GROUP BY payment_source, type
"""
# Which columns of `TAKINGS` the rows are grouped by, as PostgreSQL tells it: a bit for each that they are not.
BY_DAY, BY_STORE, BY_TERMINAL, BY_EMPLOYEE, TOGETHER = 0b0111, 0b1011, 0b1101, 0b1110, 0b1111

BEST = """
SELECT product_external_id, sum(amount), sum(pieces) FROM (
    {others}SELECT product_external_id, sum(kopecks) AS amount, sum(quantity) AS pieces
    FROM reconciliation_daysales WHERE totals_id = ANY(%s::bigint[]) GROUP BY product_external_id
) sold
GROUP BY product_external_id ORDER BY 2 DESC, 1 LIMIT %s"""


class KeptDay(NamedTuple):
    totals: int  # the primary key
    bills: int
    billed_kopecks: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Of a time (`whole`) the days that are kept, when they are, and when the others are (`gaps`)."""

    whole: Span
    by_day: Mapping[date, KeptDay]
    times: tuple[Span, ...]
    gaps: tuple[Span, ...]

    @property
    def keys(self) -> list[int]:
        return [day.totals for day in self.by_day.values()]


@dataclass(frozen=True, slots=True)
class KeptTotals:
    """The days of a shop that are kept, around those that are looked at."""

    zone: tzinfo
    by_day: Mapping[date, KeptDay] = field(default_factory=dict)

    def of(self, days: Days, span: Span) -> Kept:
        """Of a time that begins with `days`, and ends with them or within their last."""
        held = {
            day: self.by_day[day]
            for day in list_days(days)
            if day in self.by_day and begin_of(day + DAY, self.zone) <= span.ends
        }
        gaps = self._find_times(day for day in list_days(days) if day not in held)
        if len(gaps) > MOST_GAPS:
            return Kept(span, {}, (), (span,))
        ends = (min(gap.ends, span.ends) for gap in gaps)
        cut = tuple(Span(gap.begins, end) for gap, end in zip(gaps, ends, strict=True))
        return Kept(span, held, self._find_times(held), cut)

    def _find_times(self, days: Iterable[date]) -> tuple[Span, ...]:
        return tuple(span_of(run, self.zone) for run in list_runs(days))


def read_kept(shop: Shop, comparison: Comparison) -> KeptTotals:
    """What is kept of the days and of those before them; one query, or none."""
    if not is_postgresql() or comparison.days.length * DAY <= WEEK:
        return KeptTotals(comparison.zone)
    days = Days(comparison.before.first, days_of_chart(comparison.days).last)
    rows = find_kept(shop).filter(day__range=(days.first, days.last))
    fields = rows.values_list("day", "pk", "bills", "billed_kopecks")
    return KeptTotals(comparison.zone, {day: KeptDay(*values) for day, *values in fields})


def find_kept(shop: Shop) -> "QuerySet[DayTotals, Any]":
    """The days of a shop whose totals count. A day of its clock lies within the day of UTC and the two beside it."""
    day = OuterRef("day")
    changed = ChangedDay.objects.filter(shop=OuterRef("shop"), day__range=(day - DAY, day + DAY))
    return DayTotals.objects.filter(~Q(Exists(changed)), shop=shop, time_zone=shop.time_zone)


def read_takings(days: Collection[int], before: Collection[int]) -> list[tuple[Any, ...]]:
    """The rows of `TAKINGS`: of the days by each of four columns, and of those before together."""
    return fetch(TAKINGS, (list(days), list(before))) if days or before else []


def read_best(others: Any, days: Collection[int], limit: int) -> list[tuple[str, Decimal, Decimal]]:
    """The products that brought most on kept days, and by sums of the lines of others: each with kopecks and pieces."""
    try:
        sql, arguments = others.query.sql_with_params()
    except EmptyResultSet:  # there are no others
        sql, arguments = "", ()
    statement = BEST.format(others=f"{sql} UNION ALL " if sql else "")
    with connection.cursor() as cursor:
        cursor.execute(statement, [*arguments, list(days), limit])
        return cast(list[tuple[str, Decimal, Decimal]], cursor.fetchall())
