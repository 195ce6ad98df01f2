"""The short way to the protocol's views answers as the long one through everything that pages need."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import translation

from tests.logs import line, make_bill, make_receipt
from tests.protocol.conftest import Crm, Till

DOOR = "crmpos.protocol_door.ProtocolDoor"
THE_LONG_WAY = override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != DOOR])
OF_THE_WAY = ("X-Request-ID", "Content-Language", "Vary")  # what is new each time, and what languages and log-ins add

BILL = make_bill("1", [line("tea", 100)])

CALLS: dict[str, Callable[[Till, Crm], Any]] = {
    "a list": lambda till, crm: till.get("/api/v2/list"),
    "a bill": lambda till, crm: till.get("/api/v2/bill/byid/1"),
    "a receipt": lambda till, crm: till.deliver(make_receipt("r-1", [line("tea", 100)], None)),
    "a statement": lambda till, crm: crm.put(BILL),
    "the front controller": lambda till, crm: till.get("/index.php", q="/api/v2/list"),
    "no such address": lambda till, crm: till.get("/api/v2/nothing"),
    "no such address, with a slash": lambda till, crm: till.get("/api/v2/list/"),
    "no such address of the front controller": lambda till, crm: till.get("/index.php", q="/admin/"),
    "no key": lambda till, crm: Client().get("/api/v2/list"),
    "an unknown key": lambda till, crm: Client().get("/api/v2/list", headers={"Authorization": "Bearer nobody's"}),
    "a key without its scheme": lambda till, crm: Client().get("/api/v2/list", headers={"Authorization": till.secret}),
    "a bill with a long id": lambda till, crm: till.get(f"/api/v2/bill/byid/{'1' * 201}"),
    "a bill without an id": lambda till, crm: till.get("/api/v2/bill/byid/"),
    "a bill that nobody knows": lambda till, crm: till.get("/api/v2/bill/byid/счёт 7"),
    "a list of a number": lambda till, crm: till.get("/api/v2/list", number="1-CRM"),
    "a receipt that is too large": lambda till, crm: till.send("POST", "/api/v2/receipts", b" " * (11 << 20)),
    "another role": lambda till, crm: crm.get("/api/v2/list"),
    "another method": lambda till, crm: till.send("DELETE", "/api/v2/list"),
    "an application's call without its token": lambda till, crm: Client().post("/api/v1/user/create"),
    "a host that is none of ours": lambda till, crm: till.client.get("/api/v2/list", headers={"Host": "elsewhere"}),
    "bad input": lambda till, crm: till.send("POST", "/api/v2/receipts", b"what?"),
    "options": lambda till, crm: till.send("OPTIONS", "/api/v2/list"),
}


def describe(response: Any) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in response.headers.items() if name not in OF_THE_WAY}
    return response.status_code, response.content, headers


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_both_ways_answer_the_same(till: Till, crm: Crm, call: Callable[[Till, Crm], Any]) -> None:
    crm.put(BILL)
    answer = call(till, crm)
    with THE_LONG_WAY:
        till.client, crm.client = Client(), Client()
        assert describe(call(till, crm)) == describe(answer)


@pytest.mark.parametrize("call", ["a list", "a bill", "a receipt"])
def test_the_ordinary_is_answered_past_the_views(till: Till, crm: Crm, call: str) -> None:
    crm.put(BILL)
    with patch("rest_framework.views.APIView.dispatch", side_effect=AssertionError):
        assert CALLS[call](till, crm).status_code == 200


def test_a_fault_and_a_failing_database_are_answered_the_same(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise error

    monkeypatch.setattr("shops.api.urls.write_not_found", fail)
    for error in (ZeroDivisionError(), OperationalError("down")):
        ways = []
        for way in (override_settings(), THE_LONG_WAY):
            with way:
                client = Client(raise_request_exception=False)
                ways.append(describe(client.get("/index.php?q=nowhere")))
        assert ways[0] == ways[1]
        assert ways[0][0] == (500 if isinstance(error, ZeroDivisionError) else 503)


def test_a_page_before_it_leaves_no_language(till: Till) -> None:
    translation.activate("en")
    till.offers()
    assert translation.get_language() == settings.LANGUAGE_CODE


def test_what_became_of_a_bill_is_told_in_the_language_of_the_reader(crm: Crm) -> None:
    crm.put(BILL)
    response = crm.get("/api/v2/bills/1/status")
    assert response.headers["Content-Language"] == "ru"
