"""The exchanges of protocol v2 that this program answers: LIST, BILL, RECEIPT, and the CRM's bills.

Every request is journaled before it is handled, every answer before it is sent. What a register brings is recorded in
the transaction that journals the answer: once a receipt is answered, no LIST begun afterwards offers what it paid.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from shops.live_journal import (
    journal_answer,
    journal_request,
    make_answer,
    make_request,
    restore_request,
    store_request,
)
from shops.messages import Message, understand_body
from shops.models import Bill, ExchangeEvent, Shop, Upstream
from shops.new_event import Event, NewEvent
from shops.offers import read_bill_offer, read_list_offer, refresh_offers
from shops.quick import journal as quick_journal
from shops.quick import offers as quick_offers
from shops.quick import receipt as quick_receipt
from shops.quick.offers import Offered
from shops.recording.batch import Said, record_messages
from shops.recording.places import PlaceBook
from shops.relay.asking import Relayed, Unusable, relay_bill, relay_list
from shops.relay.forwarding import find_upstream, queue_receipts
from shops.retrying import commit
from shops.statements import is_postgresql
from shops.wire import BILL, DELETE_BILL, LIST, PUT_BILL, RECEIPT, read_bill_id
from shops.wire_fields import INCORRECT, WireError
from shops.wire_writer import Json, read_json, wire_id, write_error, write_json

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back: a status of HTTP and a body, verbatim. `remark` goes into the journal.

    `offers_bill` is true of a BILL answer by which a register has opened a bill.
    """

    status: int
    body: bytes = b""
    remark: str = ""
    offers_bill: bool = False


Headers = Mapping[str, str]  # those of a register's request that the shop's own CRM is to see

OK, CREATED, NO_CONTENT, BAD_REQUEST, NOT_FOUND, UNAVAILABLE = 200, 201, 204, 400, 404, 503

NO_HEADERS: Headers = {}

KEPT = gettext_noop("Kept until its shop was known.")
FROM_WHAT_IS_KNOWN = gettext_noop("Answered from what is known.")
NOT_FOR_PAYMENT = Answer(NOT_FOUND, write_error(INCORRECT, "no such bill is waiting to be paid", "id"))
NOT_KNOWN = Answer(UNAVAILABLE, write_error(INCORRECT, "the CRM does not answer, and what is on the bill is not known"))


def answer_list(
    shop: Shop,
    *,
    number: str,
    query: Query,
    headers: Headers = NO_HEADERS,
    offered: Offered | None = None,
    now: datetime,
) -> Answer:
    """LIST: what is on offer, newest first; with a number only the bills of that number.

    `offered` is what was read of them before, not earlier than `now`.
    """
    upstream = find_upstream(shop)
    if upstream is None and is_postgresql():
        question = make_request(shop, LIST, query=query, bill_number=number, now=now)
        return _answer_at_once(question, lambda: _list_offered(shop, number, offered))
    request = journal_request(shop, LIST, query=query, bill_number=number, now=now)
    if upstream is None:
        return _answer(request, _list_known(shop, number))
    try:
        arguments = _arguments(query)
        relayed = relay_list(upstream, number=number, arguments=arguments, headers=headers)
    except Unusable as reason:
        return _answer(request, _from_what_is_known(_list_known(shop, number), reason))
    return _answer(request, _pass_on(relayed))


def answer_bill(
    shop: Shop,
    bill_id: str,
    *,
    query: Query,
    headers: Headers = NO_HEADERS,
    offered: Offered | None = None,
    now: datetime,
) -> Answer:
    """BILL: what is on offer of one bill, as the CRM stated it; what was paid already is left out.

    `offered` is what was read of it before, not earlier than `now`.
    """
    upstream = find_upstream(shop)
    if upstream is None and is_postgresql():
        question = make_request(shop, BILL, query=query, bill_id=bill_id, now=now)
        return _answer_at_once(question, lambda: _bill_offered(shop, bill_id, offered))
    request = journal_request(shop, BILL, query=query, bill_id=bill_id, now=now)
    if upstream is None:
        answer = _bill_known(shop, bill_id) or NOT_FOR_PAYMENT
    else:
        answer = _relay_bill(upstream, bill_id, query, headers)
    journal_answer(
        request,
        answer.body,
        remark=answer.remark,
        opens_bill=bill_id if answer.offers_bill else "",
        now=timezone.now(),
    )
    return answer


