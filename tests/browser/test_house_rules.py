"""A chief accountant in a browser: makes a rule of the house, tries it, applies it, and finds it in the history."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation.models import Discrepancy, HouseRule, Status
from tests.browser.conftest import TIMEOUT_MILLISECONDS
from tests.house_rules.rules import make_account, make_chief, sell_for

RULES = "/admin/reconciliation/houserule/"


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, client: Client) -> Iterator[Page]:
    """A browser in which the chief accountant is logged in; two small differences and a large one wait."""
    client.force_login(make_chief())
    make_account()
    for bill, price in (("1", "100.40"), ("2", "99.50"), ("3", "150")):
        sell_for(price, bill)
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MILLISECONDS)
    yield page
    context.close()


def fill_in(page: Page) -> None:
    page.goto(f"{RULES}add/")
    page.get_by_label("Название").fill("Копейки")
    page.get_by_label("другая цена").check()
    page.get_by_label("Разница не больше").fill("1,00")
    page.get_by_label("Причина").select_option(label="списано")
    page.get_by_label("Счёт списания").select_option(label="91.02 Округление")


@pytest.mark.django_db(transaction=True)
def test_a_rule_is_tried_made_applied_and_found_in_the_history(page: Page) -> None:
    fill_in(page)
    expect(page.get_by_label("Кому")).to_be_hidden()
    page.get_by_role("button", name="Предпросмотр").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Что сделало бы правило за последние 90 дней")
    expect(preview.locator(".headline dd").first).to_have_text("2")
    assert not HouseRule.objects.exists()

    page.get_by_role("button", name="Ввести в действие").click()
    expect(page.locator(".lead")).to_contain_text("другая цена · до 1,00")
    page.get_by_role("link", name="Применить к открытым…").click()
    rows = page.locator(".rule-rows tbody tr")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Применить правило").click()
    expect(page.get_by_text("Правило применено к 2 расхождениям.")).to_be_visible()

    closed = Discrepancy.objects.filter(status=Status.RESOLVED)
    assert sorted(closed.values_list("case__bill__external_id", flat=True)) == ["1", "2"]
    page.goto(f"/admin/reconciliation/discrepancy/{closed.earliest('pk').pk}/change/")
    history = page.locator("section").filter(has=page.get_by_role("heading", name="История")).get_by_role("row")
    expect(history.last).to_contain_text("по правилу «Копейки»")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_runs_out_of_the_pages_of_rules(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    fill_in(page)
    page.get_by_role("button", name="Предпросмотр").click()
    expect(page.locator("#preview")).to_be_visible()
    assert measure_overflow(page) == 0, "the form"
    page.get_by_role("button", name="Ввести в действие").click()
    expect(page.locator(".lead")).to_be_visible()
    rule = HouseRule.objects.get()
    for address in (RULES, f"{RULES}{rule.pk}/change/", f"{RULES}{rule.pk}/apply/", f"{RULES}{rule.pk}/replace/"):
        page.goto(address)
        expect(page.locator("#content")).to_be_visible()
        assert measure_overflow(page) == 0, address


def measure_overflow(page: Page) -> int:
    overflow: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return overflow
