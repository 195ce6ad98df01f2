"""Accounts of Evotor users: tokens handed out, tokens received, installations, and the shop that an account gets."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shops.models import EvotorAccount, InstallationEvent, Shop
from shops.wire_writer import write_json
from tests.evotor.conftest import OTHER_USER, USER, Cloud, Install, error_of, make_sale, read_answer
from tests.protocol.conftest import Till

EVENT: dict[str, Any] = {
    "id": "a99fbf70",
    "timestamp": 1504168645290,
    "version": 2,
    "type": "ApplicationInstalled",
    "data": {"productId": "crmpos", "userId": USER},
}
PATHS = ["/api/v1/user/create", "/api/v1/user/verify", "/api/v1/user/token", "/api/v2/installation/event"]


def test_a_user_is_created_and_given_a_token(cloud: Cloud) -> None:
    answer = read_answer(cloud.send("POST", "/api/v1/user/create", {"userId": USER, "password": "hunter2"}))
    assert answer == {"userId": USER, "token": answer["token"]}
    assert 32 <= len(answer["token"]) <= 128
    account = EvotorAccount.objects.get()
    assert (account.user_id, account.shop) == (USER, None)
    assert account.token_given_at is not None
    assert answer["token"] not in str(vars(account))
    assert "hunter2" not in str(vars(account))


def test_verify_says_that_evotor_bills(cloud: Cloud) -> None:
    answer = read_answer(cloud.send("POST", "/api/v1/user/verify", {"userId": USER, "username": "u", "password": "p"}))
    assert answer == {"userId": USER, "hasBilling": False, "token": answer["token"]}


def test_the_older_name_of_the_user_is_understood(cloud: Cloud) -> None:
    assert read_answer(cloud.send("POST", "/api/v1/user/create", {"userUuid": USER}))["userId"] == USER


def test_a_later_token_takes_the_place_of_the_one_before(install: Install, shop: Shop) -> None:
    first = install(USER, shop)
    second = install(USER)
    assert EvotorAccount.objects.get().shop == shop
    assert second.list_ids() == []
    assert first.get("/api/v2/list").status_code == 401


def test_an_account_gets_the_shop_whose_receipts_name_its_user(
    install: Install, till: Till, other_till: Till, shop: Shop
) -> None:
    till.deliver(make_sale("r-1"))  # of USER
    assert install(USER).list_ids() == []
    assert EvotorAccount.objects.get(user_id=USER).shop == shop
    assert install(OTHER_USER).get("/api/v2/list").status_code == 401


def test_a_user_whom_two_shops_name_waits(install: Install, till: Till, other_till: Till) -> None:
    till.deliver(make_sale("r-1"))
    other_till.deliver(make_sale("r-2"))
    install(USER)
    assert EvotorAccount.objects.get().shop is None


def test_the_token_for_evotors_own_api_is_kept(cloud: Cloud) -> None:
    for token in ("f46b89a5", "a-later-one"):
        assert read_answer(cloud.send("POST", "/api/v1/user/token", {"userId": USER, "token": token})) is None
    account = EvotorAccount.objects.get()
    assert account.cloud_token == "a-later-one"
    assert account.token_digest == ""


def test_installations_are_kept_once_and_as_they_came(cloud: Cloud) -> None:
    body = write_json(EVENT) + b"\n"
    for _ in range(3):
        assert read_answer(cloud.send("POST", "/api/v2/installation/event", body)) is None
    kept = InstallationEvent.objects.get()
    assert (kept.event_id, kept.type, kept.user_id) == ("a99fbf70", "ApplicationInstalled", USER)
    assert kept.body == body.decode()
    cloud.send("POST", "/api/v2/installation/event", EVENT | {"id": "b", "type": "ApplicationUninstalled"})
    assert InstallationEvent.objects.count() == 2


BAD: dict[str, tuple[str, Any, int, str]] = {
    "no JSON": ("create", b"userId=1", 2001, ""),
    "no UTF-8": ("create", b'{"userId": "\xff"}', 2001, ""),
    "nothing": ("create", b"", 2001, ""),
    "an array": ("create", [], 2003, ""),
    "no user": ("create", {}, 2002, "userId"),
    "another user id": ("create", {"userId": "1"}, 2003, "userId"),
    "digits of another script": ("create", {"userId": "٠١-000000000000001"}, 2003, "userId"),
    "a list of users": ("verify", {"userId": [USER]}, 2003, "userId"),
    "a NUL": ("verify", b'{"userId": "01-0\\u0000"}', 2003, "userId"),
    "no token": ("token", {"userId": USER}, 2002, "token"),
    "an empty token": ("token", {"userId": USER, "token": " "}, 2002, "token"),
    "a long token": ("token", {"userId": USER, "token": "t" * 501}, 2003, "token"),
    "a token of nobody": ("token", {"token": "t"}, 2002, "userId"),
}


@pytest.mark.parametrize(("call", "body", "code", "subject"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_refused_in_evotors_form(cloud: Cloud, call: str, body: Any, code: int, subject: str) -> None:
    status, error = error_of(cloud.send("POST", f"/api/v1/user/{call}", body))
    assert (status, error["code"], error.get("subject", "")) == (400, code, subject)
    assert error["reason"]
    assert not EvotorAccount.objects.exists()


@pytest.mark.parametrize(
    ("body", "code", "subject"),
    [
        (b"{", 2001, ""),
        ({}, 2002, "id"),
        (EVENT | {"type": None}, 2002, "type"),
        (EVENT | {"data": 5}, 2003, "data"),
        (EVENT | {"id": "i" * 201}, 2003, "id"),
    ],
)
def test_an_installation_that_says_nothing_is_refused(cloud: Cloud, body: Any, code: int, subject: str) -> None:
    status, error = error_of(cloud.send("POST", "/api/v2/installation/event", body))
    assert (status, error["code"], error.get("subject", "")) == (400, code, subject)


def test_another_method_is_told_so(cloud: Cloud) -> None:
    for path in PATHS:
        assert cloud.send("PUT", path, {}).status_code == 405


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PATHS), st.data())
def test_rubbish_breaks_nothing(cloud: Cloud, path: str, data: st.DataObject) -> None:
    body = bytearray(write_json(EVENT | {"userId": USER, "token": "t"}))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert cloud.send("POST", path, bytes(body)).status_code in (200, 400)


def test_accounts_and_installations_are_seen_in_the_admin_without_their_tokens(cloud: Cloud, install: Install) -> None:
    secret = install(USER).secret
    cloud.send("POST", "/api/v1/user/token", {"userId": USER, "token": "for-the-cloud"})
    cloud.send("POST", "/api/v2/installation/event", EVENT)
    account, installation = EvotorAccount.objects.get(), InstallationEvent.objects.get()
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    pages = [
        "/admin/shops/evotoraccount/",
        "/admin/shops/evotoraccount/?assigned=no",
        f"/admin/shops/evotoraccount/{account.pk}/change/",
        "/admin/shops/installationevent/",
        f"/admin/shops/installationevent/{installation.pk}/change/",
    ]
    for page in pages:
        content = client.get(page).content.decode()
        assert USER in content, page
        assert [text for text in (secret, account.token_digest, "for-the-cloud") if text in content] == []
