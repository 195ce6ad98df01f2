"""A person logs in, sets the second step up, comes back with a code, and ends the session of another device."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories import make_person

AXE = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
PHONE = ViewportSize(width=390, height=844)
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'"


@pytest.fixture
def person(transactional_db: None) -> User:
    return make_person("nina", "Accountants")


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, person: User) -> Iterator[Page]:
    """A phone whose pages may load nothing but files of this site, and have no script or style within."""
    context = browser.new_context(locale="ru", viewport=PHONE, base_url=live_server.url, bypass_csp=False)
    page = watch(context)
    yield page
    context.close()


def watch(context: BrowserContext) -> Page:
    page = context.new_page()

    def guard(route: object) -> None:
        answer = route.fetch(max_redirects=0)  # type: ignore[attr-defined]
        route.fulfill(response=answer, headers=answer.headers | {"content-security-policy": CSP})  # type: ignore[attr-defined]

    page.route("**/account/**", guard)
    page.on("console", lambda said: pytest.fail(said.text) if "Content Security Policy" in said.text else None)
    return page


def log_in(page: Page) -> None:
    page.goto("/account/login/?next=/account/")
    page.get_by_label("Имя пользователя").fill("nina")
    page.get_by_label("Пароль").fill("a long password")
    page.keyboard.press("Enter")


def code_of(person: User, *, later: int = 0) -> str:
    app = TOTP(TOTPDevice.objects.get(user=person).bin_key)
    app.time = time.time() + 30 * later
    return f"{app.token():06}"


def check_access(page: Page) -> None:
    """Nothing serious for readers by ear, and nothing wider than the phone."""
    faults = page.evaluate(
        AXE.read_text(encoding="utf-8")
        + ";axe.run().then(done => done.violations.filter(one => ['serious', 'critical'].includes(one.impact))"
        + ".map(one => one.id + ': ' + one.nodes.map(node => node.html).join(' ')))"
    )
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.django_db(transaction=True)
def test_a_person_sets_up_two_steps_and_ends_another_session(
    phone: Page, browser: Browser, live_server: LiveServer, person: User
) -> None:
    phone.goto("/account/login/")
    check_access(phone)
    log_in(phone)
    expect(phone.get_by_role("heading", name="Моя учётная запись")).to_be_visible()
    check_access(phone)

    phone.get_by_role("link", name="Вход в два шага").click()
    phone.get_by_role("link", name="Настроить").click()
    expect(phone.locator(".qr-code svg")).to_be_visible()
    check_access(phone)
    phone.get_by_label("Код, который показывает приложение").fill(code_of(person))
    phone.keyboard.press("Enter")
    expect(phone.locator(".recovery-codes li")).to_have_count(10)
    check_access(phone)
    recovery = phone.locator(".recovery-codes li").first.inner_text()

    phone.get_by_role("button", name="Выйти").click()
    log_in(phone)
    expect(phone.get_by_role("heading", name="Второй шаг")).to_be_visible()
    check_access(phone)
    phone.get_by_label("Код").fill(code_of(person, later=1))
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", name="Моя учётная запись")).to_be_visible()

    elsewhere = browser.new_context(locale="ru", base_url=live_server.url)
    other = watch(elsewhere)
    log_in(other)
    other.get_by_label("Код").fill(recovery)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="Моя учётная запись")).to_be_visible()

    phone.get_by_role("link", name="Где выполнен вход").click()
    expect(phone.locator(".sessions li")).to_have_count(2)
    check_access(phone)
    phone.get_by_role("button", name="Завершить сеанс").click()
    expect(phone.get_by_text("Сеанс завершён.")).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Войти")).to_be_visible()
    elsewhere.close()
