"""Reports in the admin: a page, a workbook and a PDF say the same, to whom may see it, at a cost that does not grow."""

import hashlib
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import load_workbook
from pypdf import PdfReader

from reconciliation.models import Discrepancy
from reconciliation.reports import pdf
from reconciliation.reports.catalogue import REPORTS
from reconciliation.reports.sheet import write_workbook
from reconciliation.reports.values import Column, ColumnType, Report, ReportQuery, Row, add_up, shorten
from shops.models import Bill
from shops.presentation import show_amount
from tests.factories import NOON, make_accountant, make_one_of_everything, make_person

PERIOD = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
QUERY = ReportQuery(NOON.date().replace(day=1), NOON.date().replace(day=31))
VENDOR = Path(settings.BASE_DIR) / "crmpos" / "static" / "crmpos" / "vendor" / "chartjs"
MOST_QUERIES = 15
FORMULA = '=HYPERLINK("http://evil.example","Ада")'

each_report = pytest.mark.parametrize("name", REPORTS)


@pytest.fixture
def accountant(client: Client, db: None) -> User:
    accountant = make_accountant()
    client.force_login(accountant)
    return accountant


def make_books() -> None:
    for number in (1, 2):
        make_one_of_everything(number)
    Discrepancy.objects.filter(case__shop=2).update(status="resolved", reason="false_alarm", resolved_at=NOON)


def read_sheet(content: bytes, **options: Any) -> list[tuple[Any, ...]]:
    sheet = load_workbook(io.BytesIO(content), **options).active
    assert sheet is not None
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def read_pdf(content: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return "".join(text.split())


@each_report
def test_the_page_the_workbook_and_the_pdf_have_the_same_totals(client: Client, accountant: User, name: str) -> None:
    make_books()
    with translation.override("ru"):
        report = REPORTS[name].answer(QUERY)
    amounts = [total for total in report.totals if isinstance(total, Decimal)]
    assert report.rows
    page = client.get(f"/admin/reports/{name}/", PERIOD)
    assert page.status_code == 200
    sheet = client.get(f"/admin/reports/{name}/xlsx/", PERIOD)
    days = "2026-03-31" if name == "aging" else "2026-03-01-2026-03-31"
    assert sheet["Content-Disposition"] == f'attachment; filename="{name}-{days}.xlsx"'
    (totals,) = (row for row in read_sheet(sheet.content, data_only=True) if row[0] == "Всего")
    document = client.get(f"/admin/reports/{name}/pdf/", PERIOD)
    assert document["Content-Type"] == "application/pdf"
    printed = read_pdf(document.content)
    for place, total in enumerate(report.totals):
        if isinstance(total, Decimal | int):
            assert Decimal(str(totals[place])) == total
    for amount in amounts:
        if report.name != "resolution":
            shown = show_amount(abs(amount))
            assert shown in page.content.decode()
            assert "".join(shown.split()) in printed


@each_report
def test_a_workbook_adds_up_by_itself(client: Client, accountant: User, name: str) -> None:
    make_books()
    content = client.get(f"/admin/reports/{name}/xlsx/", PERIOD).content
    formulas = [row for row in read_sheet(content) if row[0] == "Всего"][0]
    rows = read_sheet(content, data_only=True)
    values = [row for row in rows if row[0] == "Всего"][0]
    for place, formula in enumerate(formulas):
        if isinstance(formula, str) and formula.startswith("="):
            numbers = [int("".join(filter(str.isdigit, cell))) for cell in formula[5:-1].split(":")]
            added = sum(Decimal(str(row[place] or 0)) for row in rows[numbers[0] - 1 : numbers[-1]])
            assert added == Decimal(str(values[place]))


def test_a_workbook_has_numbers_times_and_durations(client: Client, accountant: User) -> None:
    make_books()
    rows = read_sheet(client.get("/admin/reports/aging/xlsx/", PERIOD).content, data_only=True)
    (row,) = (row for row in rows if row[0] == "1 Shop 1")
    assert row[1:4] == ("Ада Лавлейс", 1, 60)


def test_what_a_customer_is_called_never_becomes_a_formula(client: Client, accountant: User) -> None:
    make_books()
    Bill.objects.update(customer_name=FORMULA)
    content = client.get("/admin/reports/aging/xlsx/", PERIOD).content
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == FORMULA]
    assert cells
    assert {(cell.data_type, cell.hyperlink) for cell in cells} == {("s", None)}
    page = client.get("/admin/reports/aging/", PERIOD).content.decode()
    assert FORMULA not in page  # escaped


