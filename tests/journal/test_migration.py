"""A journal of the former version comes into the new tables whole, and what old processes write meanwhile does too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from shops.models import ExchangeBody, ExchangeEvent

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = [("", None), ("[1]", None), ("Привет", None), ("?", b"\xff whole"), ('{"a": "long"}' * 5000, None)]


def migrate(name: str) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([("shops", name)])
    return MigrationExecutor(connection).loader.project_state([("shops", name)]).apps


def find_latest() -> str:
    """The models of the program read the newest columns."""
    ((_app, name),) = MigrationExecutor(connection).loader.graph.leaf_nodes("shops")
    return str(name)


@pytest.fixture
def _latest_afterwards() -> Iterator[None]:
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def write(apps: Any, month: int) -> None:
    """Entries as the former version writes them: with their texts, and nothing said of sizes."""
    apps.get_model("shops", "Shop").objects.get_or_create(number=7)
    at = connection.ops.adapt_datetimefield_value(datetime(2026, month, 1, tzinfo=UTC))
    with connection.cursor() as cursor:
        for position, (body, verbatim) in enumerate(TEXTS):
            cursor.execute(
                "INSERT INTO shops_exchangeevent (shop_id, kind, direction, occurred_at, position, body, verbatim,"
                " digest, bill_external_id, bill_number, origin, remark, fault)"
                " VALUES (7, 'BILL', 'answer', %s, %s, %s, %s, 'd', '', '', 'log', '', '')",
                [at, position, body, verbatim],
            )


@pytest.mark.usefixtures("_latest_afterwards")
def test_texts_move_and_come_back() -> None:
    write(migrate("0013_shifts_known"), month=1)
    between = migrate("0022_exchange_body_fill")
    is_live = connection.vendor == "postgresql"
    if is_live:  # where old processes may still run
        write(between, month=2)
    migrate(find_latest())

    expected = TEXTS * (2 if is_live else 1)
    events = list(ExchangeEvent.journal_order())
    assert [(event.body, event.verbatim) for event in events] == expected
    assert [event.size_bytes for event in events] == [
        len(verbatim) if verbatim is not None else len(body.encode()) for body, verbatim in expected
    ]
    assert ExchangeBody.objects.count() == len(expected) - expected.count(TEXTS[0])

    migrate("0013_shifts_known")
    with connection.cursor() as cursor:
        cursor.execute("SELECT body, verbatim FROM shops_exchangeevent ORDER BY occurred_at, position")
        rows = [(body, verbatim if verbatim is None else bytes(verbatim)) for body, verbatim in cursor.fetchall()]
    assert rows == expected
