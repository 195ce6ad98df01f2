"""The exchanges of protocol v2 that this program answers: LIST, BILL, RECEIPT, and the CRM's bills.

Every request is journaled before it is handled, every answer before it is sent. What a register brings is recorded in
the transaction that journals the answer: once a receipt is answered, no LIST begun afterwards offers what it paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from shops.live_journal import journal_answer, journal_request
from shops.messages import Message, understand_body
from shops.models import Bill, ExchangeEvent, Shop
from shops.offers import read_bill_offer, read_list_offer, refresh_offers
from shops.recording.batch import Said, record_messages
from shops.recording.places import PlaceBook
from shops.wire import BILL, DELETE_BILL, LIST, PUT_BILL, RECEIPT, read_bill_id
from shops.wire_fields import INCORRECT, WireError
from shops.wire_writer import Json, read_json, wire_id, write_error, write_json

Query = Mapping[str, str]

OK, CREATED, NO_CONTENT, BAD_REQUEST, NOT_FOUND = 200, 201, 204, 400, 404


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: a status of HTTP and a body, verbatim."""

    status: int
    body: bytes = b""


def answer_list(shop: Shop, *, number: str, query: Query, now: datetime) -> Answer:
    """LIST: what is on offer, newest first; with a number only the bills of that number."""
    request = journal_request(shop, LIST, query=query, bill_number=number, now=now)
    return _answer(request, Answer(OK, write_json(read_list_offer(shop, number=number))))


def answer_bill(shop: Shop, bill_id: str, *, query: Query, now: datetime) -> Answer:
    """BILL: what is on offer of one bill, as the CRM stated it; what was paid already is left out."""
    request = journal_request(shop, BILL, query=query, bill_id=bill_id, now=now)
    offer = read_bill_offer(shop, bill_id)
    if offer is None:
        return _answer(request, Answer(NOT_FOUND, write_error(INCORRECT, "no such bill is waiting to be paid", "id")))
    with transaction.atomic():
        unopened = Bill.objects.filter(shop=shop, external_id=bill_id, opened_by=None)
        unopened.update(opened_by=request, unjudged_since=now)
        return _answer(request, Answer(OK, write_json(offer)))


def accept_receipts(shop: Shop, body: bytes, *, query: Query, now: datetime) -> Answer:
    """RECEIPT: one event or an array of them, each on its own merits; nothing is lost once this has begun."""
    request = journal_request(shop, RECEIPT, query=query, body=body, now=now)
    message = understand_body(RECEIPT, body)
    with transaction.atomic():
        _learn(request, message)
        record_messages([Said(request, message)], [], PlaceBook(), now)
        return _answer(request, _refusal(message.error) if message.error else Answer(OK))


def put_bill(shop: Shop, bill_id: str, body: bytes, *, query: Query, now: datetime) -> Answer:
    """The CRM states a bill: a new one, another version of it, or the same again."""
    request = journal_request(shop, PUT_BILL, query=query, body=body, bill_id=bill_id, now=now)
    message = understand_body(PUT_BILL, body, bill_id=bill_id)
    with transaction.atomic():
        _learn(request, message)
        if message.error:
            return _answer(request, _refusal(message.error))
        outcome = _state_bill(request, message, now)
        answer = write_json({"id": wire_id(bill_id), "status": outcome})
        return _answer(request, Answer(CREATED if outcome == "created" else OK, answer))


def put_bills(shop: Shop, bodies: Sequence[bytes], *, query: Query, now: datetime) -> list[Json]:
    """The CRM states many bills; every one is stored or refused by itself, and answered in its place."""
    results: list[Json] = []
    for index, body in enumerate(bodies):
        bill_id = read_bill_id(body)
        answer = put_bill(shop, bill_id, body, query={**query, "id": bill_id}, now=now)
        results.append(_item(index, bill_id, answer))
    return results


def cancel_bill(shop: Shop, bill_id: str, *, query: Query, now: datetime) -> Answer:
    """The CRM withdraws a bill: it is not offered any more. Doing it again changes nothing."""
    request = journal_request(shop, DELETE_BILL, query=query, bill_id=bill_id, now=now)
    with transaction.atomic():
        bill = Bill.objects.select_for_update().filter(shop=shop, external_id=bill_id).first()
        if bill is None:
            return _answer(request, Answer(NOT_FOUND, write_error(INCORRECT, "no such bill", "id")))
        if bill.cancelled_at is None:
            bill.cancelled_at, bill.unjudged_since = now, now
            bill.save(update_fields=["cancelled_at", "unjudged_since"])
            refresh_offers([bill.pk])
        return _answer(request, Answer(NO_CONTENT))


@transaction.atomic
def close_bill(bill_id: int, *, now: datetime | None) -> None:
    """Takes a bill off the list by a decision (`now`), or puts it back (None). `bill_id` is the primary key."""
    Bill.objects.select_for_update().filter(pk=bill_id).update(closed_at=now)
    refresh_offers([bill_id])


def _state_bill(request: ExchangeEvent, message: Message, now: datetime) -> str:
    """Records a statement of the CRM; `created`, `changed` or `unchanged`."""
    assert message.bill is not None
    held = Bill.objects.filter(shop=request.shop, external_id=message.bill.external_id)
    before = held.values_list("version", "cancelled_at").first()
    record_messages([Said(request, message)], [], PlaceBook(), now)
    bill = held.get()
    if bill.cancelled_at is not None:
        bill.cancelled_at = None
        bill.save(update_fields=["cancelled_at"])
        refresh_offers([bill.pk])
    if before is None:
        return "created"
    return "unchanged" if before == (bill.version, None) else "changed"


def _learn(request: ExchangeEvent, message: Message) -> None:
    """What the request turned out to say, noted in the journal with its answer."""
    request.fault = message.fault
    request.bill_external_id = message.bill_id or request.bill_external_id
    request.bill_number = message.bill_number


def _answer(request: ExchangeEvent, answer: Answer) -> Answer:
    journal_answer(request, answer.body, now=timezone.now())
    return answer


def _refusal(error: WireError) -> Answer:
    return Answer(BAD_REQUEST, write_error(error.code, error.reason, error.subject))


def _item(index: int, bill_id: str, answer: Answer) -> Json:
    """One element of the answer to many bills."""
    result: dict[str, Json] = {"index": index, "id": wire_id(bill_id) if bill_id else None, "code": answer.status}
    told = read_json(answer.body)
    assert isinstance(told, dict)
    return result | {name: told[name] for name in ("status", "errors") if name in told}
