"""An accountant in a browser: a receipt without a bill is linked by a suggestion, and one is split line by line."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy, Status
from shops.models import Bill, Receipt
from tests.browser.conftest import TIMEOUT_MILLISECONDS, log_in
from tests.factories import make_accountant
from tests.logs import Log, judge, line, make_bill, make_receipt

SPACE = "\u00a0"
DRESS, HAT = line("Платье", 3100), line("Шляпа", 900)


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The queue with two receipts that do not say what they pay, as the accountant sees it after logging in."""
    log = Log()
    log.ask_bill(make_bill("501", [DRESS]))
    log.ask_bill(make_bill("502", [DRESS]))
    log.ask_bill(make_bill("503", [HAT]))
    log.deliver(make_receipt("r-1", [DRESS], extras={"number": "510-CRM"}))
    log.deliver(make_receipt("r-2", [DRESS, HAT]))
    judge(log)
    make_accountant().user_permissions.add(Permission.objects.get(codename="link_receipt"))
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    page.goto("/admin/reconciliation/discrepancy/")
    log_in(page, "accountant")
    expect(page.locator("#result_list")).to_be_visible()
    yield page
    context.close()


def measure_overflow(page: Page) -> int:
    overflow: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return overflow


@pytest.mark.django_db(transaction=True)
def test_a_receipt_is_linked_by_a_suggestion(page: Page) -> None:
    discrepancy = Discrepancy.objects.get(case__receipt__receipt_id="r-1")
    page.goto(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/")
    page.get_by_role("link", name="Привязать…").click()

    first = page.locator(".pairs tbody tr").first
    expect(first).to_contain_text("501-CRM")
    expect(first).to_contain_text("та же сумма; 1 из 1 позиции; номер похож на указанный в чеке")
    page.set_viewport_size({"width": 390, "height": 900})
    assert measure_overflow(page) == 0
    first.get_by_role("link", name="Привязать…").click()

    expect(page.get_by_text("оплачен полностью, расхождений нет")).to_be_visible()
    assert measure_overflow(page) == 0
    page.get_by_label("Комментарий").fill("Кассир не выбрал счёт")
    page.get_by_role("button", name="Привязать").click()

    expect(page.get_by_text("Чек привязан к счёту 501-CRM.")).to_be_visible()
    expect(page.locator(".lead .flags")).to_contain_text("закрыто")
    expect(page.get_by_text("Кассир не выбрал счёт")).to_be_visible()
    discrepancy.refresh_from_db()
    assert discrepancy.status == Status.RESOLVED
    assert not Bill.objects.get(external_id="501").on_offer


@pytest.mark.django_db(transaction=True)
def test_a_receipt_is_split_over_two_bills(page: Page) -> None:
    receipt = Receipt.objects.get(receipt_id="r-2")
    page.goto(f"/admin/shops/receipt/{receipt.pk}/link/")
    page.get_by_role("link", name="Разделить по нескольким счетам…").click()
    for number in ("502-CRM", "503-CRM"):
        page.get_by_label("Номер или код счёта").fill(number)
        page.get_by_role("button", name="Добавить счёт").click()
    expect(page.get_by_label("Платье: 502-CRM")).to_have_value("3100.00")
    hat = page.get_by_label("Шляпа: 503-CRM")
    expect(hat).to_have_value("900.00")
    hat.fill("890,50")
    expect(page.get_by_role("row").filter(has_text="Шляпа").locator("output")).to_have_text("9,50")
    hat.fill("900")
    page.get_by_role("button", name="Показать, что изменится").click()
    expect(page.get_by_text("оплачен полностью, расхождений нет")).to_have_count(2)
    page.get_by_role("button", name="Разделить").click()
    expect(page.get_by_text("Чек разделён.")).to_be_visible()
    assert Receipt.objects.get(receipt_id="r-2").is_allocated
    assert Bill.objects.filter(on_offer=True).get().external_id == "501"
