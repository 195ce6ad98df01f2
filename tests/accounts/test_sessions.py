"""Sessions: seen with their device, ended by their person or by an administrator, and by a new password."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from crmpos.accounts.client import word_device
from crmpos.accounts.models import Session
from crmpos.tasks import forget_expired_sessions
from tests.accounts.conftest import PASSWORD, Travel, is_in, log_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)
YANDEX = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 YaBrowser/24.12.0.0 Safari/537.36"
)


def device(agent: str, address: str = "127.0.0.1") -> Client:
    client = Client(headers={"User-Agent": agent, "Accept-Language": "en"}, REMOTE_ADDR=address)
    log_in(client, address=address)
    return client


def test_every_device_is_listed_and_one_can_be_ended(person: User) -> None:
    here, phone = device(FIREFOX), device(IPHONE, "203.0.113.7")
    page = here.get("/account/sessions/").content.decode()
    assert "Firefox, Windows" in page
    assert "Mobile Safari, iOS" in page
    assert "203.0.113.7" in page
    assert page.count("this device") == 1
    for client in (here, phone):
        assert client.cookies["sessionid"].value not in page, "the key of a session is a secret"

    reference = Session.objects.get(address="203.0.113.7").reference
    assert here.get(f"/account/sessions/{reference}/end/").status_code == 405
    assert here.post(f"/account/sessions/{reference}/end/").status_code == 302
    assert not is_in(phone)
    assert is_in(here)


def test_all_others_can_be_ended(person: User) -> None:
    here, others = device(FIREFOX), [device(IPHONE), device(YANDEX)]
    here.post("/account/sessions/others/end/")
    assert is_in(here)
    assert not any(map(is_in, others))


def test_nobody_ends_the_session_of_another(person: User) -> None:
    here = device(FIREFOX)
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))
    reference = Session.objects.get(person=person).reference
    assert stranger.post(f"/account/sessions/{reference}/end/").status_code == 404
    assert is_in(here)


def test_a_request_under_way_does_not_bring_an_ended_session_back(person: User) -> None:
    here = device(FIREFOX)
    kept = here.session
    assert kept["_auth_user_id"]
    Session.objects.all().delete()
    kept["late"] = True
    from django.contrib.sessions.backends.base import UpdateError

    with pytest.raises(UpdateError):
        kept.save()
    assert not is_in(here)


def test_a_new_password_ends_the_others(person: User) -> None:
    here, phone = device(FIREFOX), device(IPHONE)
    new = {"old_password": PASSWORD, "new_password1": "quite another word", "new_password2": "quite another word"}
    assert here.post("/account/password/", new).headers["Location"] == "/account/"
    assert is_in(here)
    assert not is_in(phone)
    assert person.sessions.count() == 1


def test_last_seen_is_written_once_a_minute(person: User, travel: Travel) -> None:
    from django.db import connection

    here = device(FIREFOX)

    def list_updates() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            here.get("/account/")
        return [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]

    logged_in = Session.objects.get().last_seen_at
    assert list_updates() == []
    travel(timedelta(seconds=61))
    assert len(list_updates()) == 1
    assert list_updates() == []
    session = Session.objects.get()
    assert session.last_seen_at - logged_in >= timedelta(seconds=60)
    assert session.created_at == logged_in


def test_what_is_kept_in_a_session_does_not_change_when_it_began(person: User) -> None:
    here = device(FIREFOX)
    before = Session.objects.get()
    session = here.session
    session["more"] = 1
    session.save()
    after = Session.objects.get()
    assert (after.created_at, after.reference, after.user_agent) == (before.created_at, before.reference, FIREFOX)
    assert after.person == person


def test_an_administrator_ends_the_sessions_of_a_person(person: User, admin_client: Client) -> None:
    here = device(IPHONE)
    page = f"/admin/auth/user/{person.pk}/"
    assert "Mobile Safari, iOS" in admin_client.get(f"{page}change/").content.decode()
    admin_client.post(f"{page}end-sessions/")
    assert not is_in(here)
    assert admin_client.get("/admin/").status_code == 200


def test_whose_password_an_administrator_sets_is_logged_out(person: User, admin_client: Client) -> None:
    here = device(IPHONE)
    new = {"password1": "quite another word", "password2": "quite another word", "usable_password": "true"}
    assert admin_client.post(f"/admin/auth/user/{person.pk}/password/", new).status_code == 302
    assert not person.sessions.exists()
    assert not is_in(here)


def test_sessions_that_have_run_out_are_forgotten(person: User) -> None:
    device(FIREFOX)
    forget_expired_sessions()
    assert Session.objects.count() == 1
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    forget_expired_sessions()
    assert Session.objects.count() == 0


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (IPHONE, "Mobile Safari, iOS"),
        (YANDEX, "Yandex Browser, Windows"),
        ("", "Неизвестное устройство"),
        ("\x00<script>", "Неизвестное устройство"),
    ],
)
def test_a_device_is_said_in_words(agent: str, words: str) -> None:
    with translation.override("ru"):
        assert word_device(agent) == words
