"""What belongs to no shop yet: kept as it came, answered as accepted, assigned by a person, delivered once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shops.evotor.waiting import assign_message, assign_store
from shops.models import (
    Employee,
    EvotorAccount,
    ExchangeEvent,
    Receipt,
    ReceiptDelivery,
    RegisterDocument,
    Shop,
    Store,
    UnassignedMessage,
)
from shops.wire_writer import write_json
from tests.evotor.conftest import BILL, OTHER_USER, STORE, TEA, USER, Cloud, Install, assign, error_of, make_sale
from tests.factories import make_person
from tests.logs import make_receipt
from tests.protocol.conftest import Crm, Till, judge_later, make_event


def read_message() -> UnassignedMessage:
    return UnassignedMessage.objects.get()


def test_a_receipt_of_an_unknown_store_is_kept_as_it_came(cloud: Cloud, shop: Shop) -> None:
    body = b' {"userId": "u",  "data": {"id": "r-1", "type": "SELL", "totalAmount": 1.50, "storeId": "s"}}\n'
    response = cloud.at(terminal="t").send("POST", "/api/v2/receipts", body)
    assert (response.status_code, response.content) == (200, b"")
    message = read_message()
    assert (message.kind, message.store_id, message.user_id, message.fault) == ("receipts", "s", "u", "")
    assert (message.body, message.verbatim) == (body, None)
    assert message.headers == {"X-Evotor-Device-UUID": "t"}
    assert cloud.secret not in str(vars(message))
    assert not ExchangeEvent.objects.exists()


def test_a_store_is_assigned_and_what_waited_is_on_the_books_once(
    cloud: Cloud, till: Till, crm: Crm, shop: Shop
) -> None:
    crm.put(BILL)
    printed_at = timezone.now().isoformat()
    for event in ("e-1", "e-1", "e-2"):
        sold = make_event(make_sale("r-1", dateTime=printed_at), event)
        assert cloud.send("POST", "/api/v2/receipts", sold).status_code == 200
    cloud.deliver(make_sale("r-2", store="another store"))
    assert list(UnassignedMessage.objects.values_list("store_id", "times_received")) == [
        (STORE, 2),
        (STORE, 1),
        ("another store", 1),
    ]
    assert till.list_ids() == [1]
    came_at = UnassignedMessage.objects.first()
    assert came_at is not None
    page = assign(came_at, shop, "store")
    assert page.status_code == 200
    assert Store.objects.get().shop == shop
    receipt = Receipt.objects.get()
    assert (receipt.receipt_id, receipt.shop) == ("r-1", shop)
    assert ReceiptDelivery.objects.count() == 2
    assert receipt.received_at == came_at.received_at.replace(microsecond=0)
    assert till.list_ids() == []
    assert judge_later() == set()
    delivered = UnassignedMessage.objects.exclude(shop=None)
    assert {(row.shop, str(row.assigned_by), row.assigned_at is None) for row in delivered} == {(shop, "boss", False)}
    assert LogEntry.objects.get().get_change_message()
    # From now on its receipts are recorded at once, and one that comes again is the same.
    cloud.send("POST", "/api/v2/receipts", make_event(make_sale("r-1", dateTime=printed_at), "e-3"))
    assert Receipt.objects.count() == 1
    assert UnassignedMessage.objects.filter(assigned_at=None).count() == 1


def test_the_journal_has_the_time_at_which_a_kept_receipt_came_and_was_answered(cloud: Cloud, shop: Shop) -> None:
    cloud.deliver(make_sale("r-1"))
    came_at = timezone.now() - timedelta(days=2)
    UnassignedMessage.objects.update(received_at=came_at)
    assign(read_message(), shop, "store")
    request = ExchangeEvent.objects.get(direction="request")
    assert request.answer is not None
    assert request.occurred_at == request.answer.occurred_at == came_at.replace(microsecond=0)
    assert (request.answer.body, request.answer.remark) == ("", "Kept until its shop was known.")
    assert request.unjudged_since is None


def test_an_account_is_assigned_and_all_that_it_sent_is_delivered(
    install: Install, shop: Shop, other_shop: Shop
) -> None:
    cloud, another = install(USER), install(OTHER_USER)
    names = [{"uuid": STORE, "name": "Чай на углу"}]
    assert cloud.send("PUT", "/api/v1/inventories/stores", names).status_code == 200
    assert cloud.send("PUT", "/api/v1/inventories/employees", [{"uuid": "e", "name": "Ада"}]).status_code == 200
    documents = [{"uuid": "d", "type": "Z_REPORT"}]
    path = f"/api/v1/inventories/stores/{STORE}/documents"
    assert cloud.send("PUT", path, documents).status_code == 200
    assert cloud.at(store=STORE).deliver(make_sale("r-1")).status_code == 200
    assert another.deliver(make_sale("r-2"), user=OTHER_USER).status_code == 200
    assert UnassignedMessage.objects.count() == 5
    assert not (Store.objects.exists() or Employee.objects.exists() or RegisterDocument.objects.exists())

    client = Client()
    client.force_login(make_superuser())
    account = EvotorAccount.objects.get(user_id=USER)
    form = {"action": "assign_selected", "_selected_action": account.pk}
    asked = client.post("/admin/shops/evotoraccount/", form)
    assert 'name="assign-shop"' in asked.content.decode()
    client.post("/admin/shops/evotoraccount/", form | {"confirmed": "1", "assign-shop": shop.pk})
    account.refresh_from_db()
    assert account.shop == shop
    assert Receipt.objects.get().receipt_id == "r-1"
    assert str(Store.objects.get()) == "Чай на углу"
    assert str(Employee.objects.get(evotor_id="e")) == "Ада"
    assert RegisterDocument.objects.get().store == Store.objects.get()
    assert UnassignedMessage.objects.get(assigned_at=None).account != account


def test_another_shops_store_does_not_open_an_account(install: Install, shop: Shop) -> None:
    """What came with a user's token waits for that user, even when its store has a shop."""
    install(USER).at(store=STORE).deliver(make_sale("r-1"))
    assign_store(STORE, shop, actor=None, now=timezone.now())
    assert not Receipt.objects.exists()
    assign(read_message(), shop, "store")
    assert read_message().assigned_at is None
    assign(read_message(), shop, "user")
    assert EvotorAccount.objects.get().shop == shop
    assert Receipt.objects.get().shop == shop


