"""Every kind of page, in a browser that holds it to its content policy. That none is refused anything, each test of
this folder sees to (`no_console_error`)."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import conftest
from tests.browser.conftest import TIMEOUT_MILLISECONDS
from tests.factories import import_sample

LISTS = (
    "auth/group",
    "auth/user",
    "reconciliation/discrepancy",
    "reconciliation/houserule",
    "reconciliation/letter",
    "reconciliation/period",
    "shops/apikey",
    "shops/bill",
    "shops/crmwebhook",
    "shops/exchangeevent",
    "shops/product",
    "shops/receipt",
    "shops/shop",
    "shops/upstream",
)
PAGES = ("/", "/admin/", "/admin/reports/aging/", *(f"/admin/{name}/" for name in LISTS), "/api/docs/")


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """An administrator who has logged in."""
    import_sample()
    User.objects.create_superuser("administrator", password="a long password")
    context = browser.new_context(locale="en", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("Username").fill("administrator")
    page.get_by_label("Password").first.fill("a long password")
    page.keyboard.press("Enter")
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()
    yield page
    context.close()


@pytest.mark.django_db(transaction=True)
def test_the_pages_are_refused_nothing(page: Page) -> None:
    for address in PAGES:
        response = page.goto(address)
        assert response is not None and response.status == 200, address
        page.wait_for_load_state("networkidle")
        assert conftest.console_errors == [], address


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/admin/", "/api/docs/"])
def test_a_script_that_got_into_a_page_does_not_run(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "document.title = 'stolen'";
            document.body.append(script);
        }"""
    )
    page.wait_for_function("() => true")
    assert page.title() != "stolen"
    assert len(conftest.console_errors) == 1 and "Content Security Policy" in conftest.console_errors[0]
    conftest.console_errors.clear()
