"""Records the many messages of an imported log: what `batch` does, row for row, with other means.

The rows of a log are nearly all new. So they are given their primary keys beforehand, are complete before they are
written, and are written once, many at a time (`bulk_writing`); and what is new in the batch is not asked of the
database. A row that another writer has made meanwhile fails the batch, which is then recorded once more.

`batch.record_messages` stays what the tests hold this against.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shops import bulk_writing, wire
from shops.allocated import CURRENT_PART, find_bills_by_decision
from shops.bill_values import make_bill_value, make_receipt_value
from shops.models import (
    AllocatedPart,
    Bill,
    BillLine,
    BillVersion,
    ExchangeEvent,
    Receipt,
    ReceiptDelivery,
    ReceiptLine,
    Shop,
)
from shops.money import ZERO
from shops.new_event import Event, NewEvent
from shops.offers import refresh_offers
from shops.partners import Pairing
from shops.payment import values
from shops.payment.offer import offer_of
from shops.recording.batch import UNANSWERED, Books, Said, fill_books, judge_again_answered, judge_again_renumbered
from shops.recording.bills import STATED_FIELDS, BillBook, list_named, name_marked_item
from shops.recording.keys import Key
from shops.recording.openings import open_anew
from shops.recording.places import PlaceBook
from shops.recording.products import ProductBook
from shops.recording.receipts import ReceiptBook, make_line_value

IDS_PER_QUERY = 5000


def record_log(messages: Sequence[Said], places: PlaceBook, now: datetime, *, pairing: Pairing) -> Books:
    """Records what messages say, in the order of the journal."""
    bills = BulkBillBook(now)
    receipts = BulkReceiptBook(now, bills, places)
    books = Books(bills, receipts, ProductBook())
    fill_books(books, messages, pairing)
    bills.judge_again_answered(pairing.requests)
    receipts.write()
    bills.offer(receipts.list_payments(bills.new_pks), {said.event.shop_id: said.event.shop for said in messages})
    bills.write()
    books.products.write()
    refresh_offers(bills.find_offered_otherwise())
    open_anew(pairing.held_answers, now)
    judge_again_answered([request for request in pairing.requests if not bills.is_judged_again(request)], now)
    _judge_again_unanswered(bills.new, now)
    judge_again_renumbered(bills.renumbered, now)
    return books


def _judge_again_unanswered(new_bills: Iterable[Bill], now: datetime) -> None:
    keys = [(bill.shop_id, bill.external_id) for bill in new_bills]
    for pks in _cut(bulk_writing.find_ids(ExchangeEvent, ("shop_id", "bill_external_id"), keys, UNANSWERED)):
        ExchangeEvent.objects.filter(pk__in=pks).update(unjudged_since=now)


@dataclass(frozen=True, slots=True)
class NewVersion:
    bill: Bill
    sequence: int
    stated_by: Event
    statement: wire.BillStatement
    fingerprint: str


@dataclass(slots=True)
class BulkBillBook(BillBook):
    stated: list[NewVersion] = field(default_factory=list)
    new_pks: set[int] = field(default_factory=set)
    are_receipts_written: bool = False
    attached: set[int] = field(default_factory=set)  # pks of bills to which stored receipts were given

    def make(self, missing: set[Key]) -> None:
        ids = bulk_writing.reserve_ids(Bill, len(missing))
        for shop_number, external_id in sorted(missing):
            bill = Bill(pk=next(ids), shop_id=shop_number, external_id=external_id, total=ZERO)
            self.bills[shop_number, external_id] = bill
            self.new_pks.add(bill.pk)

    def load_versions(self, stated_pks: Iterable[int]) -> None:
        for pks in _cut(sorted(set(stated_pks) - self.new_pks)):
            versions = BillVersion.objects.filter(bill__in=pks)
            for bill_pk, fingerprint, sequence in versions.values_list("bill", "fingerprint", "sequence"):
                self.version_numbers.setdefault(bill_pk, {})[fingerprint] = sequence
            self.with_receipts |= set(Receipt.objects.filter(bill__in=pks).values_list("bill_id", flat=True))
            parts = AllocatedPart.objects.filter(CURRENT_PART, bill__in=pks)
            self.with_receipts |= set(parts.values_list("bill_id", flat=True))

    def lock(self, keys: Iterable[Key]) -> set[Key]:
        """As `BillBook.lock`; of the messages, no more than when they were said is loaded."""
        loaded: set[Key] = set()
        named: set[int] = set()
        wanted = {key for key in keys if key[1]}
        for pks in _cut(bulk_writing.find_ids(Bill, ("shop_id", "external_id"), wanted)):
            bills = list(Bill.objects.filter(pk__in=pks).order_by("pk").select_for_update())
            found = {(bill.shop_id, bill.external_id): bill for bill in bills}
            self.bills |= found
            loaded |= found.keys()
            named |= list_named(bills)
        self._load_moments(sorted(named - self.moments.keys()))
        return loaded

    def _load_moments(self, pks: Sequence[int]) -> None:
        for some in _cut(pks):
            events = ExchangeEvent.objects.filter(pk__in=some)
            self.moments |= {event.pk: event.moment for event in events.only("occurred_at", "position")}

    def add_version(
        self, bill: Bill, sequence: int, event: Event, statement: wire.BillStatement, fingerprint: str
    ) -> None:
        self.stated.append(NewVersion(bill, sequence, event, statement, fingerprint))

    def write(self) -> None:
        self._write_versions()
        bulk_writing.insert_objects(Bill, self.new)
        changed = [bill for key in sorted(self.changed) if (bill := self.bills[key]).pk not in self.new_pks]
        bulk_writing.update_objects(Bill, STATED_FIELDS, changed)
        listed = [self.bills[key] for key in sorted(self.only_listed - self.changed)]
        bulk_writing.update_objects(Bill, ["listed_by"], [bill for bill in listed if bill.pk not in self.new_pks])

    def _write_versions(self) -> None:
        version_ids = bulk_writing.reserve_ids(BillVersion, len(self.stated))
        numbered = list(zip(version_ids, self.stated, strict=True))
        bulk_writing.insert(BillVersion, [_version_row(pk, version) for pk, version in numbered])
        line_ids = bulk_writing.reserve_ids(BillLine, sum(len(version.statement.lines) for version in self.stated))
        bulk_writing.insert(
            BillLine,
            [
                _bill_line_row(next(line_ids), version_pk, position, line)
                for version_pk, version in numbered
                for position, line in enumerate(version.statement.lines)
            ],
        )

    def judge_again_answered(self, requests: Iterable[Event]) -> None:
        """Has the bills of this book judged again whose requests were answered."""
        for request in requests:
            if bill := self.find(request.shop_id, request.bill_external_id):
                self._judge_again(bill)

    def is_judged_again(self, request: Event) -> bool:
        """Whether all that an answer to this request has judged again waits already."""
        is_new = isinstance(request, NewEvent)
        return is_new and (not request.bill_external_id or (request.shop_id, request.bill_external_id) in self.bills)

    def judge_again(self, bill: Bill) -> None:
        BillBook.judge_again(self, bill)
        if self.are_receipts_written:
            self.attached.add(bill.pk)

    def offer(self, payments: Mapping[int, Sequence[values.Receipt]], shops: Mapping[int, Shop]) -> None:
        """Sets what is offered of new bills that receipts of this batch pay, which come by the bill's primary key."""
        statements = {(version.bill.pk, version.sequence): version.statement for version in self.stated}
        for bill in self.new:
            if receipts := payments.get(bill.pk):
                statement = statements.get((bill.pk, bill.version))
                lines = [_bill_line_value(line) for line in statement.lines] if statement else []
                after_partial = shops[bill.shop_id].after_partial
                offer = offer_of(make_bill_value(bill, lines), receipts, after_partial=after_partial)
                bill.on_offer = offer.on_list
                bill.offered_total = offer.total if offer.is_partial else None

    def find_offered_otherwise(self) -> list[int]:
        """The bills that `offer` has not seen to."""
        return [pk for pk in self.find_paid_on() if pk not in self.new_pks or pk in self.attached]


