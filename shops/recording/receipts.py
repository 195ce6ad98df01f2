"""Receipts, from RECEIPT requests."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shops import wire
from shops.allocated import CURRENT_PART, find_bills_by_decision
from shops.journal import to_utc
from shops.models import AllocatedPart, Bill, Receipt, ReceiptDelivery, ReceiptLine
from shops.money import format_wire
from shops.new_event import Event
from shops.payment import values
from shops.recording.bills import BillBook
from shops.recording.keys import Key, by_shop
from shops.recording.places import PlaceBook
from shops.recording.shifts import see_receipts
from shops.wire import ReceiptEvent, ReceiptStatement


@dataclass(slots=True)
class ReceiptBook:
    """The receipts of one batch of messages."""

    now: datetime
    bills: BillBook
    places: PlaceBook
    receipts: dict[Key, Receipt] = field(default_factory=dict)
    new: list[Receipt] = field(default_factory=list)
    lines: list[ReceiptLine] = field(default_factory=list)
    deliveries: list[ReceiptDelivery] = field(default_factory=list)
    delivered_again: dict[int, Receipt] = field(default_factory=dict)
    again_count: int = 0
    decided: dict[int, list[Key]] = field(default_factory=dict)  # receipt pk: the bills that a person gave it to

    def load(self, keys: Iterable[Key]) -> None:
        self.lock(keys)
        allocated = [receipt.pk for receipt in self.receipts.values() if receipt.is_allocated]
        if allocated:
            self._load_decided(allocated)

    def lock(self, keys: Iterable[Key]) -> None:
        """Loads and locks receipts, always in the same order."""
        for shop_number, ids in by_shop(keys):
            held = Receipt.objects.filter(shop=shop_number, receipt_id__in=ids).order_by("pk").select_for_update()
            self.receipts |= {(receipt.shop_id, receipt.receipt_id): receipt for receipt in held}

    def find_bills_decided_upon(self, keys: Iterable[Key]) -> set[Key]:
        """The bills that a person has given these receipts to. They are locked before the receipts are."""
        found: set[Key] = set()
        for shop_number, ids in by_shop(keys):
            receipts = Receipt.objects.filter(shop=shop_number, receipt_id__in=ids, is_allocated=True)
            found |= set(find_bills_by_decision(receipts).values_list("shop", "external_id"))
        return found

    def _load_decided(self, receipt_ids: Sequence[int]) -> None:
        """The bills that a person has given receipts to; of them only what was decided at this moment is not locked."""
        parts = AllocatedPart.objects.filter(CURRENT_PART, allocation__receipt__in=receipt_ids, bill__isnull=False)
        for receipt, shop, external_id in parts.values_list(
            "allocation__receipt_id", "bill__shop", "bill__external_id"
        ):
            self.decided.setdefault(receipt, []).append((shop, external_id))
        self.bills.lock({key for keys in self.decided.values() for key in keys} - self.bills.bills.keys())

    def record(self, event: Event, receipt_event: ReceiptEvent) -> None:
        """One delivery: the first makes the receipt; a further one is kept beside it, whatever its contents."""
        statement = receipt_event.receipt
        key = (event.shop_id, statement.receipt_id)
        receipt = self.receipts.get(key)
        if receipt is None:
            receipt = self.receipts[key] = self._receipt(event, receipt_event)
            self.new.append(receipt)
            self.add_lines(receipt, statement)
        else:
            self.again_count += 1
            receipt.received_at = min(receipt.received_at, event.occurred_at)
            self._judge_delivered_again(receipt)
            if receipt.pk is not None:
                self.delivered_again[receipt.pk] = receipt
        self.add_delivery(receipt, event, receipt_event)

    def add_lines(self, receipt: Receipt, statement: ReceiptStatement) -> None:
        """Keeps the lines of a new receipt, to be written."""
        self.lines += make_lines(receipt, statement)

    def add_delivery(self, receipt: Receipt, event: Event, receipt_event: ReceiptEvent) -> None:
        """Keeps an arrival of a receipt, to be written."""
        self.deliveries.append(make_delivery(event, receipt_event, receipt))

    def write(self) -> None:
        """Writes the receipts. Bills must be written after it: a receipt has its bill judged again."""
        self.write_new()
        Receipt.objects.bulk_update(self.delivered_again.values(), ["received_at", "unjudged_since"])
        self.attach_waiting()
        see_receipts(self.new, now=self.now)

    def write_new(self) -> None:
        """Writes the new receipts with their lines, and all arrivals."""
        Receipt.objects.bulk_create(self.new)
        ReceiptLine.objects.bulk_create(self.lines)
        ReceiptDelivery.objects.bulk_create(self.deliveries, ignore_conflicts=True)

    def _receipt(self, event: Event, receipt_event: ReceiptEvent) -> Receipt:
        statement = receipt_event.receipt
        reference = statement.reference
        bill = self._find_bill(event.shop_id, reference.bill_id, reference.number)
        receipt = make_receipt(event, receipt_event, bill)
        self.places.place(receipt, statement, self.now)
        self._judge_again(receipt, bill)
        return receipt

    def _find_bill(self, shop_number: int, bill_id: str, number: str) -> Bill | None:
        """The bill that a receipt names: by its id or, where it gives none, by a number that only one bill has."""
        if bill_id or not number:
            return self.bills.find(shop_number, bill_id)
        ids = Bill.objects.filter(shop=shop_number, number=number).values_list("external_id", flat=True)[:2]
        ids_in_batch = {
            key[1] for key, bill in self.bills.bills.items() if key[0] == shop_number and bill.number == number
        }
        found = sorted({*ids, *ids_in_batch})
        if len(found) != 1:
            return None
        self.bills.lock({(shop_number, found[0])} - self.bills.bills.keys())
        return self.bills.find(shop_number, found[0])

    def _judge_again(self, receipt: Receipt, bill: Bill | None) -> None:
        """Has the case of a receipt judged again: its bill, or itself where it has none."""
        if bill is None:
            receipt.unjudged_since = self.now
        else:
            self.bills.judge_again(bill)

    def _judge_delivered_again(self, receipt: Receipt) -> None:
        """A further delivery. What a person has said of the receipt's bills stands, whatever is delivered."""
        if not receipt.is_allocated:
            self._judge_again(receipt, receipt.bill and self.bills.bill_of(receipt))
            return
        receipt.unjudged_since = self.now
        for key in self.decided.get(receipt.pk, ()):
            self.bills.judge_again(self.bills.bills[key])

    def attach_waiting(self) -> None:
        """Gives new bills the receipts that came before them; has those judged again that name a new bill's number."""
        by_id = {(bill.shop_id, bill.external_id): bill for bill in self.bills.new}
        by_number = {(bill.shop_id, bill.number): bill for bill in self.bills.new if bill.number}
        waiting = self.find_waiting(by_id, by_number)
        for receipt in waiting.values():
            bill = by_id.get((receipt.shop_id, receipt.bill_external_id))
            if bill is None and not receipt.bill_external_id:
                bill = self._find_bill(receipt.shop_id, "", receipt.bill_number)
            receipt.bill, receipt.unjudged_since = bill, self.now
            if bill is not None:
                self.bills.judge_again(bill)
        Receipt.objects.bulk_update(waiting.values(), ["bill", "unjudged_since"])

    def find_waiting(self, bill_ids: Collection[Key], numbers: Collection[Key]) -> dict[int, Receipt]:
        """The receipts without a bill that name any of these, by their primary keys."""
        waiting: dict[int, Receipt] = {}
        for shop_number, ids in by_shop(bill_ids):
            found = Receipt.objects.filter(shop=shop_number, bill=None, bill_external_id__in=ids)
            waiting |= {receipt.pk: receipt for receipt in found}
        for shop_number, texts in by_shop(numbers):
            found = Receipt.objects.filter(shop=shop_number, bill=None, bill_number__in=texts)
            waiting |= {receipt.pk: receipt for receipt in found}
        return waiting


