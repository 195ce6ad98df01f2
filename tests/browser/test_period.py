"""A chief accountant closes a month in a browser, and reads the downloaded protocol back."""

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Period
from tests.browser.conftest import TIMEOUT_MILLISECONDS, log_in
from tests.factories import make_shop
from tests.periods.books import JANUARY, Books, make_chief


@pytest.fixture
def books(transactional_db: None) -> Books:
    """January is closed; February has a late receipt, and a bill that was paid in part."""
    shop = make_shop(7)
    books = Books(shop, make_chief())
    first = books.bill("1000.00", "2026-01-10 10:00", number="17-CRM")
    books.receipt("650.00", "2026-01-10 11:00", bill=first, payment_source="PAY_CASH")
    books.close(JANUARY)
    books.receipt("150.00", "2026-01-30 11:00", bill=first)
    second = books.bill("500.00", "2026-02-10 10:00", number="18-CRM")
    books.receipt("400.00", "2026-02-10 11:00", bill=second)
    books.difference(second, "-100.00", "2026-02-10 11:00")
    return books


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, books: Books) -> Iterator[Page]:
    """The list of closed months, as the chief accountant sees it after logging in."""
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/admin/reconciliation/period/")
    log_in(page, "chief")
    expect(page.locator("#result_list")).to_be_visible()
    yield page
    assert complaints == []
    context.close()


@pytest.mark.django_db(transaction=True)
def test_a_month_is_closed_and_its_protocol_downloaded(page: Page, tmp_path: Path) -> None:
    row = page.locator(".next-months").get_by_role("row").filter(has_text="Shop 7")
    expect(row).to_contain_text("Февраль 2026")
    row.get_by_role("link", name="Посмотреть и закрыть").click()

    expect(page.locator(".protocol")).to_contain_text("300,00")
    expect(page.get_by_role("button", name="Закрыть месяц…")).to_have_count(0)
    page.get_by_placeholder("Комментарий").fill("ждём оплаты")
    page.get_by_role("button", name="Отметить").click()
    expect(page.get_by_text("отмечено", exact=True)).to_be_visible()

    page.get_by_role("button", name="Закрыть месяц…").click()
    expect(page.get_by_role("heading", name="Закрыть месяц: Февраль 2026?").last).to_be_visible()
    page.get_by_role("button", name="Закрыть месяц").click()

    expect(page.locator(".lead .flags")).to_contain_text("закрыт")
    balances = page.locator(".protocol-balance")
    expect(balances.first).to_contain_text("350,00")
    expect(balances.last).to_contain_text("300,00")
    expect(page.locator("section").filter(has_text="Корректировки закрытых месяцев")).to_contain_text("17-CRM")

    with page.expect_download() as expected:
        page.get_by_role("link", name="Скачать XLSX").click()
    path = tmp_path / "protocol.xlsx"
    expected.value.save_as(path)
    assert expected.value.suggested_filename == "protocol-7-2026-02.xlsx"
    rows = list(openpyxl.load_workbook(path)["Протокол"].iter_rows(values_only=True))
    assert rows[1:] == [
        (None, "К оплате на начало месяца", None, None, 350),
        ("+", "Выставлено", 500, 0, 500),
        ("−", "Получено", 400, 150, 550),
        (None, "   карта", 400, 150, 550),
        ("+", "Возвращено", 0, 0, 0),
        ("−", "Списано", 0, 0, 0),
        ("=", "К оплате на конец месяца", None, None, 300),
    ]
    assert Period.objects.get(month="2026-02-01").protocol["closing"] == "300.00"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_runs_out_of_the_pages_of_months(page: Page, books: Books, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("", "next/7/2026-02/", f"{books.closed[0].pk}/change/"):
        page.goto(f"/admin/reconciliation/period/{address}", wait_until="networkidle")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, address
