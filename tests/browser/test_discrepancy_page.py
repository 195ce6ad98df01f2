"""An accountant in a browser: from the queue to the 31 690, and to a decision."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy, Status
from tests.browser.conftest import TIMEOUT_MILLISECONDS, log_in
from tests.factories import import_sample, make_account, make_accountant
from tests.logs import Log, judge, line, make_bill, make_receipt

SPACE, MINUS = "\u00a0", "\u2212\u2060"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The queue, as the accountant sees it after logging in."""
    import_sample()
    make_accountant()
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


def read_amount(text: str) -> Decimal:
    return Decimal(text.strip().replace("\u2060", "").replace(MINUS[0], "-").replace(SPACE, "").replace(",", "."))


@pytest.mark.django_db(transaction=True)
def test_the_waterfall_leads_from_what_was_due_to_what_was_received(page: Page) -> None:
    tea, cup, pot = line("tea", 500, 2), line("cup", 300), line("pot", 1200)
    bill, log = make_bill("501", [tea, cup, pot]), Log()
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [line("tea", 450, 2), line("cup", 300, discount=30), line("lid", 250)], bill))
    judge(log)
    partial = Discrepancy.objects.get(case__bill__external_id="501", kind="partial_receipt")
    page.goto(f"/admin/reconciliation/discrepancy/{partial.pk}/change/")
    rows = page.locator(".waterfall tbody tr")
    expect(rows).to_have_count(6)
    due, *causes, received = [read_amount(text) for text in rows.locator(".figure").all_inner_texts()]
    assert (due, received) == (Decimal(2500), Decimal(1420))
    assert due + sum(causes) == received
    boxes = [box for bar in rows.locator("rect").all() if (box := bar.bounding_box())]
    assert len(boxes) == 6
    assert all(box["width"] > 0 and box["height"] > 0 for box in boxes)
    fallen, foot = boxes[1], boxes[-1]
    assert abs(fallen["x"] + fallen["width"] - boxes[0]["x"] - boxes[0]["width"]) < 2, "it begins where the due ends"
    assert abs(foot["x"] - boxes[0]["x"]) < 2, "both feet stand on zero"
    take = page.get_by_role("button", name="Взять в работу").bounding_box()
    assert take is not None
    assert take["y"] + take["height"] < 900, "without scrolling"


def log_in_again(page: Page, name: str) -> None:
    page.context.clear_cookies()
    page.goto("/admin/reconciliation/discrepancy/")
    log_in(page, name)
    expect(page.locator("#result_list")).to_be_visible()


@pytest.mark.django_db(transaction=True)
def test_a_write_off_is_confirmed_by_a_second_person(page: Page, tmp_path: Path) -> None:
    make_account()
    make_accountant("colleague")
    discrepancy = Discrepancy.objects.get(case__bill__external_id="137456")
    address = f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/"
    act = tmp_path / "Акт.txt"
    act.write_text("Вещи вернули на склад", encoding="utf-8")

    page.goto(address)
    page.get_by_text("Добавить комментарий…").click()
    page.locator("#work-comment").get_by_label("Комментарий").fill("Акт приложен")
    page.locator("#work-comment").get_by_label("Файлы").set_input_files(act)
    page.get_by_role("button", name="Добавить комментарий", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Акт.txt").click()
    assert download.value.path().read_text(encoding="utf-8") == "Вещи вернули на склад"

    page.get_by_text("Списать…").click()
    expect(page.locator("#work-write-off")).to_contain_text("списание подтвердит второй человек")
    page.get_by_label("Счёт списания").select_option(label="94 Недостача в кассе")
    page.get_by_role("button", name="Списать", exact=True).click()
    expect(page.locator(".lead .flags")).to_contain_text("ждёт подтверждения")
    expect(page.get_by_text("Подтвердить…")).to_have_count(0)

    log_in_again(page, "colleague")
    page.goto(address)
    page.get_by_text("Подтвердить…").click()
    expect(page.locator("#work-confirm")).to_contain_text("будет списано на «94 Недостача в кассе»")
    page.locator("#work-confirm").get_by_role("button", name="Подтвердить", exact=True).click()
    expect(page.locator(".lead .flags")).to_contain_text("закрыто")
    expect(page.locator(".lead .facts")).to_contain_text("списано на «94 Недостача в кассе»")
    discrepancy.refresh_from_db()
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, "written_off")


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
