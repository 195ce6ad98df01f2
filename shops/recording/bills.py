"""Bills, from LIST and BILL answers."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shops import wire
from shops.allocated import CURRENT_PART
from shops.journal import to_utc
from shops.marks import read_mark
from shops.models import AllocatedPart, Bill, BillLine, BillVersion, ExchangeEvent, Moment, Receipt, Shop
from shops.money import ZERO
from shops.new_event import Event
from shops.recording.keys import Key, by_shop
from shops.wire import BillStatement, ListedBill

STATED_FIELDS = [
    "number",
    "issued_at",
    "customer_name",
    "customer_taxpayer_number",
    "total",
    "prepayment",
    "version",
    "stated_by",
    "listed_total",
    "listed_by",
    "upstream_listed_by",
    "left_list_at",
    "opened_by",
    "unjudged_since",
]
MESSAGES = ("stated_by_id", "listed_by_id", "upstream_listed_by_id", "opened_by_id")


@dataclass(slots=True)
class BillBook:
    """The bills of one batch of messages, locked until its transaction ends."""

    now: datetime
    bills: dict[Key, Bill] = field(default_factory=dict)
    new: list[Bill] = field(default_factory=list)
    changed: set[Key] = field(default_factory=set)
    only_listed: set[Key] = field(default_factory=set)  # nothing but the last LIST answer is another
    versions: list[BillVersion] = field(default_factory=list)
    lines: list[BillLine] = field(default_factory=list)
    version_numbers: dict[int, dict[str, int]] = field(default_factory=dict)  # bill pk: fingerprint -> sequence
    with_receipts: set[int] = field(default_factory=set)
    renumbered: set[Key] = field(default_factory=set)  # shops with numbers that bills have got or lost
    returned: set[int] = field(default_factory=set)  # bill pks that the CRM lists again
    moments: dict[int, Moment] = field(default_factory=dict)  # of the messages that bills name, by their pks

    def load(self, *, stated: set[Key], referenced: set[Key]) -> None:
        """Loads all of them, and creates those that messages state for the first time."""
        missing = stated - self.lock(stated | referenced)
        self.make(missing)
        self.new = [self.bills[key] for key in sorted(missing)]
        self.load_versions([self.bills[key].pk for key in stated])

    def make(self, missing: set[Key]) -> None:
        """Creates bills, unless others have done so meanwhile."""
        Bill.objects.bulk_create(
            (Bill(shop_id=shop, external_id=external_id, total=ZERO) for shop, external_id in sorted(missing)),
            ignore_conflicts=True,
        )
        self.lock(missing)

    def load_versions(self, stated_pks: Collection[int]) -> None:
        """Loads what was stated of bills before, and which of them have receipts."""
        for bill_pk, fingerprint, sequence in BillVersion.objects.filter(bill__in=stated_pks).values_list(
            "bill", "fingerprint", "sequence"
        ):
            self.version_numbers.setdefault(bill_pk, {})[fingerprint] = sequence
        self.with_receipts = set(Receipt.objects.filter(bill__in=stated_pks).values_list("bill", flat=True))
        parts = AllocatedPart.objects.filter(CURRENT_PART, bill__in=stated_pks)
        self.with_receipts |= {pk for pk in parts.values_list("bill", flat=True) if pk is not None}

    def find(self, shop_number: int, external_id: str) -> Bill | None:
        return self.bills.get((shop_number, external_id))

    def bill_of(self, receipt: Receipt) -> Bill:
        """The locked row of the bill that a receipt is attached to."""
        assert receipt.bill is not None
        key = (receipt.shop_id, receipt.bill.external_id)
        if key not in self.bills:
            self.lock({key})
        return self.bills[key]

    def record_listed(self, event: Event, listed: ListedBill) -> None:
        """A LIST answer that offers the bill. Of a bill with unknown contents it is all that is known.

        What the shop's CRM lists was not offered to anybody yet.
        """
        bill = self.bills[event.shop_id, listed.external_id]
        if self._is_later(bill.listed_by_id, event):
            return
        is_known_better = self._is_later(bill.upstream_listed_by_id, event)
        if event.origin != ExchangeEvent.Origin.UPSTREAM:
            bill.listed_by_id = self._name(event)
        elif is_known_better:
            return
        else:
            self._return_to_list(bill, event)
        number = bill.number
        changed = not is_known_better and _take_listed(bill, event.shop, listed)
        self._note_number(bill, number)
        if changed or bill.pk in self.with_receipts or bill.upstream_listed_by_id == event.pk:
            self._judge_again(bill)
        else:
            self.only_listed.add((bill.shop_id, bill.external_id))

    def record_statement(self, event: Event, statement: BillStatement, *, opened_by: Event | None) -> None:
        """A statement of the CRM: a version of its own unless it was made before; the newest counts.

        `opened_by` is the request by which a register opened the bill, where the statement answers one.
        """
        bill = self.bills[event.shop_id, statement.external_id]
        if opened_by is not None and (bill.opened_by_id is None or opened_by.moment < self.moments[bill.opened_by_id]):
            bill.opened_by_id = self._name(opened_by)
            self._judge_again(bill)
        version = self._version(bill, event, statement)
        if self._is_later(bill.stated_by_id, event):
            return
        changed, number = bill.version != version, bill.number
        bill.stated_by_id, bill.version = self._name(event), version
        bill.total, bill.prepayment = statement.total, statement.prepayment
        bill.customer_taxpayer_number = statement.customer.taxpayer_number
        changed |= _describe(bill, event.shop, statement.number, statement.date, statement.customer.name)
        self._note_number(bill, number)
        if changed:
            self._judge_again(bill)
        else:
            self.changed.add((bill.shop_id, bill.external_id))

    def judge_again(self, bill: Bill) -> None:
        """Has the bill judged again for a fact that is recorded elsewhere (a receipt)."""
        self.with_receipts.add(bill.pk)
        self._judge_again(bill)

    def find_paid_on(self) -> list[int]:
        """The changed bills that have receipts, or are listed again: what is offered of them may be another now."""
        changing = self.with_receipts | self.returned
        return [bill.pk for key in sorted(self.changed) if (bill := self.bills[key]).pk in changing]

    def write(self) -> None:
        BillVersion.objects.bulk_create(self.versions)
        BillLine.objects.bulk_create(self.lines)
        # The rows are there and locked; writing them like this is many times faster than `bulk_update`.
        Bill.objects.bulk_create(
            (self.bills[key] for key in sorted(self.changed)),
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=STATED_FIELDS,
        )
        listed: dict[int | None, list[int]] = {}
        for key in self.only_listed - self.changed:
            bill = self.bills[key]
            listed.setdefault(bill.listed_by_id, []).append(bill.pk)
        for event_pk, bill_pks in listed.items():
            Bill.objects.filter(pk__in=bill_pks).update(listed_by=event_pk)

    def lock(self, keys: Iterable[Key]) -> set[Key]:
        """Loads and locks bills, always in the same order; gives the keys of those that are there."""
        loaded: set[Key] = set()
        for shop_number, ids in by_shop(keys):
            held = Bill.with_messages().filter(shop=shop_number, external_id__in=ids).order_by("pk")
            bills = list(held.select_for_update(of=("self",)))
            self._note_moments(bills)
            found = {(bill.shop_id, bill.external_id): bill for bill in bills}
            self.bills |= found
            loaded |= found.keys()
        return loaded

    def _note_moments(self, bills: Iterable[Bill]) -> None:
        """When the messages were said that the bills name.

        PostgreSQL gives a row for whose lock it had to wait as it is by then, but what is joined to it as it was when
        the statement began: a message that another has stored meanwhile is named by the bill, and has to be looked up.
        """
        for bill in bills:
            for message in (bill.stated_by, bill.listed_by, bill.upstream_listed_by, bill.opened_by):
                if message is not None:
                    self.moments[message.pk] = message.moment
        if unseen := list_named(bills) - self.moments.keys():
            self._load_moments(sorted(unseen))

    def _load_moments(self, pks: Sequence[int]) -> None:
        events = ExchangeEvent.objects.filter(pk__in=pks)
        self.moments |= {event.pk: event.moment for event in events.only("occurred_at", "position")}

    def _note_number(self, bill: Bill, before: str) -> None:
        if bill.number != before:
            self.renumbered |= {(bill.shop_id, before), (bill.shop_id, bill.number)}

    def _return_to_list(self, bill: Bill, event: Event) -> None:
        bill.upstream_listed_by_id = self._name(event)
        if bill.left_list_at is not None:
            bill.left_list_at = None
            self.returned.add(bill.pk)

    def _version(self, bill: Bill, event: Event, statement: BillStatement) -> int:
        numbers = self.version_numbers.setdefault(bill.pk, {})
        fingerprint = statement.fingerprint
        if fingerprint not in numbers:
            # Of two statements that an erasure has made equal, the newest counts.
            numbers[fingerprint] = max(numbers.values(), default=0) + 1
            self.add_version(bill, numbers[fingerprint], event, statement, fingerprint)
        return numbers[fingerprint]

    def add_version(self, bill: Bill, sequence: int, event: Event, statement: BillStatement, fingerprint: str) -> None:
        """Keeps a statement that was not made before, to be written."""
        version = BillVersion(
            bill=bill,
            sequence=sequence,
            stated_by_id=event.pk,
            total=statement.total,
            prepayment=statement.prepayment,
            prepayment_enabled=statement.prepayment_enabled,
            fingerprint=fingerprint,
        )
        self.versions.append(version)
        self.lines += _lines(version, statement)

    def _is_later(self, said_by: int | None, event: Event) -> bool:
        return said_by is not None and self.moments[said_by] > event.moment

    def _name(self, event: Event) -> int:
        """The message as a bill names it."""
        assert event.pk is not None
        self.moments[event.pk] = event.moment
        return event.pk

    def _judge_again(self, bill: Bill) -> None:
        bill.unjudged_since = self.now
        self.changed.add((bill.shop_id, bill.external_id))


def list_named(bills: Iterable[Bill]) -> set[int]:
    """The messages that bills name, by their pks."""
    return {pk for bill in bills for name in MESSAGES if (pk := getattr(bill, name)) is not None}


def _take_listed(bill: Bill, shop: Shop, listed: ListedBill) -> bool:
    """Takes over what LIST says of a bill; whether any of it is another than before."""
    changed = bill.listed_total != listed.total
    bill.listed_total = listed.total
    if bill.contents_known:
        return changed
    bill.total = listed.total
    return _describe(bill, shop, listed.number, listed.date, listed.customer_name) or changed


def _describe(bill: Bill, shop: Shop, number: str, date: datetime | None, customer_name: str) -> bool:
    """Takes over what names a bill to people; whether any of it is another than before."""
    issued_at = to_utc(date, shop) if date else None
    before = (bill.number, bill.issued_at, bill.customer_name)
    bill.number, bill.issued_at, bill.customer_name = number, issued_at, customer_name
    return before != (number, issued_at, customer_name)


def _lines(version: BillVersion, statement: BillStatement) -> Iterable[BillLine]:
    for position, line in enumerate(statement.lines):
        yield BillLine(
            version=version,
            position=position,
            product_external_id=line.product_id,
            name=line.name,
            price=line.price,
            quantity=line.quantity,
            tax_rate=line.tax_rate,
            subject=line.subject,
            goods_type=line.goods_type,
            unit=line.unit,
            mark=line.mark,
            marked_item=name_marked_item(line),
        )


def name_marked_item(line: wire.BillLine) -> str:
    """What names the physical item that a line marks."""
    return read_mark(line.mark, item_type=line.goods_type).item[:200] if line.mark else ""
