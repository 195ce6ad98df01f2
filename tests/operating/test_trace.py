"""A request has one name: in the answer, in the log, and in the journal. A task has one too."""

import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest
from celery import shared_task
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from crmpos.celery import app
from crmpos.operating.logs import JsonFormatter, LineFormatter, configure_gunicorn
from shops.access import create_key
from shops.models import ExchangeEvent, Shop
from shops.trace import read_request_id, read_task_id, within_request, within_task
from tests.processes import ROOT, bare_environment

logger = logging.getLogger("crmpos.tests")
MADE = re.compile(r"[0-9a-f]{32}")


def write_entry(formatter: logging.Formatter, message: str, *arguments: Any, **extra: Any) -> str:
    record = logger.makeRecord("crmpos.tests", logging.INFO, __file__, 1, message, arguments, None, extra=extra)
    return formatter.format(record)


@pytest.fixture
def secret(db: None) -> str:
    shop, _ = Shop.objects.get_or_create(number=7)
    return create_key(shop, "register", now=timezone.now()).secret


def call(client: Client, secret: str, **headers: str) -> Any:
    return client.get("/api/v2/list", headers={"Authorization": f"Bearer {secret}"} | headers)


def test_a_name_that_the_caller_gave_is_kept(client: Client, secret: str) -> None:
    response = call(client, secret, **{"X-Request-ID": "till-7.2026-03-25_1"})
    assert response.headers["X-Request-ID"] == "till-7.2026-03-25_1"
    assert set(ExchangeEvent.objects.values_list("direction", "request_id")) == {
        ("request", "till-7.2026-03-25_1"),
        ("answer", "till-7.2026-03-25_1"),
    }


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "two words of it", "line\u2028break", "<script>alert(1)", "-begins"]
)
def test_a_name_that_is_no_plain_word_is_replaced(client: Client, secret: str, offered: str) -> None:
    given = call(client, secret, **{"X-Request-ID": offered}).headers["X-Request-ID"]
    assert MADE.fullmatch(given)
    assert set(ExchangeEvent.objects.values_list("request_id", flat=True)) == {given}


def test_the_name_ends_with_the_request(client: Client, secret: str) -> None:
    first, second = (call(client, secret).headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert read_request_id() == ""


def test_the_journal_shows_the_name(admin_client: Client, client: Client, secret: str, admin_user: User) -> None:
    call(client, secret, **{"X-Request-ID": "till-7-0001"})
    event = ExchangeEvent.objects.earliest("pk")
    assert "till-7-0001" in admin_client.get(f"/admin/shops/exchangeevent/{event.pk}/change/").content.decode()


def test_each_request_is_logged_once_without_its_query(
    client: Client, secret: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.LOG_REQUESTS = True
    caplog.set_level("INFO")
    with_token = {"Authorization": f"Bearer {secret}", "X-Request-ID": "till-7-0001"}
    client.get("/api/v2/list", {"token": "very-secret"}, headers=with_token)
    client.get("/healthz")
    entries = [record for record in caplog.records if record.name == "crmpos.operating.requests"]
    assert [(entry.getMessage(), entry.kind, entry.status) for entry in entries] == [  # type: ignore[attr-defined]
        ("GET /api/v2/list 200", "LIST", 200)
    ]
    assert "very-secret" not in caplog.text and secret not in caplog.text


def test_a_line_ends_with_the_name() -> None:
    with within_request("till-7-0001"):
        assert write_entry(LineFormatter(), "done").endswith("INFO crmpos.tests: done [till-7-0001]")
    assert write_entry(LineFormatter(), "done").endswith("crmpos.tests: done")


def test_json_has_the_name_and_the_figures() -> None:
    with within_request("till-7-0001"):
        entry = json.loads(write_entry(JsonFormatter(), "%d чеков", 3, kind="RECEIPT", milliseconds=12))
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "message": "3 чеков",
        "level": "info",
        "logger": "crmpos.tests",
        "request_id": "till-7-0001",
        "kind": "RECEIPT",
        "milliseconds": 12,
    }
    with within_task("t-1"):
        assert json.loads(write_entry(JsonFormatter(), "done"))["task_id"] == "t-1"


def test_json_has_the_traceback_and_no_objects() -> None:
    try:
        raise ValueError("bad")
    except ValueError:
        record = logger.makeRecord(
            "x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info(), extra={"request": object()}
        )
    entry = json.loads(JsonFormatter().format(record))
    assert "ValueError: bad" in entry["exception"]
    assert "request" not in entry


def test_a_task_has_its_name() -> None:
    seen = []

    @shared_task(name="tests.trace")
    def trace() -> None:
        seen.append(read_task_id())

    app.tasks["tests.trace"].apply(task_id="task-0001")
    assert (seen, read_task_id()) == (["task-0001"], "")


def test_the_setting_decides_the_form() -> None:
    program = "import django; django.setup(); import logging; logging.getLogger('crmpos').info('hello')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=bare_environment(LOG_FORMAT="json"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stderr)["message"] == "hello"


def test_gunicorn_speaks_the_same_form() -> None:
    assert configure_gunicorn("json", "INFO")["formatters"]["entry"] == {"()": JsonFormatter}
