"""An owner in a browser, on a phone and at a desk, in both languages: the period, the rows behind a figure, paper."""

import hashlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy
from shops.models import Bill, Product, Receipt, Shop
from tests.browser.conftest import TIMEOUT_MILLISECONDS
from tests.factories import join_shop, make_bill, make_discrepancy, make_receipt

AXE = Path(__file__).parents[1] / "vendor" / "axe"
HTMX = Path(__file__).parents[2] / "crmpos" / "static" / "crmpos" / "vendor" / "htmx"
NO_BREAK_SPACE = "\u00a0"
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
WORDS = {
    "ru": {"yesterday": "Вчера", "today": "Сегодня", "week": "Неделя", "missing": "Не хватает", "own": "Свои дни"},
    "en": {"yesterday": "Yesterday", "today": "Today", "week": "Week", "missing": "is missing", "own": "Own days"},
}


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    """Of today a bill of 40 310,50 paid with 650,00 in four receipts; of yesterday one that is paid."""
    shop = Shop.objects.create(number=7, name="Салон «Полюс»")
    now, yesterday = timezone.now(), timezone.now() - timedelta(days=1)
    for moment, total, paid in ((now, "40310.50", "650.00"), (yesterday, "900.00", "900.00")):
        bill = make_bill(shop, total=total)
        receipt = make_receipt(bill, total=paid)
        Bill.objects.filter(pk=bill.pk).update(issued_at=moment, is_paid=total == paid)
        Receipt.objects.filter(pk=receipt.pk).update(printed_at=moment, received_at=moment)
        if total != paid:
            discrepancy = make_discrepancy(bill, amount="-39660.50")
            Discrepancy.objects.filter(pk=discrepancy.pk).update(opened_at=moment)
    Product.objects.create(
        shop=shop,
        external_id="1",
        name="Рубашка льняная с очень длинным названием, которое никуда не помещается, р.52",
        price=1,
        last_seen_at=now,
    )
    return shop


@pytest.fixture(params=["ru", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> dict[str, int]:
    width, height = SIZES[request.param]
    return {"width": width, "height": height}


@pytest.fixture
def context(
    browser: Browser, live_server: LiveServer, shop: Shop, language: str, size: dict[str, Any]
) -> Iterator[BrowserContext]:
    """Somebody who belongs to the shop and may not enter the admin, logged in."""
    owner = User.objects.create_user("owner", first_name="Ада", last_name="Лавлейс")
    join_shop(owner, "Owners", shop)
    client = Client()
    client.force_login(owner)
    context = browser.new_context(locale=language, viewport=size, base_url=live_server.url)  # type: ignore[arg-type]
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """The page of today. Whatever the browser complains of fails the test, as does what the policy forbids."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.route(re.compile(r"/shops/"), add_policy)
    page.goto("/shops/7/?period=today", wait_until="networkidle")
    yield page
    assert complaints == []


def add_policy(route: Any) -> None:
    """The page as it would come where only files of the site itself are allowed."""
    response = route.fetch(max_redirects=0)
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
    route.fulfill(response=response, headers=response.headers | {"content-security-policy": policy})


def test_an_owner_sees_what_is_missing_and_follows_it(page: Page, language: str) -> None:
    words = WORDS[language]
    expect(page.locator("#verdict")).to_contain_text(words["missing"])
    expect(page.locator("canvas[data-drawn=yes]")).to_be_visible()
    assert overflow(page) == 0

    page.get_by_role("link", name=words["yesterday"], exact=True).click()
    expect(page.locator("#verdict.good")).to_be_visible()
    expect(page).to_have_url(re.compile("period=yesterday"))
    expect(page.locator("canvas[data-drawn=yes]")).to_be_visible()
    expect(page.locator("#figure-received .figure-amount")).to_contain_text("900")
    page.go_back()
    expect(page.locator("#verdict.bad")).to_be_visible()

    shown = page.locator("#figure-missing .figure-amount").inner_text()
    page.locator("#figure-missing .figure-amount a").click()
    expect(page.locator("#total")).to_have_text(shown)
    assert overflow(page) == 0


@pytest.mark.parametrize("language", ["ru"], indirect=True)
def test_own_days_are_chosen(page: Page) -> None:
    page.locator("details.own-days summary").click()
    page.get_by_label("От", exact=True).fill("2020-01-01")
    page.get_by_label("До", exact=True).fill("2020-01-31")
    page.get_by_role("button", name="Показать").click()
    expect(page.locator("#verdict.info")).to_be_visible()
    expect(page).to_have_url(re.compile("period=own&from=2020-01-01&to=2020-01-31"))


@pytest.mark.parametrize(
    "place", ["?period=week", "receipts/", "bills/", "bills/?what=billed", "discrepancies/", "lines/"]
)
def test_nothing_is_wider_than_the_screen(page: Page, place: str) -> None:
    page.goto(f"/shops/7/{place}", wait_until="networkidle")
    assert overflow(page) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["/shops/7/?period=today", "/shops/7/?period=yesterday", "/shops/7/receipts/"])
def test_axe_finds_nothing_serious(page: Page, place: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(place, wait_until="networkidle")
    page.evaluate((AXE / "axe.min.js").read_text())
    found = page.evaluate("axe.run()")
    serious = [
        (item["id"], item["help"], [node["html"] for node in item["nodes"]])
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("language", ["ru"], indirect=True)
def test_it_prints_without_what_is_for_the_screen(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".tabs").first).to_be_hidden()
    expect(page.locator("canvas[data-chart]")).to_be_hidden()
    expect(page.locator("#table-days")).to_be_visible()
    expect(page.locator("#verdict")).to_be_visible()
    assert page.locator("#verdict").inner_text().replace(NO_BREAK_SPACE, " ").startswith("Не хватает 39 660,50")


@pytest.mark.parametrize("folder", [AXE, HTMX], ids=["axe", "htmx"])
def test_what_others_have_written_lies_here_as_it_came(folder: Path) -> None:
    lines = [line.split() for line in (folder / "SHA256SUMS").read_text().splitlines()]
    assert len(lines) >= 2
    for digest, name in lines:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def overflow(page: Page) -> int:
    page.wait_for_load_state()  # a page that a click has led to may not have its styles yet
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