def test_a_user_can_be_assigned_who_never_installed_anything(cloud: Cloud, shop: Shop) -> None:
    cloud.deliver(make_sale("r-1", store=""))
    assign(read_message(), shop, "user")
    assert EvotorAccount.objects.get().shop == shop
    cloud.deliver(make_sale("r-2", store=""))
    assert Receipt.objects.filter(shop=shop).count() == 2


def test_one_message_can_be_assigned_by_itself(cloud: Cloud, shop: Shop) -> None:
    cloud.deliver(make_sale("r-1"))
    cloud.deliver(make_sale("r-2"))
    first = UnassignedMessage.objects.first()
    assert first is not None
    for _ in range(2):
        assign(first, shop, "message")
    assert ExchangeEvent.objects.filter(direction="request").count() == 1
    assert Receipt.objects.get().receipt_id == "r-1"
    assert UnassignedMessage.objects.filter(assigned_at=None).count() == 1


def test_a_store_that_has_become_another_shops_is_not_taken_away(cloud: Cloud, shop: Shop, other_shop: Shop) -> None:
    cloud.deliver(make_sale("r-1"))
    Store.objects.create(shop=other_shop, evotor_id=STORE)
    assign(read_message(), shop, "store")
    assert Store.objects.get().shop == other_shop
    assert read_message().assigned_at is None


def test_what_waits_is_delivered_when_its_store_is_learned(cloud: Cloud, install: Install, shop: Shop) -> None:
    cloud.deliver(make_sale("r-1"))
    install(OTHER_USER, shop).send("PUT", "/api/v1/inventories/stores", [{"uuid": STORE, "name": "Чай"}])
    assert Receipt.objects.get().shop == shop
    assert read_message().shop == shop


def test_what_waits_is_delivered_when_its_user_gets_a_shop_by_its_receipts(
    cloud: Cloud, install: Install, till: Till, shop: Shop
) -> None:
    cloud.deliver(make_sale("r-1", store=""))
    till.deliver(make_receipt("r-2", [TEA], BILL))
    install(USER)
    assert set(Receipt.objects.filter(shop=shop).values_list("receipt_id", flat=True)) == {"r-1", "r-2"}


