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
from shops.journal import identify, to_storable
from shops.masking import mask_values
from shops.models import Bill, ExchangeEvent, Shop
from shops.new_event import Event, NewEvent
from shops.pairing import PAIRED_WITHIN
from shops.quick import journal as quick
from shops.statements import is_postgresql
from shops.trace import read_request_id
from shops.wire_writer import write_json

KEPT_OF_RUBBISH = 64 << 10  # bytes
PLACES_TRIED = 1000

NO_BODY = b"null"
BODY_BEGINS = b',\n"body": '
BODY_ENDS = b',\n"post": [],\n"headers": {\n"vary": [\n"Accept"\n]\n}\n}'


class _Query(msgspec.Struct):
    """The part of an envelope that stands before the body."""

    get: msgspec.Raw


_decode_query = msgspec.json.Decoder(_Query).decode
_decode_nothing = msgspec.json.Decoder(msgspec.Raw).decode


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
    """Stores a request. It waits as unanswered until `journal_answer` is called for it.

    What is asked of a shop's CRM is no message of a register: without an answer it is seen in the journal, no more.
    """
    event = make_request(
        shop, kind, query=query, body=body, origin=origin, bill_id=bill_id, bill_number=bill_number, now=now
    )
    store_request(event)
    return event.as_row()


def store_request(request: NewEvent) -> None:
    """Stores a request, which has its place in the journal from then on."""
    if is_postgresql():
        quick.store_request(request)
    else:
        _store(request)


def restore_request(request: ExchangeEvent) -> None:
    """Stores a request again that a crash of PostgreSQL has taken: it had not waited for the disk."""
    if is_postgresql() and not ExchangeEvent.objects.filter(pk=request.pk).exists():
        request.answer = None  # one that was not committed either
        quick.store_request(request)


def make_request(
    shop: Shop,
    kind: str,
    *,
    query: Mapping[str, str],
    body: bytes = b"",
    origin: ExchangeEvent.Origin = ExchangeEvent.Origin.SERVED,
    bill_id: str = "",
    bill_number: str = "",
    now: datetime,
) -> NewEvent:
    """The entry of a request, less the secrets in its query, not stored yet."""
    event = _event(shop, kind, Direction.REQUEST, write_envelope(mask_values(query), body), origin, now)
    event.bill_external_id, event.bill_number = bill_id[:200], bill_number[:200]
    event.unjudged_since = now if origin == ExchangeEvent.Origin.SERVED else None
    return event


def journal_answer(
    request: ExchangeEvent, body: bytes, *, remark: str = "", fault: str = "", opens_bill: str = "", now: datetime
) -> ExchangeEvent:
    """Stores the answer to a request that was journaled before; `fault` says why the answer is of no use.

    `opens_bill` is the id of the bill that a register opens by it, unless it was opened before.
    """
    event = make_answer(request, body, remark=remark, fault=fault, now=now)
    if is_postgresql():
        quick.store_answer(event, request, opens_bill=opens_bill, now=now)
        request.answer = event.as_row()
        return request.answer
    with transaction.atomic():
        if opens_bill:
            unopened = Bill.objects.filter(shop=request.shop_id, external_id=opens_bill, opened_by=None)
            unopened.update(opened_by=request, unjudged_since=now)
        _store(event)
        request.answer = event.as_row()
        request.save(update_fields=["answer", "unjudged_since", "fault", "bill_external_id", "bill_number"])
    return request.answer


def make_answer(request: Event, body: bytes, *, remark: str = "", fault: str = "", now: datetime) -> NewEvent:
    """The entry of an answer, not stored yet, and in the request what it changes of that."""
    event = _event(request.shop, request.kind, Direction.ANSWER, body, ExchangeEvent.Origin(request.origin), now)
    event.bill_external_id, event.remark, event.fault = request.bill_external_id, remark, fault
    # One that was answered at once was not judged meanwhile.
    is_judged = request.origin == ExchangeEvent.Origin.SERVED and (
        request.fault or now - request.occurred_at > PAIRED_WITHIN
    )
    request.unjudged_since = now if is_judged else None
    return event


def write_envelope(query: Mapping[str, str], body: bytes) -> bytes:
    """A request as the log has it: `body` verbatim within the envelope, or as a text where it is no JSON."""
    head = write_json({"get": dict(query)})[:-2]  # without the closing bracket
    if not body:
        inner = NO_BODY
    elif is_json(body):
        inner = body
    else:
        inner = write_json(body[:KEPT_OF_RUBBISH].decode(errors="backslashreplace"))
    return head + BODY_BEGINS + inner + BODY_ENDS


def read_body(request: ExchangeEvent) -> bytes:
    """The body of a request that `write_envelope` wrote, byte for byte, the blanks around it included."""
    envelope = request.body.encode()
    query = bytes(_decode_query(envelope).get)
    begins = envelope.index(query) + len(query) + len(BODY_BEGINS)
    assert envelope[:begins].endswith(BODY_BEGINS) and envelope.endswith(BODY_ENDS)
    return envelope[begins : -len(BODY_ENDS)]


def is_json(body: bytes) -> bool:
    """Whether a body is kept byte for byte within the envelope."""
    try:
        # Its syntax alone: a number may be too large for any type, and is kept all the same.
        _decode_nothing(body)
        body.decode()
    except (ValueError, RecursionError):
        return False
    return b"\0" not in body


def _event(
    shop: Shop, kind: str, direction: Direction, body: bytes, origin: ExchangeEvent.Origin, now: datetime
) -> NewEvent:
    local_time = now.astimezone(shop.zone).replace(microsecond=0, tzinfo=None)
    entry = Entry(0, local_time, shop.number, direction, kind, body)
    text, verbatim = to_storable(entry)
    return NewEvent(
        shop=shop,
        shop_id=shop.number,
        kind=kind,
        direction=direction.value,
        occurred_at=now.replace(microsecond=0),
        position=now.microsecond,
        digest=identify(entry),
        bill_external_id="",
        bill_number="",
        fault="",
        unjudged_since=None,
        body=text,
        verbatim=verbatim,
        size_bytes=len(body) if verbatim is None else len(verbatim),
        origin=origin,
        request_id=read_request_id(),
    )


def _store(event: NewEvent) -> None:
    """Stores an event at its microsecond, or at the next free place after it."""
    row = event.as_row()
    for _ in range(PLACES_TRIED):
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            row.pk = None
            row.position += 1
        else:
            event.pk, event.position = row.pk, row.position
            return
    raise RuntimeError(f"no place in the journal within {PLACES_TRIED} microseconds of {row.occurred_at}")