@each_report
def test_who_may_not_see_discrepancies_gets_no_report(client: Client, db: None, name: str) -> None:
    client.force_login(make_person("stranger"))
    for address in (f"{name}/", f"{name}/xlsx/", f"{name}/pdf/"):
        assert client.get(f"/admin/reports/{address}").status_code == 403
    assert "/admin/reports/" not in client.get("/admin/").content.decode()
    client.force_login(make_person("viewer", "Viewers"))
    assert client.get(f"/admin/reports/{name}/").status_code == 200
    assert f"/admin/reports/{name}/" in client.get("/admin/").content.decode()
    assert Client().get(f"/admin/reports/{name}/").status_code == 302


@pytest.mark.parametrize("by", ["", "shop", "terminal", "employee", "week", "person"])
@each_report
def test_a_page_costs_as_many_queries_for_many_rows(client: Client, accountant: User, name: str, by: str) -> None:
    if by and by not in dict(REPORTS[name].groupings):
        by = ""
    counts = []
    for numbers in (range(1, 3), range(3, 15)):
        for number in numbers:
            make_one_of_everything(number, assignee=accountant)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/admin/reports/{name}/", PERIOD | {"by": by}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[1] <= MOST_QUERIES


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ({"first_day": "2026-03-31", "last_day": "2026-03-01"}, "Период заканчивается раньше"),
        ({"first_day": "2020-01-01", "last_day": "2026-03-01"}, "не больше года"),
        ({"first_day": "вчера"}, "правильную дату"),
        ({"shops": "99"}, "99"),
        ({"by": "weather"}, "weather"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(
    client: Client, accountant: User, question: dict[str, str], complaint: str
) -> None:
    page = client.get("/admin/reports/discrepancies/", question)
    assert complaint in page.content.decode()
    assert "report" not in page.context
    assert client.get("/admin/reports/discrepancies/xlsx/", question).status_code == 302


def test_there_are_no_other_reports_and_files(client: Client, accountant: User) -> None:
    assert client.get("/admin/reports/weather/").status_code == 404
    assert client.get("/admin/reports/vat/csv/").status_code == 404


def test_a_figure_leads_to_the_rows_behind_it(client: Client, accountant: User) -> None:
    make_books()
    for name in REPORTS:
        for row in client.get(f"/admin/reports/{name}/", PERIOD).context["rows"]:
            for cell in row:
                if cell.address:
                    listed = client.get(cell.address)
                    assert listed.status_code == 200, cell.address
                    if cell.text.isdigit():  # it is how many there are
                        assert listed.context["cl"].result_count == int(cell.text), cell.address


def test_without_weasyprint_the_page_says_what_to_install(
    client: Client, accountant: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Any:
        raise pdf.PdfUnavailable

    monkeypatch.setattr(pdf, "_import_weasyprint", fail)
    answer = client.get("/admin/reports/vat/pdf/", PERIOD, follow=True)
    assert answer.redirect_chain[0][1] == 302
    (message,) = answer.context["messages"]
    assert "libpango-1.0-0" in str(message)


def test_a_pdf_fetches_nothing() -> None:
    with pytest.raises(ValueError, match="fetches nothing"):
        pdf._refuse("http://example.com/picture.png")


def test_rows_beyond_the_limit_are_added_up_in_one() -> None:
    columns = (Column("Name", ColumnType.TEXT), Column("Sum", ColumnType.AMOUNT))
    rows = tuple(Row((str(number), Decimal(number))) for number in range(1, 11))
    report = Report("r", "R", (), columns, rows, ("Total", Decimal(55)))
    short = shorten(report, 3, "and %(count)d more")
    assert [row.cells for row in short.rows[3:]] == [("and 7 more", Decimal(49))]
    assert add_up(columns, short.rows)[1] == report.totals[1]
    assert shorten(report, 9, "") is report


def test_a_sheet_shows_a_time_as_the_clock_of_the_shop_does() -> None:
    columns = (Column("Name", ColumnType.TEXT), Column("Closed", ColumnType.TIME))
    closed_at = NOON.astimezone(ZoneInfo("Asia/Vladivostok"))
    report = Report("r", "R", (), columns, (Row(("a", closed_at)),), ("Total", None))
    file = io.BytesIO()
    write_workbook(file, report)
    assert read_sheet(file.getvalue())[-2][1] == datetime(2026, 3, 25, 22, 0)


def test_the_chart_library_is_the_one_that_was_checked() -> None:
    lines = [line.split() for line in (VENDOR / "SHA256SUMS").read_text().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert set(sums) == {"chart.umd.js", "LICENSE.md"}
    for name, digest in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    assert "Chart.js v4.6.1" in (VENDOR / "chart.umd.js").read_text(encoding="utf-8")[:100]