def accept_receipts(
    shop: Shop,
    body: bytes,
    *,
    query: Query,
    headers: Headers = NO_HEADERS,
    now: datetime,
    kept_since: datetime | None = None,
) -> Answer:
    """RECEIPT: one event or an array of them, each on its own merits; nothing is lost once this has begun.

    `kept_since` is when the message came and was answered, where it had to wait until its shop was known.
    """
    request = make_request(shop, RECEIPT, query=query, body=body, now=kept_since or now)
    store_request(request)
    message = understand_body(RECEIPT, body)
    _learn(request, message)
    return _accept(request, message, body, headers, now, kept_since)


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
def close_bills(bill_ids: Collection[int], *, now: datetime | None) -> None:
    """Takes bills off the list by a decision (`now`), or puts them back (None). `bill_ids` are primary keys."""
    if bill_ids:
        Bill.objects.select_for_update().filter(pk__in=bill_ids).update(closed_at=now)
        refresh_offers(bill_ids)


def _accept(
    request: NewEvent,
    message: Message,
    body: bytes,
    headers: Headers,
    now: datetime,
    kept_since: datetime | None,
) -> Answer:
    """Records what a RECEIPT request brings, and answers it: in short where that can be, and else plainly."""
    is_repetition = False
    if is_postgresql() and kept_since is None and find_upstream(request.shop) is None:
        try:
            if quick_receipt.record(request, message, now=now, answered_at=timezone.now()):
                return Answer(OK)
        except (IntegrityError, InterfaceError, OperationalError):
            is_repetition = True
    # Another delivery of the same receipt may be recorded at this moment.
    row = request.as_row()
    return commit(
        lambda: _accept_plainly(row, message, body, headers, now, kept_since),
        find_outcome=lambda: _find_answer(row),
        is_repetition=is_repetition,
    )


def _accept_plainly(
    request: ExchangeEvent,
    message: Message,
    body: bytes,
    headers: Headers,
    now: datetime,
    kept_since: datetime | None,
) -> Answer:
    """Records what a RECEIPT request brings, queues it for the shop's own CRM, and answers it: all or nothing."""
    record_messages([Said(request, message)], PlaceBook(), now)
    queue_receipts(request, message, body, headers)
    answer = _refusal(message.error) if message.error else Answer(OK)
    return _answer(request, replace(answer, remark=KEPT) if kept_since else answer, at=kept_since)


def _find_answer(request: ExchangeEvent) -> Answer | None:
    """What a RECEIPT request was answered, where that was committed and the connection broke before it was known.

    Where it was not, the request is in the journal, whatever became of the database meanwhile.
    """
    answer = ExchangeEvent.objects.filter(request=request).first()
    if answer is None:
        restore_request(request)
        return None
    body = answer.body.encode()
    return Answer(BAD_REQUEST if body else OK, body, answer.remark)


def _answer_at_once(question: NewEvent, find_answer: Callable[[], Answer]) -> Answer:
    """Answers a question that brings nothing but its address. Where no answer is found, the question is kept."""
    try:
        answer = find_answer()
    except Exception:
        quick_journal.store_request(question)
        raise
    now = timezone.now()
    entry = make_answer(question, answer.body, now=now)
    opens_bill = question.bill_external_id if answer.offers_bill else ""
    quick_journal.store_exchange(question, entry, opens_bill=opens_bill, now=now)
    return answer


