"""The owner's tables as files: CSV and XLSX, with times as the clocks of the shop show them."""

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import IO

from reconciliation.owner.rows import Rows
from reconciliation.reports.sheet import write_workbook
from reconciliation.reports.values import Cell, Report
from shops import spreadsheets
from shops.presentation import LOG_TIME

CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS_PER_QUERY = 2000


def write_tables(reports: Sequence[Report]) -> bytes:
    """Each table as a sheet of one workbook."""
    file = io.BytesIO()
    write_workbook(file, *reports)
    return file.getvalue()


def write_table_csv(report: Report) -> Iterator[bytes]:
    header = [column.title for column in report.columns]
    return spreadsheets.write_csv(header, (_plain(row.cells) for row in report.rows))


def write_rows_csv(rows: Rows) -> Iterator[bytes]:
    """All rows, however many."""
    return spreadsheets.write_csv([column.title for column in rows.columns], list_cells(rows))


def write_rows_workbook(rows: Rows) -> IO[bytes]:
    """All rows in a file that is to be closed. Raises TooManyRows."""
    with ExitStack() as unfinished:
        file = unfinished.enter_context(tempfile.TemporaryFile())
        spreadsheets.write_xlsx(file, [column.title for column in rows.columns], list_cells(rows))
        file.seek(0)
        unfinished.pop_all()
    return file


def list_cells(rows: Rows) -> Iterator[tuple[spreadsheets.Cell, ...]]:
    """The cells of all rows, read from the database as they are written."""
    held = []
    for row in rows.found.iterator(ROWS_PER_QUERY):
        held.append(row)
        if len(held) == ROWS_PER_QUERY:
            yield from map(_plain, rows.show(held))
            held = []
    yield from map(_plain, rows.show(held))


def _plain(cells: tuple[Cell, ...]) -> tuple[spreadsheets.Cell, ...]:
    return tuple(_plain_cell(cell) for cell in cells)


def _plain_cell(cell: Cell) -> spreadsheets.Cell:
    match cell:
        case datetime():
            return cell.strftime(LOG_TIME)
        case timedelta():
            return str(cell)
        case _:
            return cell
