"""The page that shows the API: it loads nothing from elsewhere, complains of nothing, and can be tried out."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from shops.access import create_key
from shops.models import Shop
from tests.browser.conftest import TIMEOUT_MILLISECONDS
from tests.factories import import_sample


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page that must not fail, and must ask nobody but this server."""
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    here = urlsplit(live_server.url).netloc
    assert [url for url in asked if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != here] == []
    assert [text for text in complaints if not text.startswith(("log:", "info:", "debug:"))] == []
    context.close()


@pytest.mark.django_db(transaction=True)
def test_every_address_is_shown_with_its_example(page: Page) -> None:
    page.goto("/api/docs/")
    expect(page).to_have_title("crmpos")
    bills = page.locator("#operations-bills-bills_retrieve")
    expect(bills).to_be_visible()
    for name in ("bills", "receipts", "exchange-events", "discrepancies"):
        expect(page.locator(f"#operations-tag-{name}")).to_be_visible()
    bills.get_by_role("button").first.click()
    expect(bills).to_contain_text("31690.00")
    expect(bills).to_contain_text("-31040.00")


@pytest.mark.django_db(transaction=True)
def test_a_list_is_tried_out_with_a_key(page: Page) -> None:
    import_sample()
    key = create_key(Shop.objects.get(number=171), "office", now=timezone.now())
    page.goto("/api/docs/")
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".modal-ux")
    by_key = dialog.locator("form").filter(has_text="Bearer")
    by_key.locator("input").fill(key.secret)
    by_key.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").first.click()
    bills = page.locator("#operations-discrepancies-discrepancies_list")
    bills.get_by_role("button").first.click()
    bills.get_by_role("button", name="Try it out").click()
    bills.get_by_role("button", name="Execute").click()
    expect(bills.locator(".live-responses-table")).to_contain_text("listed_after_receipt")
    expect(bills.locator(".live-responses-table")).not_to_contain_text("partial_receipt")
