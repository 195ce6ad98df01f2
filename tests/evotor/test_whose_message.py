"""Whose message it is: a shop's key, a user's token, or the application's token and what the headers say."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shops.models import EvotorAccount, Receipt, Shop, Store, Terminal, UnassignedMessage
from tests.evotor.conftest import (
    BILL,
    OTHER_STORE,
    OTHER_USER,
    STORE,
    TERMINAL,
    USER,
    Cloud,
    Install,
    error_of,
    make_sale,
)
from tests.protocol.conftest import Caller, Crm, Till

WAITS = "this store belongs to no shop yet: it waits to be assigned"

REGISTER_CALLS = [
    ("GET", "/api/v2/list"),
    ("GET", "/api/v2/bill/byid/1"),
    ("POST", "/api/v2/receipts"),
    ("PUT", "/api/v1/inventories/stores"),
    ("PUT", "/api/v1/inventories/devices"),
    ("PUT", "/api/v1/inventories/employees"),
    ("PUT", f"/api/v1/inventories/stores/{STORE}/documents"),
]
APPLICATION_CALLS = [
    ("POST", "/api/v1/user/create"),
    ("POST", "/api/v1/user/verify"),
    ("POST", "/api/v1/user/token"),
    ("POST", "/api/v2/installation/event"),
]


@pytest.fixture
def bill(crm: Crm) -> Any:
    return crm.put(BILL)


def test_a_users_token_means_the_shop_of_the_user(install: Install, shop: Shop, bill: Any) -> None:
    cloud = install(USER, shop)
    assert cloud.list_ids() == [1]
    assert cloud.get("/api/v2/bill/byid/1").status_code == 200
    assert cloud.deliver(make_sale("r-1")).status_code == 200
    assert Receipt.objects.get().shop == shop
    assert cloud.list_ids() == []


def test_the_headers_lead_nobody_to_another_shop(
    install: Install, shop: Shop, other_shop: Shop, bill: Any, other_till: Till
) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    EvotorAccount.objects.create(user_id=USER, shop=shop)
    theirs = install(OTHER_USER, other_shop).at(store=STORE, user=USER)
    assert theirs.list_ids() == []
    key = Cloud(other_till.secret, Client(), {"X-Evotor-Store-Uuid": STORE, "X-Evotor-User-Id": USER})
    assert key.list_ids() == []
    unassigned = install("01-000000000000003").at(store=STORE, user=USER)
    assert error_of(unassigned.get("/api/v2/list")) == (
        401,
        {"code": 1002, "reason": WAITS, "subject": "Authorization"},
    )


@pytest.mark.parametrize(("method", "path"), REGISTER_CALLS)
@pytest.mark.parametrize("token", ["", "Bearer wrong", "wrong", "Basic dXNlcjpwYXNz"])
def test_headers_without_a_token_open_nothing(cloud: Cloud, shop: Shop, token: str, method: str, path: str) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    headers = {"X-Evotor-Store-Uuid": STORE} | ({"Authorization": token} if token else {})
    status, error = error_of(Client().generic(method, path, b"[]", headers=headers))
    assert (status, error["code"]) == (401, 1002)
    assert not UnassignedMessage.objects.exists()


@pytest.mark.parametrize("token", ["", "Bearer wrong", "wrong", "Bearer \u00ff"])
@pytest.mark.parametrize(("method", "path"), APPLICATION_CALLS)
def test_accounts_are_for_the_application_alone(
    cloud: Cloud, install: Install, till: Till, shop: Shop, token: str, method: str, path: str
) -> None:
    headers = {"Authorization": token} if token else {}
    status, error = error_of(Client().generic(method, path, b"{}", headers=headers))
    assert (status, error["code"]) == (401, 1001)
    for caller in (install(USER, shop), till):
        status, error = error_of(caller.send(method, path, {}))
        assert (status, error["code"]) == (401, 1001)


@pytest.mark.parametrize(("method", "path"), REGISTER_CALLS + APPLICATION_CALLS)
def test_without_an_application_token_nobody_has_it(cloud: Cloud, settings: Any, method: str, path: str) -> None:
    settings.EVOTOR_APPLICATION_TOKEN = ""
    assert cloud.send(method, path, []).status_code == 401
    assert Client().generic(method, path, b"[]", headers={"Authorization": "Bearer "}).status_code == 401


def test_the_application_token_may_come_bare(cloud: Cloud) -> None:
    headers = {"Authorization": cloud.secret}
    path = "/api/v1/user/create"
    response = Client().generic("POST", path, b"{}", headers=headers)
    assert error_of(response) == (400, {"code": 2002, "reason": "missing", "subject": "userId"})


def test_the_store_comes_before_the_terminal_and_that_before_the_user(
    cloud: Cloud, shop: Shop, other_shop: Shop, bill: Any
) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    Terminal.objects.create(shop=shop, evotor_id=TERMINAL)
    EvotorAccount.objects.create(user_id=USER, shop=shop)
    Store.objects.create(shop=other_shop, evotor_id=OTHER_STORE)
    Terminal.objects.create(shop=other_shop, evotor_id="other terminal")
    EvotorAccount.objects.create(user_id=OTHER_USER, shop=other_shop)
    assert cloud.at(store=STORE, terminal="other terminal", user=OTHER_USER).list_ids() == [1]
    assert cloud.at(store=OTHER_STORE, terminal=TERMINAL, user=USER).list_ids() == []
    assert cloud.at(store="unknown", terminal=TERMINAL, user=OTHER_USER).list_ids() == [1]
    assert cloud.at(store="unknown", terminal="unknown", user=USER).list_ids() == [1]


def test_a_terminal_that_two_shops_know_says_nothing(cloud: Cloud, shop: Shop, other_shop: Shop, bill: Any) -> None:
    for owner in (shop, other_shop):
        Terminal.objects.create(shop=owner, evotor_id=TERMINAL)
    assert cloud.at(terminal=TERMINAL).get("/api/v2/list").status_code == 401
    EvotorAccount.objects.create(user_id=USER, shop=shop)
    assert cloud.at(terminal=TERMINAL, user=USER).list_ids() == [1]


def test_a_receipt_says_itself_where_it_belongs(cloud: Cloud, shop: Shop, other_shop: Shop) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    EvotorAccount.objects.create(user_id=OTHER_USER, shop=other_shop)
    assert cloud.deliver(make_sale("by store"), user=OTHER_USER).status_code == 200
    assert cloud.deliver(make_sale("by user", store="unknown"), user=OTHER_USER).status_code == 200
    assert dict(Receipt.objects.values_list("receipt_id", "shop")) == {"by store": 7, "by user": 8}


def test_headers_come_before_the_body(cloud: Cloud, shop: Shop, other_shop: Shop) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    Store.objects.create(shop=other_shop, evotor_id=OTHER_STORE)
    cloud.at(store=OTHER_STORE).deliver(make_sale("r-1", store=STORE))
    assert Receipt.objects.get().shop == other_shop


def test_receipts_of_several_shops_in_one_message_go_each_to_its_own(
    cloud: Cloud, shop: Shop, other_shop: Shop
) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    Store.objects.create(shop=other_shop, evotor_id=OTHER_STORE)
    sales = [make_sale("a"), make_sale("b", store=OTHER_STORE), make_sale("c", store="unknown"), make_sale("d")]
    response = cloud.deliver(*sales)
    assert (response.status_code, response.content) == (200, b"")
    assert dict(Receipt.objects.values_list("receipt_id", "shop")) == {"a": 7, "d": 7, "b": 8}
    assert UnassignedMessage.objects.get().store_id == "unknown"


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/api/v2/bill/byid/1"), ("DELETE", "/api/v2/bill/byid/1"), ("POST", "/api/v2/bills")]
)
def test_nobody_of_evotor_writes_bills(cloud: Cloud, install: Install, shop: Shop, method: str, path: str) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    for caller in (install(USER, shop), cloud.at(store=STORE)):
        status, error = error_of(caller.send(method, path, BILL))
        assert (status, error["code"]) == (403, 1002)


def test_an_unknown_store_is_told_that_it_is_unknown(cloud: Cloud, bill: Any) -> None:
    for path in ("/api/v2/list", "/api/v2/bill/byid/1"):
        status, error = error_of(cloud.at(store="unknown").get(path))
        assert (status, error["code"], error["reason"]) == (401, 1002, WAITS)


@pytest.mark.parametrize("place", ["\u00ff" * 300, "a\x00b", " ", "'; --"])
def test_odd_headers_name_nothing(cloud: Cloud, place: str, db: None) -> None:
    assert cloud.at(store=place, terminal=place, user=place).get("/api/v2/list").status_code == 401


def test_an_account_says_when_its_token_was_last_used(install: Install, shop: Shop) -> None:
    cloud = install(USER, shop)
    assert EvotorAccount.objects.get().last_used_at is None
    cloud.list_ids()
    used_at = EvotorAccount.objects.get().last_used_at
    assert used_at is not None
    assert used_at <= timezone.now()
    cloud.list_ids()
    assert EvotorAccount.objects.get().last_used_at == used_at  # once a minute is enough


def test_a_crms_key_sends_no_names(crm: Crm) -> None:
    assert Caller(crm.secret, Client()).send("PUT", "/api/v1/inventories/stores", []).status_code == 403
