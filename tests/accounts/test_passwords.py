"""Passwords: what is refused, and a new one by e-mail without telling who is here."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from crmpos.accounts import resets
from crmpos.accounts.models import ResetRequest
from crmpos.accounts.resets import send_resets
from tests.accounts.conftest import PASSWORD, is_in, log_in, turn_on

NEW = "quite another word"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def with_mail(settings: Settings) -> None:
    settings.MAIL_SERVER_IS_SET = True


def ask(client: Client, address: str, **headers: Any) -> Any:
    return client.post("/account/reset/", {"email": address}, headers=ENGLISH, **headers)


def find_link(body: str) -> str:
    found = re.search(r"http://testserver(/account/reset/\S+)", body)
    assert found is not None, body
    return found[1]


@pytest.mark.parametrize("password", ["short-one", "qwertyuiop", "9073482651", "nina@example.com"])
def test_bad_passwords_are_refused(client: Client, person: User, password: str) -> None:
    client.force_login(person)
    both = {"new_password1": password, "new_password2": password}
    assert client.post("/account/password/", {"old_password": PASSWORD} | both).status_code == 200
    assert (
        client.post(
            "/account/password/", {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
        ).status_code
        == 200
    )
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.usefixtures("with_mail")
def test_a_new_password_by_e_mail(client: Client, person: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    ask(client, "NINA@example.com")
    assert mail.outbox == [], "asking sends nothing itself: its time would tell"
    send_resets(now=timezone.now())
    [letter] = mail.outbox
    assert letter.to == ["nina@example.com"]
    assert letter.subject == "crmpos: a new password"
    link = find_link(str(letter.body))

    form = client.get(link).headers["Location"]
    assert "set-password" in form, "the token does not stay in the address"
    assert client.post(form, {"new_password1": "short", "new_password2": "short"}).status_code == 200
    assert client.post(form, {"new_password1": NEW, "new_password2": NEW}).headers["Location"] == "/account/login/"
    assert not is_in(client), "the link logs nobody in"
    assert not is_in(elsewhere)
    assert log_in(client, password=NEW).status_code == 302
    assert "was used already" in Client().get(link, headers=ENGLISH).content.decode()


@pytest.mark.usefixtures("with_mail")
def test_a_new_password_does_not_replace_the_second_step(client: Client, person: User) -> None:
    turn_on(person)
    ask(client, "nina@example.com")
    send_resets(now=timezone.now())
    form = client.get(find_link(str(mail.outbox[0].body))).headers["Location"]
    client.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert log_in(client, password=NEW).headers["Location"] == "/account/login/code/"


@pytest.mark.usefixtures("with_mail")
def test_nobody_learns_who_is_here(person: User) -> None:
    known, unknown = (ask(Client(), f"{name}@example.com").content.decode() for name in ("nina", "nobody"))
    hidden = r'name="csrfmiddlewaretoken" value="\w+"'
    assert re.sub(hidden, "", known).replace("nina@", "x@") == re.sub(hidden, "", unknown).replace("nobody@", "x@")
    send_resets(now=timezone.now())
    assert [letter.to for letter in mail.outbox] == [["nina@example.com"]]


@pytest.mark.usefixtures("with_mail")
def test_a_button_floods_no_mailbox(client: Client, person: User) -> None:
    now = timezone.now()
    for _ in range(3):
        ask(client, "nina@example.com")
        send_resets(now=now + timedelta(seconds=5))
    assert len(mail.outbox) == 1
    send_resets(now=now + timedelta(minutes=11))
    ask(client, "nina@example.com")
    send_resets(now=now + timedelta(minutes=12))
    assert len(mail.outbox) == 2


@pytest.mark.usefixtures("with_mail")
def test_one_client_asks_for_few(client: Client, db: None) -> None:
    for number in range(resets.ASKED_BY_ONE_CLIENT + 5):
        assert ask(client, f"a{number}@example.com").status_code == 200
    assert ResetRequest.objects.count() == resets.ASKED_BY_ONE_CLIENT


@pytest.mark.usefixtures("with_mail")
def test_what_a_server_did_not_take_is_tried_again(
    client: Client, person: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ask(client, "nina@example.com")
    now = timezone.now()
    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG):

        def refuse(*_args: Any) -> None:
            raise ConnectionRefusedError("nina@example.com")

        patch.setattr("django.core.mail.EmailMessage.send", refuse)
        assert send_resets(now=now) == 0
    assert "nina" not in caplog.text
    assert send_resets(now=now + timedelta(seconds=30)) == 0
    assert send_resets(now=now + timedelta(minutes=3)) == 1
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("with_mail")
def test_the_link_leads_to_the_written_down_site(client: Client, person: User, settings: Settings) -> None:
    settings.SITE_URL = "https://books.example"
    ask(client, "nina@example.com")
    send_resets(now=timezone.now())
    assert "https://books.example/account/reset/" in str(mail.outbox[0].body)


def test_without_a_mail_server_it_is_said(client: Client, person: User) -> None:
    assert "No mail server is set" in client.get("/account/reset/", headers=ENGLISH).content.decode()
    ask(client, "nina@example.com")
    assert not ResetRequest.objects.exists()
