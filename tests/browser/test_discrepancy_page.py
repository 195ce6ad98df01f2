"""An accountant in a browser: from the queue to the 31 690, and to a decision."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy, Status
from tests.factories import import_sample, make_accountant

SPACE, MINUS = "\u00a0", "\u2212\u2060"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The queue, as the accountant sees it after logging in."""
    import_sample()
    make_accountant()
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    page = context.new_page()
    page.goto("/admin/reconciliation/discrepancy/")
    page.get_by_label("Имя пользователя").fill("accountant")
    page.get_by_label("Пароль").first.fill("a long password")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list")).to_be_visible()
    yield page
    context.close()


def measure_overflow(page: Page) -> int:
    overflow: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return overflow


@pytest.mark.django_db(transaction=True)
def test_the_31_690_are_found_understood_and_resolved(page: Page) -> None:
    row = page.get_by_role("row").filter(has_text="137456")
    expect(row).to_contain_text(f"{MINUS}31{SPACE}040,00")
    row.get_by_role("link", name="частичная оплата").click()

    expect(page.locator(".explanation")).to_contain_text(f"Получено 650,00 из 31{SPACE}690,00")
    expect(page.locator(".headline")).to_contain_text(f"{MINUS}31{SPACE}040,00")
    expect(page.locator(".row-unpaid")).to_have_count(4)

    page.get_by_role("button", name="Взять в работу").click()
    expect(page.locator(".lead .flags")).to_contain_text("в работе")

    page.get_by_text("Закрыть…").click()
    page.get_by_label("Причина").select_option(label="остаток будет оплачен")
    page.get_by_label("Комментарий").first.fill("Покупатель доплатит завтра")
    page.get_by_role("button", name="Закрыть", exact=True).click()

    expect(page.locator(".lead .flags")).to_contain_text("закрыто")
    history = page.locator("section").filter(has=page.get_by_role("heading", name="История")).get_by_role("row")
    expect(history).to_have_count(4)
    expect(history.last).to_contain_text("остаток будет оплачен")
    expect(history.last).to_contain_text("Покупатель доплатит завтра")

    discrepancy = Discrepancy.objects.get(case__bill__external_id="137456")
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, "rest_will_be_paid")
    assert page.goto("/admin/reconciliation/discrepancy/") is not None
    expect(page.get_by_role("row").filter(has_text="137456")).to_have_count(0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_runs_out_of_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    discrepancy = Discrepancy.objects.get(case__bill__external_id="137456")
    addresses = ("", f"{discrepancy.pk}/change/")
    for address in (*(f"reconciliation/discrepancy/{part}" for part in addresses), "shops/exchangeevent/", ""):
        page.goto(f"/admin/{address}", wait_until="networkidle")
        expect(page.locator("#content")).to_be_visible()
        assert measure_overflow(page) == 0, address
