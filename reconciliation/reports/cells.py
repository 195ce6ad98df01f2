"""The cells of a report as a person reads them, in the active language. For the page and the PDF."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext

from reconciliation.reports.values import Cell, Column, ColumnType, Link, Report, Row
from shops.presentation import (
    NO_BREAK_SPACE,
    NOTHING,
    show_amount,
    show_duration,
    show_percent,
    show_quantity,
    show_signed_amount,
    show_time,
)

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShownCell:
    text: str
    is_figure: bool
    is_missing: bool
    link: Link | None = None


def show_rows(report: Report) -> list[list[ShownCell]]:
    return [show_row(report, row) for row in report.rows]


def show_totals(report: Report) -> list[ShownCell]:
    """Nothing stands where nothing can be added up."""
    cells = show_row(report, Row(report.totals))
    return [
        ShownCell("", cell.is_figure, False) if figure is None else cell
        for cell, figure in zip(cells, report.totals, strict=True)
    ]


def show_row(report: Report, row: Row) -> list[ShownCell]:
    return [
        ShownCell(
            text=show_cell(column, cell),
            is_figure=column.type != ColumnType.TEXT,
            is_missing=column.signed and isinstance(cell, Decimal) and cell < 0,
            link=row.links.get(place),
        )
        for place, (column, cell) in enumerate(zip(report.columns, row.cells, strict=True))
    ]


def show_cell(column: Column, cell: Cell) -> str:
    match cell:
        case None:
            return NOTHING
        case str():
            return cell
        case Decimal() if column.type == ColumnType.PERCENT:
            return show_percent(cell)
        case Decimal() if column.type == ColumnType.QUANTITY:
            return show_quantity(cell)
        case Decimal():
            return show_signed_amount(cell) if column.signed else show_amount(cell)
        case timedelta():
            return show_long_duration(cell)
        case datetime():
            return show_time(cell, cell.tzinfo)
        case _:
            return show_quantity(Decimal(cell))


def show_long_duration(duration: timedelta) -> str:
    """Days and hours; of less than a day, hours and minutes."""
    if duration < ONE_DAY:
        return show_duration(duration)
    hours = duration % ONE_DAY // timedelta(hours=1)
    parts = [gettext("%d d") % duration.days, *([gettext("%d h") % hours] if hours else [])]
    return NO_BREAK_SPACE.join(parts)