def make_receipt(event: Event, receipt_event: ReceiptEvent, bill: Bill | None) -> Receipt:
    """The row of a receipt; where it was printed, and by whom, is not set yet."""
    statement = receipt_event.receipt
    reference = statement.reference
    return Receipt(
        shop_id=event.shop_id,
        receipt_id=statement.receipt_id,
        type=statement.type,
        printed_at=statement.printed_at,
        received_at=event.occurred_at,
        total=statement.total,
        tax=statement.tax,
        discount=statement.discount,
        informational=statement.informational,
        payment_source=statement.payment_source,
        settlement_method=reference.settlement_method,
        shift=statement.shift,
        user_id=receipt_event.user_id,
        bill=bill,
        bill_external_id=reference.bill_id,
        bill_number=reference.number,
        bill_issued_at=to_utc(reference.date, event.shop) if reference.date else None,
        customer_name=reference.customer.name,
        customer_taxpayer_number=reference.customer.taxpayer_number,
        prepayment=reference.prepayment,
        content_modified=reference.content_modified,
        new_content=[[product, format_wire(quantity)] for product, quantity in reference.new_content],
        fingerprint=statement.fingerprint,
    )


def make_delivery(event: Event, receipt_event: ReceiptEvent, receipt: Receipt) -> ReceiptDelivery:
    return ReceiptDelivery(
        receipt=receipt,
        event_id=event.pk,
        evotor_event_id=receipt_event.event_id,
        fingerprint=receipt_event.receipt.fingerprint,
    )


def make_lines(receipt: Receipt, statement: ReceiptStatement) -> Iterable[ReceiptLine]:
    """The rows of a receipt's lines."""
    for position, line in enumerate(statement.lines):
        yield ReceiptLine(
            receipt=receipt,
            position=position,
            product_external_id=line.product_id,
            name=line.name,
            price=line.price,
            quantity=line.quantity,
            discount=line.discount,
            total=line.total,
            tax=line.tax,
            tax_percent=line.tax_percent,
            item_type=line.item_type,
            unit=line.unit,
        )


def make_line_value(line: wire.ReceiptLine) -> values.ReceiptLine:
    """A line that was sold, as the rules of what is paid see it."""
    return values.ReceiptLine(
        product_id=line.product_id,
        name=line.name,
        price=line.price,
        quantity=line.quantity,
        discount=line.discount,
        total=line.total,
        tax=line.tax,
        tax_percent=line.tax_percent,
    )
