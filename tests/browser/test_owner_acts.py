"""An owner acts on a phone: says how a customer has paid, invites somebody; and axe looks at every page."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from reconciliation import questions
from reconciliation.letters.sending import send_due_letters
from reconciliation.models import Discrepancy, Status
from shops.models import Shop
from tests.browser.test_owner_page import AXE, SIZES
from tests.factories import NOON, make_bill, make_discrepancy, make_receipt
from tests.notifications.conftest import MailServer, read_text
from tests.notifications.conftest import mail as mail
from tests.owner_acts.conftest import make_member

WIDTH, HEIGHT = SIZES["phone"]


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return Shop.objects.create(number=7, name="Салон «Полюс»")


@pytest.fixture
def row(shop: Shop) -> Discrepancy:
    bill = make_bill(shop, total="31690.00")
    make_receipt(bill, total="650.00")
    return make_discrepancy(bill, amount="-31040.00")


@pytest.fixture
def owner(shop: Shop) -> User:
    return make_member("owner", "Owners", shop)


@pytest.fixture
def accountant(shop: Shop) -> User:
    return make_member("accountant", "Accountants", shop, is_staff=True)


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    context = browser.new_context(
        locale="ru", viewport={"width": WIDTH, "height": HEIGHT}, base_url=live_server.url, java_script_enabled=True
    )
    yield context
    context.close()


@pytest.fixture
def desk(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900}, base_url=live_server.url)
    yield context
    context.close()


def enter(context: BrowserContext, person: User, live_server: LiveServer) -> Page:
    """A page of somebody who is logged in."""
    client = Client()
    client.force_login(person)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    return context.new_page()


def expect_good_page(page: Page) -> None:
    """It fits the screen, and axe finds nothing serious."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, page.url
    page.evaluate((AXE / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    serious = [
        f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found if fault["impact"] in ("serious", "critical")
    ]
    assert serious == [], page.url


@pytest.mark.django_db(transaction=True)
def test_an_owner_says_how_the_customer_paid_and_an_accountant_confirms(
    phone: BrowserContext,
    desk: BrowserContext,
    live_server: LiveServer,
    owner: User,
    accountant: User,
    row: Discrepancy,
) -> None:
    questions.ask(row, actor=accountant, comment="Как покупатель оплатил остальное?", now=NOON)
    page = enter(phone, owner, live_server)
    page.goto("/shops/7/questions/")
    expect_good_page(page)
    page.get_by_role("link", name=re.compile("^Ответить")).click()
    expect(page.locator("#question")).to_contain_text("Как покупатель оплатил остальное?")
    expect_good_page(page)
    page.get_by_text("Покупатель оплатил другим способом").first.click()
    form = page.locator("#act-paid-another-way")
    form.get_by_label("Как оплатил покупатель").select_option(label="переводом на счёт")
    form.get_by_label("Сумма").fill("31 040")
    form.get_by_label("В какой день").fill(date(2026, 3, 25).isoformat())
    form.get_by_label("Комментарий").fill("Перевод на счёт салона")
    form.get_by_role("button", name="Отправить бухгалтеру").click()
    expect(page.get_by_role("status")).to_contain_text("Бухгалтер это подтвердит")
    expect(page.get_by_role("button", name="Отозвать")).to_be_visible()
    expect_good_page(page)

    office = enter(desk, accountant, live_server)
    office.goto(f"/admin/reconciliation/discrepancy/{row.pk}/change/")
    office.get_by_text("Подтвердить…").click()
    expect(office.locator("#work-confirm")).to_contain_text("переводом на счёт")
    office.locator("#work-confirm").get_by_role("button", name="Подтвердить", exact=True).click()
    expect(office.locator(".lead .flags")).to_contain_text("закрыто")

    page.reload()
    expect(page.locator(".next")).to_contain_text("Закрыто: оплачено другим способом")
    expect(page.locator(".history")).to_contain_text("accountant подтверждает")
    row.refresh_from_db()
    assert (row.status, row.reason) == (Status.RESOLVED, "paid_another_way")


@pytest.mark.django_db(transaction=True)
def test_somebody_is_invited_by_letter_joins_and_sees_only_the_shop(
    phone: BrowserContext,
    desk: BrowserContext,
    live_server: LiveServer,
    owner: User,
    shop: Shop,
    mail: MailServer,
    settings: object,
) -> None:
    settings.SITE_URL = live_server.url  # type: ignore[attr-defined]
    Shop.objects.create(number=8, name="Чужой")
    page = enter(phone, owner, live_server)
    page.goto("/shops/7/people/")
    expect_good_page(page)
    page.get_by_label("Электронная почта").fill("vera@books.example")
    page.locator("#id_invite-role").select_option(label="наблюдатель")
    page.get_by_role("button", name="Отправить приглашение").click()
    expect(page.get_by_role("status")).to_contain_text("vera@books.example")
    expect_good_page(page)
    assert send_due_letters() == 1
    link = re.search(r"http://\S+/invitations/\w+/", read_text(mail.delivered[0]))
    assert link is not None

    guest = desk.new_page()
    guest.goto(link[0])
    expect_good_page(guest)
    guest.get_by_label("Имя").fill("Вера")
    guest.get_by_label("Пароль", exact=True).fill("очень длинный пароль")
    guest.get_by_label("Пароль ещё раз").fill("очень длинный пароль")
    guest.get_by_role("button", name="Создать запись и присоединиться").click()
    expect(guest).to_have_url(re.compile(r"/shops/7/$"))
    assert guest.goto("/shops/8/").status == 404  # type: ignore[union-attr]
    page.reload()
    expect(page.get_by_role("heading", name="Вера")).to_be_visible()
    closed = desk.new_page()
    assert closed.goto(link[0]).status == 410  # type: ignore[union-attr]
    expect_good_page(closed)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_fit_and_have_no_serious_fault(
    phone: BrowserContext, live_server: LiveServer, owner: User, row: Discrepancy, width: int
) -> None:
    page = enter(phone, owner, live_server)
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("questions", "names", "settings", "keys", "people", f"discrepancies/{row.pk}"):
        page.goto(f"/shops/7/{path}/")
        expect_good_page(page)
    page.goto("/account/notifications/")
    expect_good_page(page)
    page.goto("/shops/7/keys/")
    page.locator("#id_key-role").select_option("office")
    page.get_by_role("button", name="Создать ключ").click()
    expect(page.locator("pre.body")).to_contain_text("office_")
    expect_good_page(page)


@pytest.mark.django_db(transaction=True)
def test_without_javascript_an_owner_acts_all_the_same(
    browser: Browser, live_server: LiveServer, owner: User, row: Discrepancy
) -> None:
    context = browser.new_context(locale="ru", base_url=live_server.url, java_script_enabled=False)
    page = enter(context, owner, live_server)
    page.goto(f"/shops/7/discrepancies/{row.pk}/")
    page.get_by_text("Написать комментарий").click()
    page.locator("#act-comment").get_by_label("Комментарий").fill("Спрошу курьера")
    page.locator("#act-comment").get_by_role("button", name="Отправить").click()
    expect(page.locator(".history")).to_contain_text("Спрошу курьера")
    context.close()