def _list_offered(shop: Shop, number: str, offered: Offered | None) -> Answer:
    return Answer(OK, quick_offers.write_list_offer(shop, number, offered or quick_offers.read_list(shop, number)))


def _bill_offered(shop: Shop, bill_id: str, offered: Offered | None) -> Answer:
    """As `_bill_known`; `offers_bill` only where the bill was not opened before."""
    written = quick_offers.write_bill_offer(offered or quick_offers.read_bill(shop, bill_id))
    if written is None:
        return _bill_known(shop, bill_id) or NOT_FOR_PAYMENT
    return Answer(OK, written[0], offers_bill=written[1])


def _list_known(shop: Shop, number: str) -> Answer:
    return Answer(OK, write_json(read_list_offer(shop, number=number)))


def _bill_known(shop: Shop, bill_id: str) -> Answer | None:
    offer = read_bill_offer(shop, bill_id)
    return None if offer is None else Answer(OK, write_json(offer), offers_bill=True)


def _relay_bill(upstream: Upstream, bill_id: str, query: Query, headers: Headers) -> Answer:
    """What the shop's CRM says of a bill; what is known of it where the CRM says nothing."""
    try:
        return _pass_on(relay_bill(upstream, bill_id, arguments=_arguments(query), headers=headers))
    except Unusable as reason:
        known = _bill_known(upstream.shop, bill_id)
        if known is None:
            is_over = Bill.objects.filter(shop=upstream.shop, external_id=bill_id, on_offer=False).exists()
            known = NOT_FOR_PAYMENT if is_over else NOT_KNOWN
        return _from_what_is_known(known, reason)


def _pass_on(relayed: Relayed) -> Answer:
    if relayed.body is None:
        return replace(NOT_FOR_PAYMENT, remark=relayed.remark)
    return Answer(relayed.status, relayed.body, relayed.remark, offers_bill=relayed.states_bill)


def _from_what_is_known(answer: Answer, reason: Unusable) -> Answer:
    return replace(answer, remark=f"{FROM_WHAT_IS_KNOWN}\n{reason}")


def _arguments(query: Query) -> dict[str, str]:
    """The arguments of a register's request beside its path, and beside those that the path holds."""
    return {name: value for name, value in query.items() if name not in ("q", "id")}


def _state_bill(request: ExchangeEvent, message: Message, now: datetime) -> str:
    """Records a statement of the CRM; `created`, `changed` or `unchanged`."""
    assert message.bill is not None
    held = Bill.objects.filter(shop=request.shop, external_id=message.bill.external_id)
    before = held.values_list("version", "cancelled_at").first()
    record_messages([Said(request, message)], PlaceBook(), now)
    bill = held.get()
    if bill.cancelled_at is not None or bill.left_list_at is not None:
        bill.cancelled_at = bill.left_list_at = None
        bill.save(update_fields=["cancelled_at", "left_list_at"])
        refresh_offers([bill.pk])
    if before is None:
        return "created"
    return "unchanged" if before == (bill.version, None) else "changed"


def _learn(request: Event, message: Message) -> None:
    """What the request turned out to say, noted in the journal with its answer."""
    request.fault = message.fault
    request.bill_external_id = message.bill_id or request.bill_external_id
    request.bill_number = message.bill_number


def _answer(request: ExchangeEvent, answer: Answer, *, at: datetime | None = None) -> Answer:
    journal_answer(request, answer.body, remark=answer.remark, now=at or timezone.now())
    return answer


def _refusal(error: WireError) -> Answer:
    return Answer(BAD_REQUEST, write_error(error.code, error.reason, error.subject))


def _item(index: int, bill_id: str, answer: Answer) -> Json:
    """One element of the answer to many bills."""
    result: dict[str, Json] = {"index": index, "id": wire_id(bill_id) if bill_id else None, "code": answer.status}
    told = read_json(answer.body)
    assert isinstance(told, dict)
    return result | {name: told[name] for name in ("status", "errors") if name in told}
