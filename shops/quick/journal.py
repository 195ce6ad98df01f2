"""The journal's entries on PostgreSQL: each with its text, and with what its answer changes, in one statement."""

import re
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from shops.models import ExchangeEvent
from shops.new_event import Event, NewEvent
from shops.statements import fetch

PLACES_TRIED = 1000
PLACE_IS_TAKEN = "event_has_its_own_place_in_the_journal"


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

# A question with its answer, both as they are to be in the end. The request has the lower key, as always.
EXCHANGE = """
WITH keys AS MATERIALIZED (
    SELECT nextval('shops_exchangeevent_id_seq') AS request_id, nextval('shops_exchangeevent_id_seq') AS answer_id
), entry AS (
    INSERT INTO shops_exchangeevent (id, answer_id, {columns})
    SELECT request_id, answer_id, {places} FROM keys UNION ALL SELECT answer_id, NULL, {places} FROM keys
), text AS (
    INSERT INTO shops_exchangebody (entry_id, occurred_at, body, verbatim)
    SELECT request_id, %s::timestamptz, %s::text, %s::bytea FROM keys
    UNION ALL SELECT answer_id, %s, %s, %s FROM keys
)"""
EXCHANGE_OPENED = """, opened AS (
    UPDATE shops_bill SET opened_by_id = request_id, unjudged_since = %s
    FROM keys WHERE shop_id = %s AND external_id = %s AND opened_by_id IS NULL
)"""
EXCHANGE_FIELDS = [field for field in FIELDS if field.attname != "answer_id"]

_read_entry = attrgetter(*(field.attname for field in FIELDS))
_read_exchange = attrgetter(*(field.attname for field in EXCHANGE_FIELDS))


def store_request(event: Event) -> None:
    """Stores a request in a transaction of its own (or in the caller's), at its microsecond or the next free one.

    Before one is answered, the answer is committed; so only what is asked of others must be on the disk at once.
    """
    is_soon_enough = event.origin == ExchangeEvent.Origin.SERVED and not connection.in_atomic_block
    _store(event, STORE_SOON if is_soon_enough else STORE, [])


def store_answer(event: NewEvent, request: Event, *, opens_bill: str, now: datetime) -> None:
    """Stores an answer, what is learned of its request, and which bill (an id of the shop's) that has opened."""
    learned = list_learned_values(request)
    if opens_bill:
        opened = [request.pk, now, request.shop_id, opens_bill]
        _store(event, STORE_ANSWER_AND_OPEN, learned + opened)
    else:
        _store(event, STORE_ANSWER, learned)


def store_exchange(request: NewEvent, answer: NewEvent, *, opens_bill: str, now: datetime) -> None:
    """Stores a question that brings nothing but its address, and its answer, in one commit before that is sent.

    Whoever asks again after this program has died between question and answer has lost nothing.
    """
    if answer.moment <= request.moment:
        answer.position = request.position + 1
    for _ in range(PLACES_TRIED):
        try:
            with transaction.atomic() if connection.in_atomic_block else nullcontext():
                [(request.pk, answer.pk)] = fetch(
                    _write_exchange(bool(opens_bill)), _list_exchange_values(request, answer, opens_bill, now)
                )
        except IntegrityError as error:
            if PLACE_IS_TAKEN not in str(error):
                raise
            request.position, answer.position = request.position + 1, answer.position + 1
            continue
        request.answer_id = answer.pk
        return
    raise RuntimeError(f"no places in the journal within {PLACES_TRIED} microseconds of {request.occurred_at}")


@cache
def _write_exchange(opens: bool) -> str:
    written = EXCHANGE.format(columns=name_columns(EXCHANGE_FIELDS), places=cast_places(EXCHANGE_FIELDS))
    return f"{written}{EXCHANGE_OPENED if opens else ''} SELECT request_id, answer_id FROM keys"


def _list_exchange_values(request: NewEvent, answer: NewEvent, opens_bill: str, now: datetime) -> list[object]:
    values: list[object] = [*_read_exchange(request), *_read_exchange(answer)]
    for event in (request, answer):
        values += (event.occurred_at, event.body, event.verbatim)
    return [*values, now, request.shop_id, opens_bill] if opens_bill else values


def cast_places(fields: "Iterable[models.Field[Any, Any]]", suffix: str = "") -> str:
    """A place for each field's argument, with its type, which PostgreSQL does not find out within a SELECT."""
    types = (re.sub(r"\(.*\)", "", field.db_type(connection) or "") for field in fields)
    return ", ".join(f"%s::{name}{suffix}" for name in types)


def list_entry_values(event: Event) -> list[object]:
    """The arguments of ENTRY."""
    text = (event.body, event.verbatim, True) if event.size_bytes else ("", None, False)
    return [*_read_entry(event), *text]


def list_learned_values(request: Event) -> list[object]:
    """The arguments of ANSWERED."""
    return [request.unjudged_since, request.fault, request.bill_external_id, request.bill_number, request.pk]


def _store(event: Event, statement: str, further: list[object]) -> None:
    for _ in range(PLACES_TRIED):
        if rows := fetch(statement, [*list_entry_values(event), *further]):
            event.pk = rows[0][0]
            return
        event.position += 1
    raise RuntimeError(f"no place in the journal within {PLACES_TRIED} microseconds of {event.occurred_at}")
