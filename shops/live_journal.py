"""Journals the exchanges that this program itself takes part in: the request before it is handled, the answer before
it is sent. Used by the services of this app.

A message of our own stands in the journal in the form of the log: a request within the envelope of the original's
front controller. A body that is no JSON cannot stand in the envelope; it is kept there as a text, bounded.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import IntegrityError, transaction

from shops.exchange_log import Direction, Entry
from shops.journal import identify
from shops.models import ExchangeEvent, Shop
from shops.pairing import PAIRED_WITHIN
from shops.wire_writer import write_json

KEPT_OF_RUBBISH = 64 << 10  # bytes
PLACES_TRIED = 1000

NO_BODY = b"null"


def journal_request(
    shop: Shop,
    kind: str,
    *,
    query: Mapping[str, str],
    body: bytes = b"",
    origin: ExchangeEvent.Origin = ExchangeEvent.Origin.SERVED,
    bill_id: str = "",
    bill_number: str = "",
    now: datetime,
) -> ExchangeEvent:
    """Stores a request. It waits for judgement as unanswered until `journal_answer` is called for it."""
    event = _event(shop, kind, Direction.REQUEST, write_envelope(query, body), origin, now)
    event.bill_external_id, event.bill_number, event.unjudged_since = bill_id[:200], bill_number[:200], now
    return _store(event)


def journal_answer(request: ExchangeEvent, body: bytes, *, remark: str = "", now: datetime) -> ExchangeEvent:
    """Stores the answer to a request that was journaled before."""
    event = _event(request.shop, request.kind, Direction.ANSWER, body, ExchangeEvent.Origin(request.origin), now)
    event.bill_external_id, event.remark = request.bill_external_id, remark
    _store(event)
    request.answer = event
    # One that was answered at once was not judged meanwhile.
    request.unjudged_since = now if request.fault or now - request.occurred_at > PAIRED_WITHIN else None
    request.save(update_fields=["answer", "unjudged_since", "fault", "bill_external_id", "bill_number"])
    return event


def write_envelope(query: Mapping[str, str], body: bytes) -> bytes:
    """A request as the log has it: `body` verbatim within the envelope, or as a text where it is no JSON."""
    head = write_json({"get": dict(query)})[:-2]  # without the closing bracket
    if not body:
        inner = NO_BODY
    elif _is_json(body):
        inner = body
    else:
        inner = write_json(body[:KEPT_OF_RUBBISH].decode(errors="backslashreplace"))
    return head + b',\n"body": ' + inner + b',\n"post": [],\n"headers": {\n"vary": [\n"Accept"\n]\n}\n}'


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
        body.decode()
    except (ValueError, RecursionError):
        return False
    return b"\0" not in body


def _event(
    shop: Shop, kind: str, direction: Direction, body: bytes, origin: ExchangeEvent.Origin, now: datetime
) -> ExchangeEvent:
    return ExchangeEvent(
        shop=shop,
        kind=kind,
        direction=direction.value,
        occurred_at=now.replace(microsecond=0),
        position=now.microsecond,
        body=body.decode(),
        digest=identify(Entry(0, now.replace(tzinfo=None), shop.number, direction, kind, body)),
        origin=origin,
    )


def _store(event: ExchangeEvent) -> ExchangeEvent:
    """Stores an event at its microsecond, or at the next free place after it."""
    for _ in range(PLACES_TRIED):
        try:
            with transaction.atomic():
                event.save(force_insert=True)
        except IntegrityError:
            event.pk = None
            event.position += 1
        else:
            return event
    raise RuntimeError(f"no place in the journal within {PLACES_TRIED} microseconds of {event.occurred_at}")
