"""The use cases that write facts. Every one owns its transaction; doors (commands, views, tasks) call nothing else.

Locks are taken in this order: bills by key, receipts by key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from shops.exchange_log import Entry, Fragment
from shops.journal import Journaled, journal_entries, keep_fragment, pair_events
from shops.models import Bill, ExchangeEvent, Receipt, Shop
from shops.recording.bills import BillBook
from shops.recording.keys import Key, by_shop
from shops.recording.places import PlaceBook
from shops.recording.products import ProductBook
from shops.recording.receipts import ReceiptBook
from shops.wire import RECEIPT


@dataclass(frozen=True, slots=True)
class Damage:
    """What could not be read, and where it stands in the log."""

    line_number: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """What an import has come to so far."""

    entries: int = 0
    entries_known: int = 0
    fragments: int = 0
    exchanges: int = 0
    bills_new: int = 0
    receipts_new: int = 0
    receipts_again: int = 0
    damages: list[Damage] = field(default_factory=list)


@dataclass(slots=True)
class LogImporter:
    """Imports one log, batch by batch; each batch is one transaction, so that a broken import is simply done again."""

    source: str
    report: ImportReport = field(default_factory=ImportReport)
    shops: dict[int, Shop] = field(default_factory=dict)
    places: PlaceBook = field(default_factory=PlaceBook)
    newest: ExchangeEvent | None = None  # the entry that stands right below what comes next

    def import_batch(self, items: Sequence[Entry | Fragment], *, now: datetime) -> None:
        """Records entries and fragments that come oldest first; all entries of one second must be in one batch."""
        entries = [item for item in items if isinstance(item, Entry)]
        with transaction.atomic():
            self._learn_shops({entry.shop_number for entry in entries})
            journaled = journal_entries(entries, self.shops, now)
            new = [item for item in journaled if item.is_new]
            pairs = pair_events([item.event for item in new])
            recorded = _record_messages(new, pairs, self.places, now)
            fragments = self._keep_fragments(items, journaled)
        self._count(entries, new, pairs, recorded, fragments)

    def _learn_shops(self, numbers: set[int]) -> None:
        for number in sorted(numbers - self.shops.keys()):
            self.shops[number], _ = Shop.objects.get_or_create(number=number)

    def _keep_fragments(self, items: Sequence[Entry | Fragment], journaled: Sequence[Journaled]) -> list[Fragment]:
        """The fragments among `items` that were not kept before, each anchored to the entry below it."""
        events = iter(journaled)
        kept = []
        for item in items:
            if isinstance(item, Entry):
                self.newest = next(events).event
            elif keep_fragment(item, above=self.newest, source=self.source):
                kept.append(item)
        return kept

    def _count(
        self,
        entries: Sequence[Entry],
        new: Sequence[Journaled],
        pairs: Sequence[tuple[ExchangeEvent, ExchangeEvent]],
        books: "_Books",
        fragments: Sequence[Fragment],
    ) -> None:
        report = self.report
        report.entries += len(entries)
        report.entries_known += len(entries) - len(new)
        report.exchanges += len(pairs)
        report.bills_new += len(books.bills.new)
        report.receipts_new += len(books.receipts.new)
        report.receipts_again += books.receipts.again_count
        report.fragments += len(fragments)
        report.damages += [Damage(item.entry.line_number, item.event.fault) for item in new if item.event.fault]
        report.damages += [Damage(fragment.line_number, "text that belongs to no entry") for fragment in fragments]


@dataclass(slots=True)
class _Books:
    bills: BillBook
    receipts: ReceiptBook
    products: ProductBook


def _record_messages(
    messages: Sequence[Journaled],
    pairs: Sequence[tuple[ExchangeEvent, ExchangeEvent]],
    places: PlaceBook,
    now: datetime,
) -> _Books:
    """Records what messages say, in the order of the journal."""
    bills = BillBook(now)
    books = _Books(bills, ReceiptBook(now, bills, places), ProductBook())
    _load(books, messages)
    request_of = {answer.pk: request for request, answer in pairs}
    for journaled in messages:
        _record_message(books, journaled, opened_by=request_of.get(journaled.event.pk, journaled.event))
    books.receipts.write()
    books.bills.write()
    books.products.write()
    _judge_again_answered([request for request, _ in pairs], now)
    _judge_again_unanswered(books.bills.new, now)
    return books


def _load(books: _Books, messages: Iterable[Journaled]) -> None:
    stated, referenced, receipts, products = set[Key](), set[Key](), set[Key](), set[Key]()
    for journaled in messages:
        shop, message = journaled.event.shop_id, journaled.message
        stated |= {(shop, listed.external_id) for listed in message.listed}
        if message.bill:
            stated.add((shop, message.bill.external_id))
            products |= {(shop, line.product_id) for line in message.bill.lines}
        for event in message.receipts:
            receipts.add((shop, event.receipt.receipt_id))
            referenced.add((shop, event.receipt.reference.bill_id))
            products |= {(shop, line.product_id) for line in event.receipt.lines}
    books.bills.load(stated=stated, referenced=referenced)
    books.receipts.load(receipts)
    books.products.load(products)


def _record_message(books: _Books, journaled: Journaled, *, opened_by: ExchangeEvent) -> None:
    event, message = journaled.event, journaled.message
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


def _judge_again_answered(requests: Sequence[ExchangeEvent], now: datetime) -> None:
    """An answer was found: a receipt counts as known to the register, and nothing waits for the answer any more."""
    receipts = [request.pk for request in requests if request.kind == RECEIPT]
    Receipt.objects.filter(deliveries__event__in=receipts, bill=None).update(unjudged_since=now)
    named = ((request.shop_id, request.bill_external_id) for request in requests)
    for shop_number, ids in by_shop(named):
        Bill.objects.filter(shop=shop_number, external_id__in=ids).update(unjudged_since=now)


def _judge_again_unanswered(new_bills: Sequence[Bill], now: datetime) -> None:
    """Unanswered requests that name a bill belong to its case as soon as the bill is known."""
    unanswered = ExchangeEvent.objects.filter(direction=ExchangeEvent.DirectionChoice.REQUEST, answer=None)
    for shop_number, ids in by_shop((bill.shop_id, bill.external_id) for bill in new_bills):
        unanswered.filter(shop=shop_number, bill_external_id__in=ids).update(unjudged_since=now)
