"""Every list as CSV and XLSX: the whole filtered list, read back with what programs read such files with."""

import csv
import io
import tracemalloc
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from django.test import Client

from reconciliation.models import Discrepancy
from shops import spreadsheets
from shops.models import Bill
from tests.factories import NOON, make_bill
from tests.office.conftest import read

LISTS = ("bills", "receipts", "exchange-events", "discrepancies")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = '=HYPERLINK("https://example.com","x")'

pytestmark = pytest.mark.django_db


def read_file(client: Client, name: str, **query: Any) -> Any:
    answer = client.get(f"/api/office/{name}/", query)
    assert answer.status_code == 200, answer.content
    return answer


def read_csv(client: Client, name: str, **query: Any) -> list[dict[str, str]]:
    answer = read_file(client, name, format="csv", **query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf"), "or Excel in Russia reads it as windows-1251"
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def read_xlsx(client: Client, name: str, **query: Any) -> list[dict[str, Any]]:
    answer = read_file(client, name, format="xlsx", **query)
    assert answer["Content-Type"] == XLSX
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    header, *rows = book.worksheets[0].iter_rows()
    assert not any(cell.data_type == "f" for row in rows for cell in row), "a formula"
    return [{str(name.value): cell.value for name, cell in zip(header, row, strict=True)} for row in rows]


@pytest.mark.parametrize("name", LISTS)
def test_a_file_says_what_the_list_says(office: Client, ours: Discrepancy, name: str) -> None:
    rows = read(office, name)["results"]
    assert rows
    words = {True: "true", False: "false", None: ""}

    def plain(value: Any) -> str:
        return words[value] if value is None or isinstance(value, bool) else str(value)

    assert read_csv(office, name) == [{key: plain(value) for key, value in row.items()} for row in rows]
    sheet = read_xlsx(office, name)
    assert [list(row) for row in sheet] == [list(row) for row in rows]
    assert [row["id"] for row in sheet] == [row["id"] for row in rows]


def test_a_sheet_has_numbers_times_and_truths(office: Client, ours: Discrepancy) -> None:
    (row,) = read_xlsx(office, "bills")
    assert (row["total"], row["issued_at"], row["on_offer"]) == (100, datetime(2026, 3, 25, 12), True)
    assert (row["external_id"], row["offered_total"]) == (Bill.objects.get().external_id, None)
    (found,) = read_xlsx(office, "discrepancies")
    assert found["amount"] == -60


def test_amounts_are_exact_to_the_kopeck(office: Client, ours: Discrepancy) -> None:
    Bill.objects.update(total="9999999999999.99", prepayment="0.10")
    (row,) = read_xlsx(office, "bills")
    assert (row["total"], row["prepayment"]) == (9999999999999.99, 0.1)
    (plain,) = read_csv(office, "bills")
    assert (plain["total"], plain["prepayment"]) == ("9999999999999.99", "0.10")


@pytest.mark.parametrize("name", [FORMULA, "+7 999 123-45-67", "-1+1", "@SUM(A1)", "\t=1+1", "\uff1d1+1"])
def test_a_customer_called_like_a_formula_stays_a_text(office: Client, ours: Discrepancy, name: str) -> None:
    Bill.objects.update(customer_name=name)
    assert [row["customer_name"] for row in read_xlsx(office, "bills")] == [name]
    assert [row["customer_name"] for row in read_csv(office, "bills")] == [f"'{name}"]


def test_a_long_text_and_control_characters_break_no_sheet(office: Client, ours: Discrepancy) -> None:
    Bill.objects.update(customer_name="\x1d\x0b" + "я" * 40_000, customer_taxpayer_number="https://example.com")
    (row,) = read_xlsx(office, "bills")
    assert len(row["customer_name"].replace("_x001D_", "\x1d").replace("_x000B_", "\x0b")) == 32_767
    assert row["customer_taxpayer_number"] == "https://example.com"


def test_times_before_a_spreadsheets_first_day_are_texts(office: Client, ours: Discrepancy) -> None:
    Bill.objects.update(issued_at=NOON.replace(year=1812))
    assert [row["issued_at"] for row in read_xlsx(office, "bills")] == ["1812-03-25T12:00:00Z"]


def test_a_file_holds_the_whole_filtered_list_in_its_order(
    accountant: Client, ours: Discrepancy, theirs: Discrepancy
) -> None:
    Bill.objects.bulk_create(
        Bill(shop_id=2, external_id=f"many {number}", number="of many", total=number, issued_at=NOON)
        for number in range(1200)
    )
    expected = list(Bill.objects.filter(number="of many").order_by("-pk").values_list("external_id", flat=True))
    assert [row["external_id"] for row in read_csv(accountant, "bills", number="of many")] == expected
    assert [row["external_id"] for row in read_xlsx(accountant, "bills", number="of many")] == expected


def test_a_file_is_asked_for_by_accept_too(office: Client, ours: Discrepancy) -> None:
    answer = office.get("/api/office/bills/", headers={"Accept": "text/csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "Accept" in answer["Vary"]


def test_an_empty_list_is_a_header(office: Client) -> None:
    assert read_csv(office, "bills", number="none") == []
    assert read_xlsx(office, "bills", number="none") == []


def test_a_file_has_no_pages(office: Client, ours: Discrepancy) -> None:
    for parameter in ({"page_size": "10"}, {"cursor": "x"}):
        answer = office.get("/api/office/bills/", {"format": "csv", **parameter})
        assert answer.status_code == 400
        assert list(answer.json()) == list(parameter)


def test_an_error_is_json_whatever_was_asked_for(office: Client) -> None:
    for file in ("csv", "xlsx"):
        answer = office.get("/api/office/bills/", {"format": file, "shop": "x"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
    assert office.get("/api/office/bills/0/", {"format": "csv"}).json() == {"format": ["Unknown format. Known: json."]}


def test_more_rows_than_a_sheet_holds_are_refused(
    office: Client, ours: Discrepancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "XLSX_ROWS_LIMIT", 1)
    assert len(read_xlsx(office, "bills")) == 1
    make_bill(ours.case.shop)
    answer = office.get("/api/office/bills/", {"format": "xlsx"})
    assert answer.status_code == 400
    assert answer.json() == {"format": ["A sheet holds 1 rows at the most: take fewer by a filter, or take CSV."]}


def test_memory_does_not_grow_with_the_rows() -> None:
    def measure(rows: int) -> int:
        tracemalloc.start()
        cells = (["Полина Лаврентьева", number, NOON, None] for number in range(rows))
        for chunk in spreadsheets.write_csv(["a", "b", "c", "d"], cells):
            assert chunk
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert measure(40_000) < 1.5 * measure(4_000)