def test_only_who_has_the_permission_assigns(cloud: Cloud, shop: Shop) -> None:
    cloud.deliver(make_sale("r-1"))
    reader = make_person("reader")
    reader.user_permissions.add(Permission.objects.get(codename="view_unassignedmessage"))
    client = Client()
    client.force_login(reader)
    assert "r-1" in client.get(f"/admin/shops/unassignedmessage/{read_message().pk}/change/").content.decode()
    form = {"action": "assign_selected", "_selected_action": read_message().pk, "confirmed": "1"}
    client.post("/admin/shops/unassignedmessage/", form | {"assign-shop": shop.pk, "assign-scope": "store"})
    assert not Store.objects.exists()
    assert read_message().assigned_at is None


def test_the_queue_shows_what_waits_and_asks_before_it_assigns(cloud: Cloud, shop: Shop) -> None:
    cloud.deliver(make_sale("r-1"))
    client = Client()
    client.force_login(make_superuser())
    assert STORE in client.get("/admin/shops/unassignedmessage/").content.decode()
    form = {"action": "assign_selected", "_selected_action": read_message().pk}
    assert 'name="assign-scope"' in client.post("/admin/shops/unassignedmessage/", form).content.decode()
    assert read_message().assigned_at is None
    assign(read_message(), shop, "store")
    assert STORE not in client.get("/admin/shops/unassignedmessage/").content.decode()
    for state in ("delivered", "all", "rubbish"):
        assert client.get("/admin/shops/unassignedmessage/", {"state": state, "q": "r-1"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "kept"),
    [
        (b"what?", 2001, b"what?"),
        (b'{"data": {"id": "\xff"}}', 2001, b'{"data": {"id": "\xff"}}'),
        (b"[]", 2002, b"[]"),
        (b"{}", 2002, b"{}"),
        (b"", 2001, b""),
        (b"x" * (3 << 20), 2001, b"x" * (64 << 10)),
    ],
)
def test_rubbish_is_refused_and_kept_in_bounds(cloud: Cloud, body: bytes, code: int, kept: bytes) -> None:
    for _ in range(3):
        status, error = error_of(cloud.at(store=STORE).send("POST", "/api/v2/receipts", body))
        assert (status, error["code"]) == (400, code)
    message = read_message()
    assert (message.body, message.times_received) == (kept, 3)
    assert message.fault


def test_rubbish_of_a_store_is_journaled_when_the_store_has_a_shop(cloud: Cloud, shop: Shop) -> None:
    cloud.at(store=STORE).send("POST", "/api/v2/receipts", b"what?\xff")
    assign(read_message(), shop, "store")
    assert judge_later() == {(None, None, "unreadable", None)}


def test_an_array_with_a_bad_receipt_keeps_the_good_ones(cloud: Cloud, install: Install, shop: Shop) -> None:
    bad: dict[str, Any] = {"id": "r-2", "type": "SELL", "storeId": STORE}
    assert cloud.deliver(make_sale("r-1"), bad, make_sale("r-3")).status_code == 400
    assert UnassignedMessage.objects.count() == 3
    assign_store(STORE, shop, actor=None, now=timezone.now())
    assert set(Receipt.objects.values_list("receipt_id", flat=True)) == {"r-1", "r-3"}
    account = install(OTHER_USER)
    assert account.deliver(make_sale("r-4"), bad, user=OTHER_USER).status_code == 400
    assert UnassignedMessage.objects.filter(assigned_at=None).count() == 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_receipt_breaks_nothing(cloud: Cloud, shop: Shop, data: st.DataObject) -> None:
    body = bytearray(write_json([make_event(make_sale("r-1")), make_event(make_sale("r-2", store="s"))]))
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert cloud.send("POST", "/api/v2/receipts", bytes(body)).status_code in (200, 400)
    for message in UnassignedMessage.objects.filter(assigned_at=None):
        assign_message(message, shop, actor=None, now=timezone.now())
    assert not UnassignedMessage.objects.filter(assigned_at=None).exists()


def make_superuser() -> Any:
    boss = make_person("chief")
    boss.is_superuser = True
    boss.save(update_fields=["is_superuser"])
    return boss
