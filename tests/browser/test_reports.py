"""An accountant in a browser: a report with its chart, and the same as a workbook and as a PDF."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy
from tests.browser.conftest import TIMEOUT_MILLISECONDS, log_in
from tests.factories import NOON, import_sample, make_accountant

DIFFERENCE = "31040,00"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The report of discrepancies, as the accountant sees it after logging in."""
    import_sample()
    Discrepancy.objects.update(opened_at=NOON)
    make_accountant()
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    page.goto("/admin/")
    log_in(page, "accountant")
    page.locator("#nav-sidebar a[href='/admin/reports/discrepancies/']").click()
    page.get_by_label("От", exact=True).fill("2026-03-01")
    page.get_by_label("До", exact=True).fill("2026-03-31")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator(".report-table")).to_be_visible()
    yield page
    context.close()


def download(page: Page, name: str) -> io.BytesIO:
    with page.expect_download() as started:
        page.get_by_role("link", name=name).click()
    return io.BytesIO(Path(started.value.path()).read_bytes())


@pytest.mark.django_db(transaction=True)
def test_a_report_is_seen_and_taken_as_a_workbook_and_as_a_pdf(page: Page) -> None:
    expect(page.locator("#report-chart[data-drawn=yes]")).to_be_visible()
    expect(page.locator(".report-table tfoot")).to_contain_text("31\u00a0040,00")

    sheet = load_workbook(download(page, "XLSX"), data_only=True).active
    assert sheet is not None
    (totals,) = (row for row in sheet.iter_rows(values_only=True) if row[0] == "Всего")
    assert totals[5] == -31040

    printed = "".join(part.extract_text() for part in PdfReader(download(page, "PDF")).pages)
    assert DIFFERENCE in "".join(printed.split())

    page.get_by_role("link", name="По магазинам").click()
    expect(page.get_by_role("row").filter(has_text="40 ").first).to_be_visible()
    expect(page.locator("#report-chart[data-drawn=yes]")).to_be_visible()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["discrepancies", "aging", "shifts", "vat", "resolution"])
def test_a_report_fits_on_a_phone(page: Page, name: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"/admin/reports/{name}/?first_day=2026-03-01&last_day=2026-03-31", wait_until="networkidle")
    expect(page.locator(".report-table")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
