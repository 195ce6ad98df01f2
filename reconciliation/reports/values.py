"""What a report is: a table with totals, and what is drawn of it. Pure: no database, no settings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from shops.money import ZERO

Cell = str | int | Decimal | timedelta | datetime | None


class ColumnType(StrEnum):
    TEXT = "text"
    COUNT = "count"
    QUANTITY = "quantity"
    AMOUNT = "amount"
    PERCENT = "percent"
    DURATION = "duration"
    TIME = "time"


SUMMED = frozenset({ColumnType.COUNT, ColumnType.AMOUNT})


@dataclass(frozen=True, slots=True)
class Column:
    """`signed` is of an amount that is a difference: with a plus, and less than nothing catches the eye."""

    title: str
    type: ColumnType
    signed: bool = False

    @property
    def is_summed(self) -> bool:
        return self.type in SUMMED


@dataclass(frozen=True, slots=True)
class Link:
    """Where the rows behind a figure are listed, and the filters that find them there."""

    page: str
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """`links` is by the place of the cell."""

    cells: tuple[Cell, ...]
    links: Mapping[int, Link] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    title: str
    figures: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over `labels`, those of several series on top of each other (`stacked`) or side by side."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    stacked: bool = True


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """What is asked for: days of the shop's own calendar, both included; what is None or empty does not matter."""

    first_day: date
    last_day: date
    shops: tuple[int, ...] | None = None
    kind: str = ""
    terminal: int | None = None
    employee: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A table as it is shown, printed or written to a file. `totals` are None where a column cannot be added up."""

    name: str
    title: str
    parameters: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: tuple[Cell, ...]
    chart: Chart | None = None
    notes: tuple[str, ...] = ()


def add_up(columns: Sequence[Column], rows: Iterable[Row]) -> tuple[Cell, ...]:
    """The sum of each column of counts or amounts; None for the others."""
    held = list(rows)
    return tuple(_add_up_one(column, place, held) for place, column in enumerate(columns))


def _add_up_one(column: Column, place: int, rows: Sequence[Row]) -> Cell:
    figures = [row.cells[place] for row in rows]
    if column.type == ColumnType.COUNT:
        return sum(figure for figure in figures if isinstance(figure, int))
    if column.type == ColumnType.AMOUNT:
        return sum((figure for figure in figures if isinstance(figure, Decimal)), ZERO)
    return None


def shorten(report: Report, limit: int, rest_title: str) -> Report:
    """The report with at most `limit` rows more than one: those beyond are added up in a last row of their own.

    The totals are still the sums of what is shown. `rest_title` says how many rows that is, by `%(count)d`.
    """
    if len(report.rows) <= limit + 1:
        return report
    rest = report.rows[limit:]
    sums = add_up(report.columns, rest)
    title: tuple[Cell, ...] = (rest_title % {"count": len(rest)},)
    return replace(report, rows=(*report.rows[:limit], Row(title + sums[1:])))
