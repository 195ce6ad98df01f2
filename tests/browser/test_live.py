"""A page that is open learns of a receipt by itself, and leaves whoever is in the middle of something alone."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation import decisions
from reconciliation.models import Discrepancy
from shops.models import Bill, Receipt
from tests.browser.conftest import TIMEOUT_MILLISECONDS, log_in
from tests.factories import import_sample, make_accountant, make_bill, make_person, make_receipt

QUEUE = "/admin/reconciliation/discrepancy/"
SHOP = 40


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Logged in, as an accountant who may also look at the owner's page."""
    import_sample()
    make_accountant()
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    page.goto(QUEUE)
    log_in(page, "accountant")
    expect(page.locator("#result_list")).to_be_visible()
    yield page
    context.close()


def sell(total: str) -> Receipt:
    """A receipt of today, as if a register had just brought it."""
    receipt = make_receipt(make_bill(Bill.objects.filter(shop=SHOP).first().shop), total=total)  # type: ignore[union-attr]
    now = timezone.now()
    Receipt.objects.filter(pk=receipt.pk).update(printed_at=now, received_at=now, total=Decimal(total))
    return receipt


@pytest.mark.django_db(transaction=True)
def test_the_owners_page_shows_a_receipt_that_has_just_come(open_page: Page) -> None:
    open_page.goto(f"/shops/{SHOP}/?period=today")
    expect(open_page.locator("#content")).not_to_contain_text("4\u00a0321,00")
    sell("4321.00")
    expect(open_page.locator("#content")).to_contain_text("4\u00a0321,00")
    # It goes on asking, and the new parts work like the old ones.
    sell("1000.00")
    expect(open_page.locator("#content")).to_contain_text("5\u00a0321,00")
    open_page.locator("#period-week").click()
    expect(open_page).to_have_url(f"{open_page.url.split('?')[0]}?period=week")


@pytest.mark.django_db(transaction=True)
def test_the_queue_shows_what_a_colleague_has_done(open_page: Page) -> None:
    row = open_page.locator("tr.data-row").first
    open_page.keyboard.press("j")
    expect(row).to_be_focused()
    discrepancy = Discrepancy.objects.get(case__bill__external_id="137456")
    decisions.take(discrepancy, actor=make_accountant("anna"), now=timezone.now())
    expect(row).to_contain_text("anna")
    expect(row).to_be_focused()
    open_page.keyboard.press("t")
    expect(open_page.get_by_text("1 расхождение: взято в работу")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_whoever_has_chosen_rows_is_asked_first(open_page: Page) -> None:
    row = open_page.locator("tr.data-row").first
    row.locator("input.action-select").check()
    discrepancy = Discrepancy.objects.get(case__bill__external_id="137456")
    decisions.take(discrepancy, actor=make_accountant("anna"), now=timezone.now())
    offer = open_page.locator(".live-offer")
    expect(offer).to_contain_text("Появились новые данные")
    expect(row).not_to_contain_text("anna")
    expect(row.locator("input.action-select")).to_be_checked()
    offer.get_by_role("button", name="Обновить").click()
    expect(row).to_contain_text("anna")
    expect(offer).to_have_count(0)


@pytest.mark.django_db(transaction=True)
def test_whoever_is_logged_out_is_told_so(open_page: Page) -> None:
    open_page.context.clear_cookies()
    expect(open_page.locator(".live-offer")).to_contain_text("войдите снова")


@pytest.mark.django_db(transaction=True)
def test_a_server_that_comes_back_is_asked_again(open_page: Page) -> None:
    open_page.route("**/version/", lambda route: route.abort())
    decisions.take(
        Discrepancy.objects.get(case__bill__external_id="137456"),
        actor=make_person("anna", "Accountants"),
        now=timezone.now(),
    )
    open_page.wait_for_event("requestfailed")
    open_page.unroute("**/version/")
    expect(open_page.locator("tr.data-row").first).to_contain_text("anna")