@dataclass(slots=True)
class BulkReceiptBook(ReceiptBook):
    bills: BulkBillBook
    held_pks: list[int] = field(default_factory=list)  # of the receipts of the batch that are stored already
    statements: list[tuple[Receipt, wire.ReceiptStatement]] = field(default_factory=list)
    arrivals: dict[tuple[Key, int], tuple[Receipt, str, str]] = field(default_factory=dict)

    def add_lines(self, receipt: Receipt, statement: wire.ReceiptStatement) -> None:
        self.statements.append((receipt, statement))

    def add_delivery(self, receipt: Receipt, event: Event, receipt_event: wire.ReceiptEvent) -> None:
        """What a message brings twice has arrived by it once."""
        is_first = bool(self.statements) and self.statements[-1][1] is receipt_event.receipt
        fingerprint = receipt.fingerprint if is_first else receipt_event.receipt.fingerprint
        arrival = (receipt, receipt_event.event_id, fingerprint)
        self.arrivals.setdefault(((receipt.shop_id, receipt.receipt_id), event.pk), arrival)

    def find_bills_decided_upon(self, keys: Iterable[Key]) -> set[Key]:
        found: set[Key] = set()
        self.held_pks = bulk_writing.find_ids(Receipt, ("shop_id", "receipt_id"), list(keys))
        for pks in _cut(self.held_pks):
            decided = find_bills_by_decision(Receipt.objects.filter(pk__in=pks, is_allocated=True))
            found |= set(decided.values_list("shop", "external_id"))
        return found

    def lock(self, keys: Iterable[Key]) -> None:
        """Those that were found before; one that has come since fails the batch."""
        for pks in _cut(self.held_pks):
            held = Receipt.objects.filter(pk__in=pks).order_by("pk").select_for_update()
            self.receipts |= {(receipt.shop_id, receipt.receipt_id): receipt for receipt in held}

    def find_waiting(self, bill_ids: Collection[Key], numbers: Collection[Key]) -> dict[int, Receipt]:
        named = bulk_writing.find_ids(Receipt, ("shop_id", "bill_external_id"), bill_ids, "bill_id IS NULL")
        numbered = bulk_writing.find_ids(Receipt, ("shop_id", "bill_number"), numbers, "bill_id IS NULL")
        waiting: dict[int, Receipt] = {}
        for pks in _cut(list(dict.fromkeys([*named, *numbered]))):
            waiting |= Receipt.objects.in_bulk(pks)
        return waiting

    def list_payments(self, bill_pks: Collection[int]) -> dict[int, list[values.Receipt]]:
        """The new receipts of these bills."""
        found: dict[int, list[values.Receipt]] = defaultdict(list)
        for receipt, statement in self.statements:
            if receipt.bill_id is not None and receipt.bill_id in bill_pks:
                lines = map(make_line_value, statement.lines)
                found[receipt.bill_id].append(make_receipt_value(receipt, lines))
        return found

    def write_new(self) -> None:
        ids = bulk_writing.reserve_ids(Receipt, len(self.new))
        for receipt in self.new:
            receipt.pk = next(ids)
        bulk_writing.insert_objects(Receipt, self.new)
        line_ids = bulk_writing.reserve_ids(ReceiptLine, sum(len(statement.lines) for _, statement in self.statements))
        bulk_writing.insert(
            ReceiptLine,
            [
                _receipt_line_row(next(line_ids), receipt.pk, position, line)
                for receipt, statement in self.statements
                for position, line in enumerate(statement.lines)
            ],
        )
        delivery_ids = bulk_writing.reserve_ids(ReceiptDelivery, len(self.arrivals))
        bulk_writing.insert(
            ReceiptDelivery,
            [
                (next(delivery_ids), receipt.pk, event_pk, evotor_event_id, fingerprint)
                for (_, event_pk), (receipt, evotor_event_id, fingerprint) in self.arrivals.items()
            ],
        )
        self.bills.are_receipts_written = True


