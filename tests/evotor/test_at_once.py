"""Receipts of an unknown store come while a person assigns it: none is lost, and none is counted twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from shops.evotor.waiting import assign_store
from shops.models import EvotorAccount, Receipt, RegisterDocument, Shop, Store, UnassignedMessage
from tests.evotor.conftest import APPLICATION_TOKEN, STORE, USER, Cloud, make_sale

RECEIPTS = 24

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cloud(settings: Settings) -> Cloud:
    settings.EVOTOR_APPLICATION_TOKEN = APPLICATION_TOKEN
    return Cloud(APPLICATION_TOKEN, Client())


@pytest.fixture
def shop() -> Shop:
    return Shop.objects.create(number=7, name="Чай")


def do_at_once(*things: Callable[[], Any]) -> list[Any]:
    def run(thing: Callable[[], Any]) -> Any:
        try:
            return thing()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, things))


def test_receipts_that_come_while_their_store_is_assigned_are_on_the_books_once(cloud: Cloud, shop: Shop) -> None:
    def deliver(number: int) -> Callable[[], int]:
        sale = make_sale(f"r-{number % RECEIPTS}", dateTime="2026-03-25T12:00:00Z")
        return lambda: int(Cloud(cloud.secret, Client()).deliver(sale).status_code)

    def assign() -> int:
        assign_store(STORE, shop, actor=None, now=timezone.now())
        return 200

    deliveries = [deliver(number) for number in range(2 * RECEIPTS)]
    things = [*deliveries[:RECEIPTS], assign, *deliveries[RECEIPTS:], assign]
    assert set(do_at_once(*things)) == {200}
    assert not UnassignedMessage.objects.filter(assigned_at=None).exists()
    assert set(Receipt.objects.values_list("receipt_id", flat=True)) == {f"r-{number}" for number in range(RECEIPTS)}
    assert Receipt.objects.count() == RECEIPTS


def test_one_message_that_waits_is_counted_and_not_doubled(cloud: Cloud) -> None:
    sale = make_sale("r-1", dateTime="2026-03-25T12:00:00Z")
    answers = do_at_once(*[lambda: Cloud(cloud.secret, Client()).deliver(sale).status_code] * 12)
    assert set(answers) == {200}
    assert UnassignedMessage.objects.get().times_received == 12


def test_documents_and_names_that_come_at_once_are_there_once(cloud: Cloud, shop: Shop) -> None:
    Store.objects.create(shop=shop, evotor_id=STORE)
    path = "/api/v1/inventories/"

    def put(kind: str, body: object) -> Callable[[], int]:
        caller = Cloud(cloud.secret, Client(), {"X-Evotor-Store-Uuid": STORE})
        return lambda: int(caller.send("PUT", path + kind, body).status_code)

    documents = [[{"id": "d", "type": "Z_REPORT", "number": number}] for number in (1, 2)]
    things = [put(f"stores/{STORE}/documents", body) for body in documents] * 6
    things += [put("stores", [{"uuid": str(number), "name": "s"} for number in range(20)])] * 6
    assert set(do_at_once(*things)) == {200}
    assert RegisterDocument.objects.filter(contradicts=None).count() == 1
    assert RegisterDocument.objects.count() == 2
    assert Store.objects.count() == 21


def test_a_user_who_is_created_twice_at_once_has_the_token_of_one_answer(cloud: Cloud) -> None:
    def create() -> str:
        response = Cloud(cloud.secret, Client()).send("POST", "/api/v1/user/create", {"userId": USER})
        assert response.status_code == 200
        return str(response.json()["token"])

    tokens = do_at_once(*[create] * 8)
    EvotorAccount.objects.update(shop=Shop.objects.create(number=9))
    working = [token for token in tokens if Cloud(token, Client()).get("/api/v2/list").status_code == 200]
    assert len(working) == 1
