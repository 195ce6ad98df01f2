"""People who log in, and the codes of their phones."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from crmpos.accounts import two_step

PASSWORD = "a long password"

Travel = Callable[[timedelta], None]


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("nina", "nina@example.com", PASSWORD, is_staff=True)


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Travel:
    """Moves the clock of the program forward."""
    true_now, true_time, gone = timezone.now, time.time, timedelta()

    def move(by: timedelta) -> None:
        nonlocal gone
        gone += by
        monkeypatch.setattr(timezone, "now", lambda: true_now() + gone)
        monkeypatch.setattr("axes.handlers.proxy.now", lambda: true_now() + gone)
        monkeypatch.setattr(time, "time", lambda: true_time() + gone.total_seconds())

    return move


def log_in(
    client: Client, name: str = "nina", password: str = PASSWORD, *, next: str = "", address: str = "127.0.0.1"
) -> Any:
    form = {"username": name, "password": password, "next": next}
    return client.post("/account/login/", form, REMOTE_ADDR=address)


def code_of(person: User, *, later: int = 0) -> str:
    """What the person's phone shows, `later` steps of thirty seconds from now."""
    app = TOTP(TOTPDevice.objects.get(user=person).bin_key)
    app.time = time.time() + 30 * later
    return f"{app.token():06}"


def turn_on(person: User) -> list[str]:
    """Two-step log-in as the person sets it up; the recovery codes. The code that it took is that of a step ago."""
    two_step.begin_setup(person)
    # A step that began between the code and its check would make it too old.
    with patch.object(time, "time", return_value=time.time()):
        codes = two_step.confirm_setup(person, code_of(person, later=-1))
    assert codes is not None
    return codes


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200