def _cut(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    """In parts short enough for one query each."""
    for start in range(0, len(pks), IDS_PER_QUERY):
        yield pks[start : start + IDS_PER_QUERY]


# --- rows, in the order of the columns -------------------------------------------------------------------------


def _version_row(pk: int, version: NewVersion) -> bulk_writing.Row:
    statement = version.statement
    return (
        pk,
        version.bill.pk,
        version.sequence,
        version.stated_by.pk,
        statement.total,
        statement.prepayment,
        statement.prepayment_enabled,
        version.fingerprint,
    )


def _bill_line_row(pk: int, version_pk: int, position: int, line: wire.BillLine) -> bulk_writing.Row:
    return (
        pk,
        version_pk,
        position,
        line.product_id,
        line.name,
        line.price,
        line.quantity,
        line.tax_rate,
        line.subject,
        line.goods_type,
        line.unit,
        line.mark,
        name_marked_item(line),
    )


def _receipt_line_row(pk: int, receipt_pk: int, position: int, line: wire.ReceiptLine) -> bulk_writing.Row:
    return (
        pk,
        receipt_pk,
        position,
        line.product_id,
        line.name,
        line.price,
        line.quantity,
        line.discount,
        line.total,
        line.tax,
        line.tax_percent,
        line.item_type,
        line.unit,
    )


# --- values ----------------------------------------------------------------------------------------------------


def _bill_line_value(line: wire.BillLine) -> values.BillLine:
    return values.BillLine(
        product_id=line.product_id,
        name=line.name,
        price=line.price,
        quantity=line.quantity,
        tax_rate=line.tax_rate,
        goods_type=line.goods_type,
        mark=line.mark,
    )
