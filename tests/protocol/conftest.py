"""The cast of the protocol: two shops, each with a till and a CRM, who call over HTTP."""

from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from django.test import Client
from django.utils import timezone

from shops.access import create_key
from shops.models import Shop
from shops.wire_writer import read_json, write_json
from tests.logs import Row, make_receipt, read_discrepancies, run

Who = TypeVar("Who", bound="Caller")


@dataclass
class Caller:
    """Who calls with a key of a shop."""

    secret: str
    client: Client

    def get(self, path: str, **query: str) -> Any:
        return self.client.get(path, query, headers=self._headers())

    def send(self, method: str, path: str, body: object = b"") -> Any:
        raw = body if isinstance(body, bytes) else write_json(body)  # type: ignore[arg-type]
        return self.client.generic(method, path, raw, content_type="application/json", headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@dataclass
class Till(Caller):
    """A cash register's app, and Evotor's cloud behind it."""

    def offers(self, **query: str) -> Any:
        response = self.get("/api/v2/list", **query)
        assert response.status_code == 200, response.content
        return read_json(response.content)

    def list_ids(self, **query: str) -> list[Any]:
        return [bill["id"] for bill in self.offers(**query)]

    def bill(self, bill_id: str) -> Any:
        response = self.get(f"/api/v2/bill/byid/{bill_id}")
        assert response.status_code == 200, response.content
        return read_json(response.content)

    def deliver(self, *receipts: dict[str, Any]) -> Any:
        events = [make_event(receipt) for receipt in receipts]
        return self.send("POST", "/api/v2/receipts", events[0] if len(events) == 1 else events)

    def sell(self, receipt_id: str, lines: Any, bill: Any, **fields: Any) -> Any:
        response = self.deliver(make_receipt(receipt_id, lines, bill, **fields))
        assert (response.status_code, response.content) == (200, b"")
        return response


@dataclass
class Crm(Caller):
    def put(self, bill: dict[str, Any], bill_id: str = "") -> Any:
        return self.send("PUT", f"/api/v2/bill/byid/{bill_id or bill['id']}", bill)

    def delete(self, bill_id: str) -> Any:
        return self.send("DELETE", f"/api/v2/bill/byid/{bill_id}")


def make_event(receipt: dict[str, Any], event_id: str = "event-1") -> dict[str, Any]:
    receipt = {"dateTime": timezone.now().isoformat()} | receipt
    event = {"id": event_id, "data": receipt, "type": "ReceiptCreated"}
    return event | {"userId": "01-000000000000001", "version": 2, "timestamp": 1774448694958}


def judge_later() -> set[Row]:
    """Judges everything as of a day when all deadlines have passed; bill, receipt, kind, amount of what was found."""
    run("reconcile", "--as-of=2100-01-01T00:00:00+00:00")
    rows = read_discrepancies()
    return {(row["bill"], row["receipt"], row["kind"], row["amount"]) for row in rows}


def make_caller(caller: type[Who], shop: Shop, role: str) -> Who:
    return caller(create_key(shop, role, now=timezone.now()).secret, Client())


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(number=7, name="Чай")


@pytest.fixture
def other_shop(db: None) -> Shop:
    return Shop.objects.create(number=8, name="Кофе")


@pytest.fixture
def till(shop: Shop) -> Till:
    return make_caller(Till, shop, "register")


@pytest.fixture
def crm(shop: Shop) -> Crm:
    return make_caller(Crm, shop, "crm")


@pytest.fixture
def other_till(other_shop: Shop) -> Till:
    return make_caller(Till, other_shop, "register")


@pytest.fixture
def other_crm(other_shop: Shop) -> Crm:
    return make_caller(Crm, other_shop, "crm")
