"""The cast of Evotor's side: its cloud, an account with and one without a shop, and the app on a terminal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from shops.models import EvotorAccount, Shop, UnassignedMessage
from shops.wire_writer import read_json
from tests.logs import line, make_bill, make_receipt
from tests.protocol.conftest import Caller, crm, make_event, other_crm, other_shop, other_till, shop, till

__all__ = ["crm", "other_crm", "other_shop", "other_till", "shop", "till"]

APPLICATION_TOKEN = "0f4c2b7e-application"
USER, OTHER_USER = "01-000000000000001", "01-000000000000002"
STORE, OTHER_STORE = "20170606-69FB-40FF-805C-7724F9A7F221", "20170606-0000-40FF-805C-7724F9A7F222"
TERMINAL = "20170607-TERM"

TEA = line("101", 7600)
BILL = make_bill("1", [TEA])

Install = Callable[..., "Cloud"]


@dataclass
class Cloud(Caller):
    """Evotor's cloud, with a token and what its proxy adds to a call."""

    headers: dict[str, str] = field(default_factory=dict)

    def at(self, *, store: str = "", terminal: str = "", user: str = "") -> "Cloud":
        names = {"X-Evotor-Store-Uuid": store, "X-Evotor-Device-UUID": terminal, "X-Evotor-User-Id": user}
        return Cloud(self.secret, self.client, {name: value for name, value in names.items() if value})

    def deliver(self, *receipts: dict[str, Any], user: str = USER) -> Any:
        events = [make_event(receipt) | {"userId": user} for receipt in receipts]
        return self.send("POST", "/api/v2/receipts", events[0] if len(events) == 1 else events)

    def list_ids(self) -> list[Any]:
        response = self.get("/api/v2/list")
        assert response.status_code == 200, response.content
        listed: Any = read_json(response.content)
        return [bill["id"] for bill in listed]

    def _headers(self) -> dict[str, str]:
        return super()._headers() | self.headers


def make_sale(receipt_id: str, *, store: str = STORE, **fields: Any) -> dict[str, Any]:
    return make_receipt(receipt_id, [TEA], BILL, storeId=store, **fields)


def error_of(response: Any) -> tuple[int, dict[str, Any]]:
    answer: Any = read_json(response.content)
    [error] = answer["errors"]
    return response.status_code, error


def read_answer(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return read_json(response.content) if response.content else None


def assign(message: UnassignedMessage, shop: Shop, scope: str) -> Any:
    """What a person does in the queue of the admin."""
    client = Client()
    client.force_login(User.objects.get_or_create(username="boss", is_staff=True, is_superuser=True)[0])
    form = {"action": "assign_selected", "_selected_action": message.pk, "confirmed": "1"}
    form |= {"assign-shop": shop.pk, "assign-scope": scope}
    return client.post("/admin/shops/unassignedmessage/", form, follow=True)


@pytest.fixture
def cloud(settings: Settings, db: None) -> Cloud:
    """The cloud with the token of the application."""
    settings.EVOTOR_APPLICATION_TOKEN = APPLICATION_TOKEN
    return Cloud(APPLICATION_TOKEN, Client())


@pytest.fixture
def install(cloud: Cloud) -> Callable[..., Cloud]:
    """An Evotor user installs the application: the cloud with the token that was handed out."""

    def install(user_id: str = USER, shop: Shop | None = None) -> Cloud:
        token = read_answer(cloud.send("POST", "/api/v1/user/create", {"userId": user_id}))["token"]
        if shop is not None:
            EvotorAccount.objects.filter(user_id=user_id).update(shop=shop)
        return Cloud(token, Client())

    return install
