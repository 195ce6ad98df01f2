"""A log that is recorded by bulk leaves the rows that recording its messages plainly would leave, in any order."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from unittest import mock

import pytest
from django.db import models, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from shops import bulk_writing
from shops.batches import cut_into_batches
from shops.exchange_log import read_oldest_first
from shops.models import Bill, BillVersion, Employee, ExchangeBody, ExchangeEvent, Receipt, Shift, Store, Terminal
from shops.recording.batch import record_messages
from shops.services import FACTS, LogImporter
from tests.logs import Log, line, make_bill, make_receipt
from tests.shops.test_import_any_order import cut, write_history

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
NAMES = {  # what a row that is referred to is known by
    ExchangeEvent: ("shop", "occurred_at", "position"),
    Bill: ("shop", "external_id"),
    BillVersion: ("bill__shop", "bill__external_id", "sequence"),
    Receipt: ("shop", "receipt_id"),
    Store: ("evotor_id",),
    Terminal: ("evotor_id",),
    Employee: ("evotor_id",),
}


def write_odd_log() -> bytes:
    """What an invented history holds little of: receipts twice in a message, before their bill, by its number alone."""
    tea, cup = line("tea", 100, 2), line("cup", 300, mark="0104620277203124215/CCRULLHcjB4\x1d93dGVz")
    paid, open_bill, unseen = make_bill("501", [tea, cup]), make_bill("502", [tea, cup]), make_bill("503", [cup])
    log = Log()
    log.ask_list(paid, open_bill)
    log.ask_bill(paid, answered=False)
    log.ask_bill(open_bill)
    twice = make_receipt("r-1", [tea, cup], paid)
    log.deliver(twice, twice, make_receipt("r-2", [tea], open_bill))
    log.deliver(make_receipt("r-3", [cup], extras={"number": "503-CRM"}))
    log.deliver(make_receipt("r-4", [cup], extras={"billId": "503"}))
    log.ask_list(paid, open_bill, unseen)
    log.ask_bill(unseen | {"summ": 250})
    log.ask_bill(unseen)
    log.deliver(make_receipt("r-1", [cup], paid))
    log.deliver(make_receipt("r-5", [tea], open_bill, type="PAYBACK"), answered=False)
    log.say("BILL", "Ответ", '{"errors": []}')
    log.say("STRANGE", "Запрос", "{}")
    log.ask_bill(paid | {"id": "\0"})
    return log.write()


@contextmanager
def recording_plainly() -> Iterator[None]:
    with (
        mock.patch("shops.services.record_log", record_messages),
        mock.patch("shops.recording.batch.SEEN_AGAIN_AFTER", timedelta()),
        mock.patch.object(bulk_writing, "insert", bulk_writing.insert_plainly),
    ):
        yield


def read_rows(log: list[bytes], *, entries_limit: int) -> dict[str, list[str]]:
    """Every row that importing the pieces makes, by its table; the database is left as it was."""
    with transaction.atomic():
        for piece in log:
            importer = LogImporter(source="log.txt")
            for batch in cut_into_batches(read_oldest_first(io.BytesIO(piece)), entries_limit=entries_limit):
                importer.import_batch(batch, now=NOW)
        rows = {model.__name__: sorted(map(repr, list_values(model))) for model in (*FACTS, Shift)}
        transaction.set_rollback(True)
    return rows


def list_values(model: type[models.Model]) -> "models.QuerySet[models.Model, dict[str, object]]":
    names: list[str] = []
    for field in bulk_writing.list_fields(model):
        if field.remote_field is None:
            names += [] if field.primary_key or model is ExchangeBody and field.name == "entry_id" else [field.name]
        else:
            to = field.related_model
            assert isinstance(to, type)
            names += [f"{field.name}__{name}" for name in NAMES.get(to, ("pk",))]
    return model._default_manager.order_by().values(*names)


def check_same(log: list[bytes], *, entries_limit: int) -> None:
    with recording_plainly():
        plain = read_rows(log, entries_limit=entries_limit)
    fast = read_rows(log, entries_limit=entries_limit)
    for table, rows in plain.items():
        assert fast[table] == rows, table
    assert all(plain.values())


@pytest.mark.parametrize("entries_limit", [1, 7, 2000])
@pytest.mark.parametrize("write", [write_odd_log, write_history])
def test_bulk_leaves_the_rows_of_plain_recording(write: Callable[[], bytes], entries_limit: int) -> None:
    check_same([write()], entries_limit=entries_limit)


@settings(max_examples=8, deadline=None)
@given(
    places=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    order=st.randoms(use_true_random=False),
    entries_limit=st.integers(1, 200),
)
def test_in_any_order_too(places: list[float], order: Random, entries_limit: int) -> None:
    pieces = cut(write_history(), places)
    order.shuffle(pieces)
    check_same([*pieces, pieces[0]], entries_limit=entries_limit)


def test_reserved_ids_are_given_once() -> None:
    first = list(bulk_writing.reserve_ids(Bill, 3))
    second = list(bulk_writing.reserve_ids(Bill, 2))
    assert len({*first, *second}) == 5
    assert list(bulk_writing.reserve_ids(Bill, 0)) == []
