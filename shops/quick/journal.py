"""The journal's entries on PostgreSQL: each with its text, and with what its answer changes, in one statement."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, models

from shops.models import ExchangeEvent
from shops.statements import fetch

PLACES_TRIED = 1000


def name_columns(fields: "Iterable[models.Field[Any, Any]]") -> str:
    return ", ".join(str(field.column) for field in fields)


FIELDS = [field for field in ExchangeEvent._meta.concrete_fields if not field.primary_key]
ENTRY = f"""
WITH entry AS (
    INSERT INTO shops_exchangeevent ({name_columns(FIELDS)})
    VALUES ({", ".join("%s" for _ in FIELDS)})
    ON CONFLICT (occurred_at, shop_id, position) DO NOTHING
    RETURNING id, occurred_at
), text AS (
    INSERT INTO shops_exchangebody (entry_id, occurred_at, body, verbatim)
    SELECT id, occurred_at, %s, %s FROM entry WHERE %s
)"""
ANSWERED = """, request AS (
    UPDATE shops_exchangeevent
    SET answer_id = entry.id, unjudged_since = %s, fault = %s, bill_external_id = %s, bill_number = %s
    FROM entry WHERE shops_exchangeevent.id = %s
)"""
OPENED = """, opened AS (
    UPDATE shops_bill SET opened_by_id = %s, unjudged_since = %s
    FROM entry WHERE shop_id = %s AND external_id = %s AND opened_by_id IS NULL
)"""
STORE = f"{ENTRY} SELECT id FROM entry"
# Nobody was told anything yet. The server has the entry, whatever becomes of this program; the next commit that
# waits for the disk takes it along.
STORE_SOON = f"{ENTRY} SELECT id, set_config('synchronous_commit', 'off', true) FROM entry"
STORE_ANSWER = f"{ENTRY}{ANSWERED} SELECT id FROM entry"
STORE_ANSWER_AND_OPEN = f"{ENTRY}{ANSWERED}{OPENED} SELECT id FROM entry"


def store_request(event: ExchangeEvent) -> None:
    """Stores a request in a transaction of its own (or in the caller's), at its microsecond or the next free one.

    Before one is answered, the answer is committed; so only what is asked of others must be on the disk at once.
    """
    is_soon_enough = event.origin == ExchangeEvent.Origin.SERVED and not connection.in_atomic_block
    _store(event, STORE_SOON if is_soon_enough else STORE, [])


def store_answer(event: ExchangeEvent, request: ExchangeEvent, *, opens_bill: str, now: datetime) -> None:
    """Stores an answer, what is learned of its request, and which bill (an id of the shop's) that has opened."""
    learned = list_learned_values(request)
    if opens_bill:
        opened = [request.pk, now, request.shop_id, opens_bill]
        _store(event, STORE_ANSWER_AND_OPEN, learned + opened)
    else:
        _store(event, STORE_ANSWER, learned)


def list_entry_values(event: ExchangeEvent) -> list[object]:
    """The arguments of ENTRY."""
    row = event.text_row if event.size_bytes else None
    text = [row.body, row.verbatim, True] if row else ["", None, False]
    return [*(getattr(event, field.attname) for field in FIELDS), *text]


def list_learned_values(request: ExchangeEvent) -> list[object]:
    """The arguments of ANSWERED."""
    return [request.unjudged_since, request.fault, request.bill_external_id, request.bill_number, request.pk]


def _store(event: ExchangeEvent, statement: str, further: list[object]) -> None:
    for _ in range(PLACES_TRIED):
        if rows := fetch(statement, [*list_entry_values(event), *further]):
            event.pk = rows[0][0]
            event._state.adding, event._state.db = False, connection.alias
            return
        event.position += 1
    raise RuntimeError(f"no place in the journal within {PLACES_TRIED} microseconds of {event.occurred_at}")
