"""An accountant works the queue with the keyboard alone: filters, looks under a row, takes, resolves, goes on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy, SavedView, Status
from tests.browser.conftest import TIMEOUT_MILLISECONDS, log_in
from tests.factories import import_sample, make_accountant

QUEUE = "/admin/reconciliation/discrepancy/"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The queue after logging in; a page that complains of nothing."""
    import_sample()
    make_accountant()
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(QUEUE)
    log_in(page, "accountant")
    expect(page.locator("#result_list")).to_be_visible()
    page.wait_for_load_state()
    yield page
    assert complaints == []
    context.close()


@pytest.mark.django_db(transaction=True)
def test_from_the_first_row_to_a_resolved_discrepancy_without_a_mouse(page: Page) -> None:
    rows = page.locator("tr.data-row")
    expect(rows.first).to_contain_text("137456")
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()

    page.keyboard.press("Space")
    lines = page.locator(".lines-row")
    expect(lines.locator(".row-unpaid")).to_have_count(4)
    expect(rows.first.locator(".row-lines")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Space")
    expect(lines).to_be_hidden()

    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("t")
    expect(page.get_by_text("1 расхождение: взято в работу")).to_be_visible()
    expect(rows.first).to_contain_text("в работе")
    expect(rows.first).to_be_focused()

    page.keyboard.press("r")
    page.get_by_label("Причина").select_option(label="остаток будет оплачен")
    page.get_by_role("button", name="Закрыть", exact=True).click()
    expect(page.get_by_text("1 расхождение: закрыто")).to_be_visible()
    expect(rows.filter(has_text="137456")).to_have_count(0)
    discrepancy = Discrepancy.objects.get(case__bill__external_id="137456")
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, "rest_will_be_paid")


@pytest.mark.django_db(transaction=True)
def test_a_filter_is_chosen_saved_and_opened_again(page: Page) -> None:
    bar = page.locator(".queue-bar")
    bar.get_by_label("Вид").select_option("partial_receipt")
    bar.get_by_label("Разница до").fill("-1 000,00")
    bar.get_by_role("button", name="Показать").click()
    expect(page.locator("tr.data-row")).to_have_count(1)
    expect(page.locator(".queue-figures")).to_contain_text("31\u00a0040,00")
    page.get_by_text("Сохранить фильтр…").click()
    page.get_by_label("Название фильтра").fill("Крупные недоплаты")
    page.get_by_role("button", name="Сохранить", exact=True).click()
    assert SavedView.objects.get().query == "kind__exact=partial_receipt&amount_to=-1+000%2C00"
    page.goto(QUEUE)
    page.get_by_role("link", name="Крупные недоплаты").click()
    expect(page.locator("tr.data-row")).to_have_count(1)


@pytest.mark.django_db(transaction=True)
def test_keys_are_letters_where_somebody_types(page: Page) -> None:
    search = page.locator("#searchbar")
    search.click()
    page.keyboard.type("трjt?")
    expect(search).to_have_value("трjt?")
    assert not Discrepancy.objects.exclude(assignee=None).exists()
    page.locator("h1, body").first.click(position={"x": 700, "y": 5})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Клавиши")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Клавиши")).to_be_hidden()
    assert not Discrepancy.objects.exclude(assignee=None).exists()


@pytest.mark.django_db(transaction=True)
def test_from_one_discrepancy_to_the_next(page: Page) -> None:
    queue = list(Discrepancy.objects.filter(resolved_at=None).order_by("-magnitude", "severity", "opened_at", "id"))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{QUEUE}{queue[0].pk}/change/")  # and for all of the page, its buttons too
    page.keyboard.press("t")
    expect(page.locator(".lead .flags")).to_contain_text("в работе")
    page.wait_for_load_state()
    page.keyboard.press("r")
    expect(page.get_by_label("Причина")).to_be_focused()
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    page.wait_for_url(f"**/{queue[1].pk}/change/*")
    page.keyboard.press("p")
    page.wait_for_url(f"**/{queue[0].pk}/change/*")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_an_open_row_does_not_run_out_of_the_page(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(QUEUE, wait_until="networkidle")
    page.locator(".row-lines").first.click()
    expect(page.locator(".lines-row table")).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0
