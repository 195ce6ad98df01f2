"""Every export goes through the functions that keep a text from becoming a formula: nobody writes cells beside them."""

import ast
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import openpyxl
import pytest
import xlsxwriter

from shops.spreadsheets import FORMULA_BEGINNINGS, unformula, write_csv, write_text, write_workbook
from shops.spreadsheets import Sheet as Table
from tests.test_architecture import PRODUCTION, list_imports, name_of, parse

WRITER = "shops/spreadsheets.py"
# Totals of a report are formulas: the program's own, over its own cells.
WITH_FORMULAS = "reconciliation/reports/sheet.py"
SAFE_METHODS = {"write_number", "write_datetime", "write_boolean", "write_blank"}
UNSAFE_METHODS = {"write_string", "write_formula", "write_array_formula", "write_url", "write_row", "write_column"}
HOSTILE = [f"{beginning}cmd|'/c calc'!A1" for beginning in FORMULA_BEGINNINGS]


def list_calls(path: Path) -> Iterator[str]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


@pytest.mark.parametrize("path", PRODUCTION, ids=name_of)
def test_tables_are_written_in_one_place(path: Path) -> None:
    name = name_of(path)
    if name == WRITER:
        return
    assert "csv" not in set(list_imports(path)), "write_rows or write_csv of shops.spreadsheets"
    if "xlsxwriter" in set(list_imports(path)):
        assert name == WITH_FORMULAS
        assert set(list_calls(path)) & (UNSAFE_METHODS | {"write"}) == {"write_formula"}


def test_csv_makes_every_hostile_text_plain() -> None:
    written = b"".join(write_csv(["text"], [[text] for text in HOSTILE])).decode("utf-8-sig")
    assert written.count("'") == 3 * len(HOSTILE)  # two of each text's own
    assert all(str(unformula(text)).startswith("'") for text in HOSTILE)


def read_cells(file: io.BytesIO) -> list[Any]:
    return [cell for row in openpyxl.load_workbook(file).worksheets[0].iter_rows() for cell in row]


def test_a_workbook_keeps_every_hostile_text_a_text() -> None:
    file = io.BytesIO()
    write_workbook(file, [Table(HOSTILE, [HOSTILE])])
    cells = read_cells(file)
    assert {cell.data_type for cell in cells} == {"s"}
    assert len(cells) == 2 * len(HOSTILE)


def test_a_text_that_is_written_by_itself_stays_a_text() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        write_text(workbook.add_worksheet(), 0, 0, HOSTILE[0])
    assert read_cells(file)[0].data_type == "s"


def test_a_text_is_cut_where_a_cell_ends() -> None:
    sheet = Mock()
    write_text(sheet, 0, 0, "x" * 40_000)
    assert len(sheet.write_string.call_args[0][2]) == 32_767
