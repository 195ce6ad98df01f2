"""Records a batch of messages: the books work together. Used by the services of this app.

Locked are, in this order: shops (`shops.recording.meeting`), bills by key, receipts by key, shifts by primary key.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shops import bulk_writing
from shops.allocated import judge_decided_again
from shops.messages import Message
from shops.models import Bill, ExchangeEvent, Receipt
from shops.new_event import Event
from shops.offers import refresh_offers
from shops.partners import NOTHING_PAIRED, Pairing
from shops.recording.bills import BillBook
from shops.recording.keys import Key, by_shop
from shops.recording.meeting import wait_for_others
from shops.recording.openings import open_anew
from shops.recording.places import PlaceBook
from shops.recording.products import SEEN_AGAIN_AFTER, ProductBook
from shops.recording.receipts import ReceiptBook
from shops.wire import BILL, RECEIPT

# As `ExchangeEvent.without_answer` has it; requests that were not sent to the shop's own CRM.
UNANSWERED = "COALESCE(answer_id, 0) = 0 AND direction = 'request' AND origin <> 'upstream'"


@dataclass(frozen=True, slots=True)
class Said:
    """A journaled message and what it says."""

    event: Event
    message: Message


@dataclass(slots=True)
class Books:
    bills: BillBook
    receipts: ReceiptBook
    products: ProductBook


def record_messages(
    messages: Sequence[Said],
    places: PlaceBook,
    now: datetime,
    *,
    pairing: Pairing = NOTHING_PAIRED,
) -> Books:
    """Records what messages say, in the order of the journal."""
    bills = BillBook(now)
    books = Books(bills, ReceiptBook(now, bills, places), ProductBook(SEEN_AGAIN_AFTER))
    fill_books(books, messages, pairing)
    books.receipts.write()
    books.bills.write()
    books.products.write()
    refresh_offers(books.bills.find_paid_on())
    open_anew(pairing.held_answers, now)
    judge_again_answered(pairing.requests, now)
    _judge_again_unanswered(books.bills.new, now)
    judge_again_renumbered(books.bills.renumbered, now)
    return books


def fill_books(books: Books, messages: Sequence[Said], pairing: Pairing) -> None:
    """Loads what the messages are about, and enters what they say."""
    wait_for_others((said.event.shop_id, said.message) for said in messages)
    _load(books, messages)
    request_of = {answer.pk: request for request, answer in pairing.made}
    for said in messages:
        opened_by = request_of.get(said.event.pk, said.event) if _is_to_register(said.event) else None
        _record_message(books, said, opened_by=opened_by)


def _is_to_register(event: Event) -> bool:
    """Whether a BILL answer was given to a register, which has opened the bill by its request."""
    return event.kind == BILL and event.origin != ExchangeEvent.Origin.UPSTREAM


def _load(books: Books, messages: Iterable[Said]) -> None:
    stated, referenced, receipts, products = set[Key](), set[Key](), set[Key](), set[Key]()
    for said in messages:
        shop, message = said.event.shop_id, said.message
        stated.update((shop, listed.external_id) for listed in message.listed)
        if message.bill:
            stated.add((shop, message.bill.external_id))
            products.update((shop, line.product_id) for line in message.bill.lines)
        for event in message.receipts:
            receipts.add((shop, event.receipt.receipt_id))
            referenced.add((shop, event.receipt.reference.bill_id))
            products.update((shop, line.product_id) for line in event.receipt.lines)
    referenced |= books.receipts.find_bills_decided_upon(receipts)
    books.bills.load(stated=stated, referenced=referenced)
    books.receipts.load(receipts)
    books.products.load(products)


def _record_message(books: Books, said: Said, *, opened_by: Event | None) -> None:
    event, message = said.event, said.message
    for listed in message.listed:
        books.bills.record_listed(event, listed)
    if message.bill:
        books.bills.record_statement(event, message.bill, opened_by=opened_by)
        for billed in message.bill.lines:
            books.products.see_billed(event.shop_id, billed, event.occurred_at)
    for receipt in message.receipts:
        books.receipts.record(event, receipt)
        for sold in receipt.receipt.lines:
            books.products.see_sold(event.shop_id, sold, event.occurred_at)


def judge_again_answered(requests: Sequence[Event], now: datetime) -> None:
    """An answer was found, or was another's: by it a receipt is known to the register, and nothing waits for it."""
    answered = [request.pk for request in requests if request.kind == RECEIPT]
    if answered:
        receipts = Receipt.objects.filter(deliveries__event__in=answered)
        receipts.filter(bill=None).update(unjudged_since=now)
        Bill.objects.filter(receipts__deliveries__event__in=answered).update(unjudged_since=now)
        judge_decided_again(receipts, now=now)
    for shop_number, ids in by_shop((request.shop_id, request.bill_external_id) for request in requests):
        Bill.objects.filter(shop=shop_number, external_id__in=ids).update(unjudged_since=now)
    numbered = ((request.shop_id, request.bill_number) for request in requests if not request.bill_external_id)
    for shop_number, numbers in by_shop(numbered):
        Bill.objects.filter(shop=shop_number, number__in=numbers).update(unjudged_since=now)


def _judge_again_unanswered(new_bills: Sequence[Bill], now: datetime) -> None:
    """Unanswered requests that name a bill belong to its case as soon as the bill is known."""
    unanswered = ExchangeEvent.without_answer().filter(direction=ExchangeEvent.DirectionChoice.REQUEST)
    unanswered = unanswered.exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    for shop_number, ids in by_shop((bill.shop_id, bill.external_id) for bill in new_bills):
        unanswered.filter(shop=shop_number, bill_external_id__in=ids).update(unjudged_since=now)


def judge_again_renumbered(numbers: Collection[Key], now: datetime) -> None:
    """An unanswered request that names a number alone belongs to the case of the bill that has it, if one bill has."""
    by_number_alone = f"bill_external_id = '' AND {UNANSWERED}"
    named = {key for key in numbers if key[1]}
    found = bulk_writing.find_ids(ExchangeEvent, ("shop_id", "bill_number"), named, by_number_alone)
    unanswered = ExchangeEvent.objects.filter(pk__in=found)
    unanswered.update(unjudged_since=now)
    for shop_number, some in by_shop(unanswered.values_list("shop_id", "bill_number")):
        Bill.objects.filter(shop=shop_number, number__in=some).update(unjudged_since=now)
