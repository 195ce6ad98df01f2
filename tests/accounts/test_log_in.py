"""Name and password: who gets in, where to, and what a forged request gets."""

import logging

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client

from crmpos.accounts.models import Session
from tests.accounts.conftest import PASSWORD, is_in, log_in, turn_on


def test_staff_get_to_the_admin_and_others_to_their_shops(client: Client, person: User) -> None:
    User.objects.create_user("owner", password=PASSWORD)
    assert log_in(client).headers["Location"] == "/admin/"
    assert client.get("/account/login/").headers["Location"] == "/admin/"
    other = Client()
    assert log_in(other, "owner").headers["Location"] == "/shops/"
    assert other.get("/").headers["Location"] == "/shops/"


def test_the_admins_own_doors_lead_here(client: Client, person: User) -> None:
    assert client.get("/admin/login/?next=/admin/shops/shop/").headers["Location"] == (
        "/account/login/?next=%2Fadmin%2Fshops%2Fshop%2F"
    )
    assert client.post("/admin/login/", {"username": "nina", "password": PASSWORD}).headers["Location"] == (
        "/account/login/"
    )
    assert not is_in(client)
    page = client.get("/admin/shops/shop/", follow=True)
    assert page.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2Fshops%2Fshop%2F"
    log_in(client)
    assert client.get("/admin/password_change/").headers["Location"] == "/account/password/"
    assert client.post("/admin/logout/").headers["Location"] == "/account/login/"
    assert not is_in(client)


def test_one_gets_where_one_wanted_to(client: Client, person: User) -> None:
    assert log_in(client, next="/account/sessions/").headers["Location"] == "/account/sessions/"


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_nobody_is_sent_to_another_site(client: Client, person: User, address: str) -> None:
    assert log_in(client, next=address).headers["Location"] == "/admin/"
    turn_on(person)
    other = Client()
    assert log_in(other, next=address).headers["Location"] == "/account/login/code/"
    assert address not in str(dict(other.session))


def test_who_may_not_see_a_page_is_told_so_and_not_sent_round_in_circles(client: Client, db: None) -> None:
    User.objects.create_user("owner", password=PASSWORD)
    log_in(client, "owner")
    page = client.get("/admin/", headers={"Accept-Language": "en"}, follow=True)
    assert page.status_code == 200
    assert "You are logged in as owner, who may not see that page." in page.content.decode()


@pytest.mark.parametrize(("name", "password"), [("nina", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD)])
def test_the_answer_does_not_tell_what_was_wrong(client: Client, person: User, name: str, password: str) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    page = client.post("/account/login/", {"username": name, "password": password}, headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "Name and password do not match." in page.content.decode()
    assert not is_in(client)


@pytest.mark.parametrize(
    "address", ["login/", "logout/", "password/", "reset/", "two-step/off/", "sessions/others/end/"]
)
def test_a_forged_request_changes_nothing(person: User, address: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    answer = strict.post(f"/account/{address}", {"username": "nina", "password": PASSWORD})
    assert answer.status_code == 403
    assert is_in(strict)


def test_one_is_logged_out_by_a_button_only(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/account/logout/").status_code == 405
    assert is_in(client)


def test_the_session_gets_a_new_key(client: Client, person: User) -> None:
    """Whoever planted a key in somebody's browser has nothing of it once they have logged in."""
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    assert planted is not None
    client.cookies["sessionid"] = planted
    log_in(client)
    assert client.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_somebody_elses_session_is_not_taken_over(client: Client, person: User) -> None:
    other = User.objects.create_user("other", password=PASSWORD)
    client.force_login(other)
    former = client.cookies["sessionid"].value
    log_in(client)
    assert client.cookies["sessionid"].value != former
    assert not Session.objects.filter(session_key=former).exists()


def test_passwords_are_hashed_by_argon2_and_old_hashes_at_the_next_log_in(client: Client, person: User) -> None:
    assert person.password.startswith("argon2$argon2id$")
    person.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.save(update_fields=["password"])
    log_in(client)
    person.refresh_from_db()
    assert person.password.startswith("argon2$argon2id$")
    assert is_in(client)
    assert person.check_password(PASSWORD)


def test_no_password_is_written_to_the_log(client: Client, person: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(6):
            log_in(client, password="not-my-secret")
        log_in(client)
    assert "not-my-secret" not in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.django_db
def test_an_owner_who_opens_the_site_comes_to_the_own_shops(client: Client) -> None:
    """The front door asks for a name first, and does not lead everybody to the admin before it knows who it is."""
    owner = User.objects.create_user("olga", password="a long password")
    page = client.get("/", follow=True)
    assert page.redirect_chain == [("/account/login/", 302)]
    page = client.post("/account/login/", {"username": owner.username, "password": "a long password"})
    assert page.headers["Location"] == "/shops/"
