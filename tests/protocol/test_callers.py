"""Who may call what: roles, rotated and revoked keys."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from shops.access import create_key, revoke_key, rotate_key
from shops.models import ApiKey, Shop
from shops.wire_writer import read_json
from tests.logs import line, make_bill, make_receipt, run
from tests.protocol.conftest import Caller, Crm, Till, make_event

BILL = make_bill("1", [line("tea", 100)])
EVENT = make_event(make_receipt("r-1", [line("tea", 100)], BILL))

ENDPOINTS = [
    ("GET", "/api/v2/list", "register"),
    ("GET", "/api/v2/bill/byid/1", "register"),
    ("POST", "/api/v2/receipts", "register"),
    ("PUT", "/api/v2/bill/byid/1", "crm"),
    ("DELETE", "/api/v2/bill/byid/1", "crm"),
    ("POST", "/api/v2/bills", "crm"),
]


@pytest.mark.parametrize("role", ApiKey.Role.values)
@pytest.mark.parametrize(("method", "path", "allowed"), ENDPOINTS)
def test_a_key_opens_what_its_role_is_for(shop: Shop, method: str, path: str, allowed: str, role: str) -> None:
    caller = Caller(create_key(shop, role, now=timezone.now()).secret, Client())
    body = EVENT if "receipts" in path else [BILL] if "bills" in path else BILL
    response = caller.send(method, path, body)
    assert (response.status_code != 403) == (role == allowed)
    if role != allowed:
        assert read_json(response.content) == {
            "errors": [{"code": 1002, "reason": "the role of this key does not allow it", "subject": "Authorization"}]
        }


@pytest.mark.parametrize(("method", "path", "role"), ENDPOINTS)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer \u00ff"])
def test_nobody_else_is_let_in(db: None, header: str | None, method: str, path: str, role: str) -> None:
    headers = {"Authorization": header} if header else {}
    response = Client().generic(method, path, headers=headers)
    assert response.status_code == 401
    assert read_json(response.content)["errors"][0]["code"] == 1002  # type: ignore[index,call-overload]


def test_a_revoked_key_opens_nothing(till: Till) -> None:
    revoke_key(ApiKey.objects.get(), now=timezone.now())
    assert till.get("/api/v2/list").status_code == 401


def test_a_rotated_key_works_until_its_overlap_ends(till: Till) -> None:
    old, now = ApiKey.objects.get(), timezone.now()
    new = rotate_key(old, overlap=timedelta(hours=1), now=now)
    assert till.get("/api/v2/list").status_code == 200
    assert Till(new.secret, Client()).get("/api/v2/list").status_code == 200
    rotate_key(old, overlap=timedelta(0), now=now - timedelta(seconds=1))
    assert till.get("/api/v2/list").status_code == 401


def test_a_key_says_when_it_was_last_used_and_is_not_stored(till: Till) -> None:
    till.get("/api/v2/list")
    key = ApiKey.objects.get()
    assert key.last_used_at is not None
    assert till.secret not in str(vars(key))


def test_an_answer_is_json_whatever_is_accepted(till: Till) -> None:
    for accept in ("text/html", "*/*", "application/xml", "rubbish"):
        headers = {"Authorization": f"Bearer {till.secret}", "Accept": accept}
        response = Client().get("/api/v2/list", headers=headers)
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")


def test_an_unknown_method_is_told_so(till: Till) -> None:
    assert till.send("DELETE", "/api/v2/list").status_code == 405
    assert till.send("GET", "/api/v2/receipts").status_code == 405


def test_a_shop_and_its_keys_are_made_by_commands(db: None) -> None:
    run("create_shop", "9", name="Цветы")
    output, _ = run("create_api_key", "9", role="register")
    till = Till(output.splitlines()[-1], Client())
    assert till.offers() == []
    with pytest.raises(CommandError):
        call_command("create_shop", "9")
    with pytest.raises(CommandError):
        call_command("create_api_key", "10", role="register")


def test_bills_are_stated_in_bulk_and_answered_one_by_one(till: Till, crm: Crm) -> None:
    first, second = make_bill("1", [line("tea", 100)]), make_bill("2", [line("cup", 50)])
    assert read_json(crm.send("POST", "/api/v2/bills", [first, {"id": 3}, second]).content) == [
        {"index": 0, "id": 1, "code": 201, "status": "created"},
        {"index": 1, "id": 3, "code": 400, "errors": [{"code": 2002, "reason": "missing", "subject": "summ"}]},
        {"index": 2, "id": 2, "code": 201, "status": "created"},
    ]
    lines = b'{"id": 1}\n\n' + b'{"id": 4, "summ": 5}'
    answers = read_json(crm.send("POST", "/api/v2/bills", lines).content)
    assert [answer["code"] for answer in answers] == [400, 201]  # type: ignore[index,call-overload,union-attr]
    assert sorted(till.list_ids()) == [1, 2, 4]


def test_the_same_bill_twice_is_one_bill_and_no_change(crm: Crm) -> None:
    assert read_json(crm.put(BILL).content) == {"id": 1, "status": "created"}
    assert read_json(crm.put(BILL).content) == {"id": 1, "status": "unchanged"}
    assert read_json(crm.put(BILL | {"summ": 99}).content) == {"id": 1, "status": "changed"}


def test_a_bill_is_put_at_its_own_address(crm: Crm) -> None:
    response = crm.put(BILL, bill_id="2")
    assert response.status_code == 400
    assert read_json(response.content)["errors"][0]["subject"] == "id"  # type: ignore[index,call-overload]
