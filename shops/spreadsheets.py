"""Tables for spreadsheet programs: CSV and XLSX, written row by row in constant memory. Anyone may import it.

A text that came from outside never becomes a formula, whatever it begins with.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any, Protocol

import xlsxwriter
from django.utils.translation import gettext as _


class TextFile(Protocol):
    """What text can be written into: a file, or what a command prints on."""

    def write(self, text: str, /) -> object: ...


Cell = str | int | Decimal | datetime | bool | None

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # and full-width
CSV_CHUNK_LENGTH = 64 << 10
BYTE_ORDER_MARK = "\ufeff"  # without it Excel in Russia takes UTF-8 for windows-1251

XLSX_ROWS_LIMIT = 1_000_000  # a sheet has 1 048 576
XLSX_TEXT_LIMIT = 32_767
XLSX_FIRST_YEAR = 1900
XLSX_AMOUNT, XLSX_TIME = "#,##0.00", "yyyy-mm-dd hh:mm:ss"
XLSX_COLUMN_WIDTH = 20


class TooManyRows(Exception):
    """A sheet cannot hold the table; says what to do instead."""


def unformula(value: object) -> object:
    """A text that a spreadsheet would run as a formula is made plain; an amount with its minus stays an amount."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS)
    return f"'{value}" if is_formula and not _is_number(str(value)) else value


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The table as UTF-8 with a byte order mark, in pieces."""
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    for _row in write_rows(buffer, header, rows):
        if buffer.tell() >= CSV_CHUNK_LENGTH:
            yield _empty(buffer)
    yield _empty(buffer)


def write_rows(file: TextFile, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[None]:
    """Writes the table as CSV into a file of text, a row at each step: the one place where CSV is written."""
    writer = csv.writer(file)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
        yield


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of a workbook; without a title it is called as the program that opens it likes."""

    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    title: str | None = None


def write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """The table as a workbook of one sheet. Raises TooManyRows."""
    write_workbook(file, [Sheet(header, rows)])


def write_workbook(file: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """The tables as sheets: amounts are numbers, times are times of UTC, texts are texts. Raises TooManyRows."""
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as workbook:
        bold = workbook.add_format({"bold": True})
        formats = {
            Decimal: workbook.add_format({"num_format": XLSX_AMOUNT}),
            datetime: workbook.add_format({"num_format": XLSX_TIME}),
        }
        for sheet in sheets:
            _write_sheet(workbook.add_worksheet(sheet.title), sheet, bold, formats)


def write_text(sheet: Any, row: int, column: int, text: str, look: Any = None) -> None:
    """Writes a cell that stays a text, whatever it begins with: the one place where texts get into a workbook."""
    sheet.write_string(row, column, text[:XLSX_TEXT_LIMIT], look)


def _write_sheet(page: Any, sheet: Sheet, bold: Any, formats: dict[type, Any]) -> None:
    page.freeze_panes(1, 0)
    page.set_column(0, len(sheet.header) - 1, XLSX_COLUMN_WIDTH)
    for column, name in enumerate(sheet.header):
        write_text(page, 0, column, name, bold)
    for number, row in enumerate(sheet.rows, start=1):
        if number > XLSX_ROWS_LIMIT:
            raise TooManyRows(
                _("A sheet holds %(limit)d rows at the most: take fewer by a filter, or take CSV.")
                % {"limit": XLSX_ROWS_LIMIT}
            )
        for column, cell in enumerate(row):
            _write_cell(page, number, column, cell, formats)


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, formats: dict[type, Any]) -> None:
    match cell:
        case None | "":
            pass
        case bool():
            sheet.write_boolean(row, column, cell)
        case int():
            sheet.write_number(row, column, cell)
        case Decimal():
            sheet.write_number(row, column, cell, formats[Decimal])
        case datetime() if cell.year > XLSX_FIRST_YEAR:
            sheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), formats[datetime])
        case _:
            write_text(sheet, row, column, _text(cell))


def _plain(cell: Cell) -> object:
    return unformula(cell) if isinstance(cell, str) else "" if cell is None else _text(cell)


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return format(cell, "f")
        case datetime():
            return cell.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case _:
            return str(cell)


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


def _empty(buffer: io.StringIO) -> bytes:
    """What the buffer holds; it is empty afterwards."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
