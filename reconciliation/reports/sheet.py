"""A report as a workbook. Texts are texts whatever they begin with; totals are formulas that hold their value."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from xlsxwriter.utility import xl_range

from reconciliation.reports.values import Cell, Column, ColumnType, Report
from shops.spreadsheets import XLSX_AMOUNT, XLSX_FIRST_YEAR, XLSX_ROWS_LIMIT, TooManyRows, write_text

NUMBER_FORMATS = {
    ColumnType.TEXT: "@",
    ColumnType.COUNT: "#,##0",
    ColumnType.QUANTITY: "#,##0.###",
    ColumnType.AMOUNT: XLSX_AMOUNT,
    ColumnType.PERCENT: '0.##"%"',
    ColumnType.DURATION: "[h]:mm",
    ColumnType.TIME: "yyyy-mm-dd hh:mm",
}
SIGNED_AMOUNT = "+#,##0.00;-#,##0.00;0.00"
WIDTHS = {ColumnType.TEXT: 28, ColumnType.COUNT: 12, ColumnType.TIME: 18}
WIDTH = 17
SHEET_NAME_LENGTH = 31
FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def write_workbook(file: IO[bytes], *reports: Report) -> None:
    """Writes each report as a sheet; their titles differ. Raises TooManyRows."""
    if any(len(report.rows) > XLSX_ROWS_LIMIT for report in reports):
        raise TooManyRows
    # Nothing that begins like a formula or an address becomes one: only the totals below are formulas.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(file, options) as workbook:
        workbook.set_properties({"title": reports[0].title})
        for report in reports:
            sheet = workbook.add_worksheet(report.title.translate(FORBIDDEN_IN_NAMES)[:SHEET_NAME_LENGTH])
            header = _write_head(workbook, sheet, report)
            _write_table(workbook, sheet, report, header)
            _set_up_page(sheet, report, header)


def _write_head(workbook: Any, sheet: Any, report: Report) -> int:
    """The title and what was asked; gives the row of the table's header."""
    write_text(sheet, 0, 0, report.title, workbook.add_format({"bold": True, "font_size": 14}))
    for number, (name, value) in enumerate(report.parameters, start=1):
        write_text(sheet, number, 0, name)
        write_text(sheet, number, 1, value)
    return len(report.parameters) + 2


def _write_table(workbook: Any, sheet: Any, report: Report, header: int) -> None:
    title = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    first, last = header + 1, header + len(report.rows)
    for place, column in enumerate(report.columns):
        write_text(sheet, header, place, column.title, title)
        sheet.set_column(place, place, WIDTHS.get(column.type, WIDTH))
        plain = workbook.add_format({"num_format": _number_format(column)})
        total = workbook.add_format({"num_format": _number_format(column), "bold": True, "top": 1})
        for number, row in enumerate(report.rows, start=first):
            _write_cell(sheet, number, place, row.cells[place], plain)
        if column.is_summed and report.rows and report.totals[place] is not None:
            sheet.write_formula(
                last + 1, place, f"=SUM({xl_range(first, place, last, place)})", total, report.totals[place]
            )
        else:
            _write_cell(sheet, last + 1, place, report.totals[place], total)
    for number, note in enumerate(report.notes, start=last + 3):
        write_text(sheet, number, 0, note)


def _set_up_page(sheet: Any, report: Report, header: int) -> None:
    sheet.freeze_panes(header + 1, 1)
    if report.rows:
        sheet.autofilter(header, 0, header + len(report.rows), len(report.columns) - 1)
    sheet.repeat_rows(header)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _number_format(column: Column) -> str:
    return SIGNED_AMOUNT if column.signed else NUMBER_FORMATS[column.type]


def _write_cell(sheet: Any, row: int, place: int, cell: Cell, look: Any) -> None:
    match cell:
        case None:
            sheet.write_blank(row, place, None, look)
        case str():
            write_text(sheet, row, place, cell, look)
        case timedelta():
            sheet.write_datetime(row, place, cell, look)
        case datetime() if cell.year > XLSX_FIRST_YEAR:
            # In the zone of the shop, as on the page: a sheet knows no zones.
            sheet.write_datetime(row, place, cell.replace(tzinfo=None), look)
        case int() | Decimal():
            sheet.write_number(row, place, cell, look)
