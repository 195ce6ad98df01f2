"""A bill and its receipt that are recorded at the same moment find each other, whichever of them is committed first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from shops import serving
from shops.models import Receipt, Shop
from shops.wire_writer import write_json
from tests.logs import Log, import_log, line, make_bill, make_receipt
from tests.processes import wait_until
from tests.protocol.conftest import Till, make_event
from tests.transactions import another_transaction

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite whoever writes is alone"),
    pytest.mark.django_db(transaction=True),
]

BILL = make_bill("77", [line("tea", 100)])
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def sell(shop: Shop, **extras: object) -> None:
    body = write_json(make_event(make_receipt("r-1", [line("cup", 100)], BILL, extras=extras)))
    assert serving.accept_receipts(shop, body, query={}, now=timezone.now()).status == 200


def sell_by_number(shop: Shop) -> None:
    sell(shop, billId="")


def sell_unbilled(shop: Shop, receipt_id: str, **fields: Any) -> None:
    body = write_json(make_event(make_receipt(receipt_id, [line("pot", 100)], None, **fields)))
    assert serving.accept_receipts(shop, body, query={}, now=timezone.now()).status == 200


def state(shop: Shop) -> None:
    answer = serving.put_bill(shop, "77", write_json(BILL), query={"id": "77"}, now=timezone.now())
    assert answer.status == 201


def import_statement(shop: Shop) -> None:
    log = Log(shop.number)
    log.ask_bill(BILL)
    import_log(log)


def close_after(work: Callable[[Shop], None], shop: Shop) -> None:
    try:
        work(shop)
    finally:
        connection.close()


def is_somebody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("sells", [sell, sell_by_number])
@pytest.mark.parametrize("states", [state, import_statement])
@pytest.mark.parametrize("is_sold_first", [True, False])
def test_they_find_each_other(
    till: Till, shop: Shop, sells: Callable[[Shop], None], states: Callable[[Shop], None], is_sold_first: bool
) -> None:
    first, second = (sells, states) if is_sold_first else (states, sells)
    with another_transaction(lambda: first(shop)) as commit, ThreadPoolExecutor(1) as others:
        running = others.submit(close_after, second, shop)
        wait_until(is_somebody_waiting)
        commit()
        running.result()
    receipt = Receipt.objects.get()
    assert receipt.bill is not None and receipt.bill.external_id == "77"
    assert till.list_ids() == []


def test_tills_do_not_wait_for_one_another(shop: Shop) -> None:
    """But for the first receipt of a shop, which makes the row of its store."""
    sell_unbilled(shop, "r-0")
    with another_transaction(lambda: sell(shop, billId="1")):
        sell_unbilled(shop, "r-2", deviceId="another")
        assert {receipt.receipt_id for receipt in Receipt.objects.all()} == {"r-0", "r-2"}


def test_shops_do_not_wait_for_one_another(shop: Shop, other_shop: Shop) -> None:
    with another_transaction(lambda: state(shop)):
        state(other_shop)
