"""What Evotor calls stores, terminals and employees."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shops.models import Employee, Shop, Store, Terminal
from shops.wire_writer import write_json
from tests.evotor.conftest import OTHER_USER, STORE, TERMINAL, USER, Cloud, Install, error_of, make_sale
from tests.factories import make_accountant
from tests.protocol.conftest import Till

PATHS = ["stores", "devices", "employees"]


@pytest.fixture
def account(install: Install, shop: Shop) -> Cloud:
    return install(USER, shop)


def put(cloud: Any, kind: str, body: object) -> Any:
    return cloud.send("PUT", f"/api/v1/inventories/{kind}", body)


def test_evotor_names_what_is_known_and_what_is_not(account: Cloud, till: Till, shop: Shop) -> None:
    till.deliver(make_sale("r-1", deviceId=TERMINAL, employeeId="e-1"))
    store = {"uuid": STORE, "name": "Чай на углу", "address": "ул. Ленина, 1"}
    assert put(account, "stores", [store, {"uuid": "new", "name": "Новый"}]).content == b""
    device = {"uuid": TERMINAL, "name": "Касса 1", "storeUuid": STORE, "timezoneOffset": 10800000}
    assert put(account, "devices", [device]).status_code == 200
    person: dict[str, Any] = {
        "uuid": "e-1",
        "name": "Ада",
        "lastName": "Лавлейс",
        "patronymicName": None,
        "role": "ADMIN",
        "stores": [],
    }
    assert put(account, "employees", [person]).status_code == 200
    assert {str(store) for store in shop.stores.all()} == {"Чай на углу", "Новый"}
    terminal = Terminal.objects.get(evotor_id=TERMINAL)
    assert (str(terminal), str(terminal.store), terminal.time_zone_offset) == (
        "Касса 1",
        "Чай на углу",
        timedelta(hours=3),
    )
    assert str(Employee.objects.get(evotor_id="e-1")) == "Лавлейс Ада"


def test_the_newer_names_of_the_fields_are_understood(account: Cloud) -> None:
    put(account, "devices", [{"id": TERMINAL, "name": "Касса", "storeId": "s", "timezoneOffset": 0}])
    terminal = Terminal.objects.get()
    assert (terminal.evotor_id, terminal.store and terminal.store.evotor_id) == (TERMINAL, "s")
    assert terminal.time_zone_offset == timedelta(0)


def test_a_name_that_a_person_has_given_is_kept(account: Cloud, shop: Shop) -> None:
    put(account, "stores", [{"uuid": STORE, "name": "Магазин 1"}])
    client = Client()
    client.force_login(make_accountant())
    page = f"/admin/shops/store/{Store.objects.get().pk}/change/"
    assert "Магазин 1" in client.get(page).content.decode()
    client.post(page, {"name": "Чай на углу"})
    put(account, "stores", [{"uuid": STORE, "name": "Магазин 2"}])
    store = Store.objects.get()
    assert (str(store), store.evotor_name) == ("Чай на углу", "Магазин 2")
    client.post(page, {"name": ""})
    assert str(Store.objects.get()) == "Магазин 2"


def test_a_name_that_is_not_told_takes_none_away(account: Cloud) -> None:
    put(account, "devices", [{"uuid": TERMINAL, "name": "Касса", "storeUuid": STORE, "timezoneOffset": 3600000}])
    put(account, "devices", [{"uuid": TERMINAL, "timezoneOffset": "soon"}])
    terminal = Terminal.objects.get()
    assert (str(terminal), terminal.store_id is None, terminal.time_zone_offset) == ("Касса", False, timedelta(hours=1))


def test_another_shops_store_is_left_alone(account: Cloud, install: Install, shop: Shop, other_shop: Shop) -> None:
    put(account, "stores", [{"uuid": STORE, "name": "Чай"}])
    theirs = install(OTHER_USER, other_shop)
    assert put(theirs, "stores", [{"uuid": STORE, "name": "Моё"}, {"uuid": "s-2", "name": "Кофе"}]).status_code == 200
    put(theirs, "devices", [{"uuid": TERMINAL, "name": "Касса", "storeUuid": STORE}])
    store = Store.objects.get(evotor_id=STORE)
    assert (store.shop, store.evotor_name) == (shop, "Чай")
    assert Store.objects.get(evotor_id="s-2").shop == other_shop
    assert Terminal.objects.get().store is None


def test_a_shops_key_may_send_names_too(till: Till, shop: Shop) -> None:
    assert put(till, "stores", [{"uuid": STORE, "name": "Чай"}]).status_code == 200
    assert Store.objects.get().shop == shop


def test_the_last_of_two_names_in_one_message_holds(account: Cloud) -> None:
    put(account, "stores", [{"uuid": STORE, "name": "a"}, {"uuid": STORE, "name": "b"}])
    assert str(Store.objects.get()) == "b"


def test_many_names_are_taken_at_once(account: Cloud) -> None:
    assert put(account, "employees", [{"uuid": str(n), "name": "n" * 500} for n in range(1201)]).status_code == 200
    assert Employee.objects.filter(evotor_name="n" * 200).count() == 1201
    assert put(account, "employees", []).status_code == 200


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize(
    ("body", "code", "subject"),
    [
        (b"", 2001, ""),
        (b"[", 2001, ""),
        (b'[{"uuid": "\xff"}]', 2001, ""),
        ({}, 2003, ""),
        ([5], 2003, "[0]"),
        ([{"name": "Чай"}], 2002, "[0].uuid"),
        ([{"uuid": "a"}, {"uuid": "a" * 201}], 2003, "[1].uuid"),
        ([{"uuid": "a", "name": {}}], 2003, "[0].name"),
        (b'[{"uuid": "a\\u0000"}]', 2003, "[0].uuid"),
        (b'[{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}]", 2001, ""),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    account: Cloud, install: Install, kind: str, body: Any, code: int, subject: str
) -> None:
    for caller in (account, install(OTHER_USER)):
        status, error = error_of(put(caller, kind, body))
        assert (status, error["code"], error.get("subject", "")) == (400, code, subject)
    assert not (Store.objects.exists() or Terminal.objects.exists() or Employee.objects.exists())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PATHS), st.data())
def test_mutated_names_break_nothing(account: Cloud, kind: str, data: st.DataObject) -> None:
    named: dict[str, Any] = {
        "uuid": TERMINAL,
        "name": "Касса",
        "storeUuid": STORE,
        "timezoneOffset": 10800000,
        "lastName": "Л",
    }
    body = bytearray(write_json([named, {"id": "b"}]))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert put(account, kind, bytes(body)).status_code in (200, 400)
