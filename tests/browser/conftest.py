"""The browser that all tests of this folder share."""

import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import got_request_exception
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

HERE = Path(__file__).parent
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")

# What is awaited comes within a second; on a busy machine it may take many.
TIMEOUT_MILLISECONDS = 90_000
expect.set_options(timeout=TIMEOUT_MILLISECONDS)

# What browsers have complained of since the test began, whichever page it was.
console_errors: list[str] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a browser makes of a page is the same whatever holds the rows."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("once")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django would take it for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        open_context = browser.new_context

        def open_and_listen(**options: Any) -> BrowserContext:
            context = open_context(**options)
            context.on("console", note_error)
            return context

        browser.new_context = open_and_listen  # type: ignore[method-assign]
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def no_server_error() -> Iterator[None]:
    """The live server answers 500 from a thread of its own; what went wrong there is this test's failure."""
    errors: list[str] = []

    def note(**_signal: object) -> None:
        errors.append("".join(traceback.format_exception(sys.exception())))

    got_request_exception.connect(note)
    yield
    got_request_exception.disconnect(note)
    assert not errors, "\n".join(errors)


@pytest.fixture(autouse=True)
def no_console_error() -> Iterator[None]:
    """Nothing that a page wants is refused by its content policy, and no script of it complains."""
    console_errors.clear()
    yield
    assert console_errors == []


def note_error(message: ConsoleMessage) -> None:
    # An answer of 4xx is a matter of the test that asked for it.
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        console_errors.append(f"{message.location.get('url')}: {message.text}")


def log_in(page: Page, username: str) -> None:
    """Fills in the page of the log-in, where the page has been led to it; the language is Russian."""
    page.get_by_label("Имя пользователя").fill(username)
    page.get_by_label("Пароль").first.fill("a long password")
    page.keyboard.press("Enter")
