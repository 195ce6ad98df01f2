"""What a Sentry server is told of an error, and what it is not."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.test import Client, RequestFactory
from django.utils import timezone
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from crmpos.operating.error_reports import start_reporting
from shops.access import create_key
from shops.models import Shop
from tests.processes import ROOT, bare_environment

DSN = "https://public@sentry.example/1"
NAME = "Полина Вымышленная"


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)

    def read_events(self) -> list[Any]:
        return [event for envelope in self.envelopes if (event := envelope.get_event())]


@pytest.fixture
def kept() -> Iterator[Kept]:
    transport = Kept()
    start_reporting(DSN, transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(shop: Shop, body: bytes, **kwargs: Any) -> None:
        secret = body.decode()
        raise RuntimeError(f"cannot take Bearer very-secret-token of {len(secret)} bytes")

    monkeypatch.setattr("shops.serving.accept_receipts", fail)


@pytest.mark.django_db(transaction=True)
def test_an_error_is_reported_without_bodies_keys_and_people(kept: Kept, failing: None) -> None:
    shop, _ = Shop.objects.get_or_create(number=7)
    secret = create_key(shop, "register", now=timezone.now()).secret
    request = RequestFactory().post(
        "/api/v2/receipts?token=very-secret-argument",
        json.dumps({"customer": NAME}),
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {secret}",
            "Cookie": "sessionid=very-secret-session",
            "X-Request-ID": "till-7-0001",
            "X-Evotor-User-Id": "01-7",
        },
    )
    statuses: list[str] = []
    # As a server calls it: there sentry-sdk takes hold of the request.
    application: Any = get_wsgi_application()
    b"".join(application(request.environ, lambda status, headers: statuses.append(status)))
    assert statuses == ["500 Internal Server Error"]
    (event,) = kept.read_events()
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["request"]["url"].endswith("/api/v2/receipts")
    assert event["request"]["headers"]["X-Request-Id"] == "till-7-0001"
    assert event["tags"]["request_id"] == "till-7-0001"
    told = json.dumps(event, ensure_ascii=False, default=str)
    for hidden in (secret, "very-secret", NAME, "01-7", "sessionid"):
        assert hidden not in told, hidden


def test_nobody_is_named(admin_client: Client, admin_user: User, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("crmpos.dashboard.describe_dashboard", fail)
    monkeypatch.setattr("django.contrib.admin.sites.AdminSite.index", fail)
    admin_client.raise_request_exception = False
    assert admin_client.get("/admin/auth/user/").status_code == 200
    logging.getLogger("crmpos").error("The word of %s is password=very-secret", "nobody")
    (event,) = kept.read_events()
    assert "very-secret" not in json.dumps(event, default=str)
    assert "user" not in event and "server_name" not in event


def run(**variables: str) -> "subprocess.CompletedProcess[str]":
    program = "import django, sys; django.setup(); print('sentry_sdk' in sys.modules)"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=bare_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_setting_it_is_not_even_loaded() -> None:
    done = run()
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


def test_with_the_setting_it_is() -> None:
    done = run(SENTRY_DSN=DSN)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="uv sync --extra sentry"):
        start_reporting(DSN)
