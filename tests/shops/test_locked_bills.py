"""A bill for whose lock one had to wait: what another said of it meanwhile counts. In two connections to PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from shops.models import Bill, ExchangeEvent, Shop
from shops.recording.bills import BillBook
from tests.factories import NOON
from tests.processes import is_waited_for, wait_until

KEY = (7, "1")


def lock_bill() -> BillBook:
    try:
        with transaction.atomic():
            book = BillBook(NOON)
            book.lock({KEY})
            return book
    finally:
        connection.close()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
def test_when_a_message_was_said_is_known_though_it_came_while_the_lock_was_waited_for() -> None:
    shop = Shop.objects.create(number=7)
    bill = Bill.objects.create(shop=shop, external_id="1", total=0)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Bill.objects.select_for_update().get()
            other = pool.submit(lock_bill)
            wait_until(is_waited_for)
            said = ExchangeEvent.objects.create(
                shop=shop,
                kind="BILL",
                direction="answer",
                occurred_at=NOON + timedelta(hours=1),
                position=3,
                digest="0",
            )
            Bill.objects.filter(pk=bill.pk).update(stated_by=said, version=1)
        book = other.result()
    assert book.bills[KEY].stated_by_id == said.pk
    assert book.moments[said.pk] == said.moment
