"""Erases a customer's names from a shop's journal and facts. Used by `reconciliation.erasing` alone.

Only names go: each is replaced by a mark that is the same for the same name and another for another one, so that what
was compared stays equal or different. The rest of every text stays byte for byte; an entry keeps its first digest, by
which an import knows it, and the one that it has now is recorded. What was derived from a name, as the fingerprint of
a statement, is derived anew. Who erases a statement of a bill, or a receipt, erases every one of it, of whatever day.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from shops.exchange_log import Direction
from shops.journal import identify_stored
from shops.messages import Message, understand
from shops.models import (
    Allocation,
    Bill,
    BillLine,
    BillVersion,
    ErasedEntry,
    ExchangeBody,
    ExchangeEvent,
    Forward,
    JournalFragment,
    Product,
    Receipt,
    ReceiptDelivery,
    ReceiptLine,
    RegisterDocument,
    Shop,
    UnassignedMessage,
    WebhookMessage,
)
from shops.recording.products import SEEN_AGAIN_AFTER
from shops.wire import BILL, PUT_BILL
from shops.wire_erasure import Eraser, fold

EVENTS_PER_QUERY = 500
SHORTEST_NAME = 3
MARK_LENGTH = 10


class ErasureRefused(Exception):
    """The names cannot be erased as was wanted; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose names are to be erased: `names` in every spelling, from what is older than `before`."""

    shop: Shop
    names: tuple[str, ...]
    before: datetime
    since: datetime | None = None

    @property
    def hashes(self) -> list[str]:
        return sorted({hash_name(self.shop, name) for name in self.names})

    def make_eraser(self) -> Eraser:
        return Eraser({name: f"[стёрто {hash_name(self.shop, name)[:MARK_LENGTH]}]" for name in self.names})

    def is_within(self, field_name: str, *, earlier: timedelta = timedelta()) -> Q:
        """Rows of that time, and those of a while before where the column may be behind."""
        since = Q() if self.since is None else Q(**{f"{field_name}__gte": self.since - earlier})
        return Q(**{f"{field_name}__lt": self.before}) & since


@dataclass(slots=True)
class Found:
    """Where the names stand: entries of the journal, bills and receipts by their primary keys."""

    entries: set[int] = field(default_factory=set)
    bills: set[int] = field(default_factory=set)
    receipts: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of a table in which names may stand."""

    rows: QuerySet[Any]
    columns: tuple[str, ...]


def hash_name(shop: Shop, name: str) -> str:
    """The keyed hash of a name within a shop, the same for every spelling that is found as one."""
    return salted_hmac("crmpos.erasure", f"{shop.pk}:{fold(name)}", algorithm="sha256").hexdigest()


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names without blanks around them. Raises ErasureRefused for none, or one so short that it is everywhere."""
    found = tuple(dict.fromkeys(name for name in (" ".join(name.split()) for name in names) if name))
    if not found or any(len(name) < SHORTEST_NAME for name in found):
        raise ErasureRefused(_("Name at least one customer, telephone or e-mail address, of three characters or more."))
    return found


def find(wanted: Wanted) -> Found:
    """Where the names stand in the shop's journal, bills and receipts."""
    eraser = wanted.make_eraser()
    of_shop = ExchangeEvent.objects.filter(shop=wanted.shop)
    found, bill_ids, receipt_ids = Found(), set[str](), set[str]()
    events = of_shop.filter(wanted.is_within("occurred_at"))
    while True:
        new_bills, new_receipts = set[str](), set[str]()
        for event in _find_events(events, eraser):
            if event.pk in found.entries:
                continue
            found.entries.add(event.pk)
            message = read_message(event)
            new_bills |= {message.bill.external_id} if message.bill else set()
            new_receipts |= {item.receipt.receipt_id for item in message.receipts}
        new_bills, new_receipts = new_bills - bill_ids, new_receipts - receipt_ids
        if not new_bills | new_receipts:
            break
        bill_ids, receipt_ids = bill_ids | new_bills, receipt_ids | new_receipts
        delivered = ReceiptDelivery.objects.filter(receipt__shop=wanted.shop, receipt__receipt_id__in=new_receipts)
        stated = Q(kind__in=(BILL, PUT_BILL), bill_external_id__in=new_bills)
        events = of_shop.filter(stated | Q(pk__in=delivered.values("event")))
    bills, receipts = Bill.objects.filter(shop=wanted.shop), Receipt.objects.filter(shop=wanted.shop)
    last_word = ("stated_by__occurred_at", "listed_by__occurred_at", "upstream_listed_by__occurred_at")
    is_newer = Q(pk__in=[])
    for moment in last_word:
        is_newer |= Q(**{f"{moment}__gte": wanted.before})
    found.bills = set(bills.filter(external_id__in=bill_ids).values_list("pk", flat=True))
    found.bills |= _find_rows(bills.exclude(is_newer), eraser)
    found.receipts = set(receipts.filter(receipt_id__in=receipt_ids).values_list("pk", flat=True))
    found.receipts |= _find_rows(receipts.filter(wanted.is_within("received_at")), eraser)
    return found


def erase_entries(wanted: Wanted, found: Found) -> list[ErasedEntry]:
    """Erases the names from the journal, within the caller's transaction; gives the records, not stored yet.

    Raises ErasureRefused where a name is also what the program knows something by.
    """
    eraser, records = wanted.make_eraser(), []
    for batch in _cut(sorted(found.entries)):
        events = list(ExchangeEvent.objects.filter(pk__in=batch).select_related("shop"))
        ExchangeEvent.load_bodies(events)
        for event in events:
            before = read_message(event)
            event.say(eraser.erase(event.body), eraser.erase(event.verbatim))
            _restate(event, before, read_message(event), eraser)
            row = event.text_row
            ExchangeBody.objects.filter(entry_id=event.pk, occurred_at=event.occurred_at).update(
                body=row.body, verbatim=row.verbatim
            )
            ExchangeEvent.objects.filter(pk=event.pk).update(size_bytes=event.size_bytes)
            records.append(ErasedEntry(event=event, digest=identify_stored(event) or ""))
    return records


def list_places(wanted: Wanted, found: Found) -> list[Place]:
    """The columns of this app, beside the bodies of the journal, in which the names may stand."""
    shop, within = wanted.shop, wanted.is_within
    fragments = JournalFragment.objects.filter(Q(above=None) | Q(above__shop=shop) & within("above__occurred_at"))
    of_bills, of_receipts = Q(bill__in=found.bills), Q(receipt__in=found.receipts)
    entries = ExchangeEvent.objects.filter(within("occurred_at"), shop=shop).exclude(fault="", remark="")
    return [
        Place(Bill.objects.filter(pk__in=found.bills), ("customer_name", "customer_taxpayer_number")),
        Place(Receipt.objects.filter(pk__in=found.receipts), ("customer_name", "customer_taxpayer_number")),
        Place(BillLine.objects.filter(version__in=BillVersion.objects.filter(of_bills)), ("name",)),
        Place(ReceiptLine.objects.filter(of_receipts), ("name",)),
        Place(Product.objects.filter(within("last_seen_at", earlier=SEEN_AGAIN_AFTER), shop=shop), ("name",)),
        Place(entries, ("fault", "remark")),
        Place(fragments, ("text", "source")),
        Place(Forward.objects.filter(within("queued_at"), shop=shop), ("last_answer", "headers")),
        Place(
            UnassignedMessage.objects.filter(within("received_at"), shop=shop),
            ("text", "verbatim", "query", "headers", "fault"),
        ),
        Place(RegisterDocument.objects.filter(within("received_at"), shop=shop), ("body",)),
        Place(WebhookMessage.objects.filter(within("created_at"), shop=shop), ("body", "last_answer")),
        Place(Allocation.objects.filter(within("decided_at"), receipt__shop=shop), ("comment",)),
    ]


def count_rows(places: Iterable[Place], eraser: Eraser) -> dict[str, int]:
    """How many rows hold a name, by table."""
    return _go_through(places, eraser, lambda place, pk, changed: None)


def erase_rows(places: Iterable[Place], eraser: Eraser) -> dict[str, int]:
    """Erases the names from these columns, within the caller's transaction; how many rows it was, by table."""
    return _go_through(
        places, eraser, lambda place, pk, changed: place.rows.model._base_manager.filter(pk=pk).update(**changed)
    )


def _go_through(
    places: Iterable[Place], eraser: Eraser, change: Callable[[Place, Any, dict[str, Any]], object]
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for place in places:
        for pk, *values in place.rows.order_by().values_list("pk", *place.columns).iterator():
            changed = {
                column: erased
                for column, value in zip(place.columns, values, strict=True)
                if value and (erased := eraser.erase(value)) != value
            }
            if changed:
                change(place, pk, changed)
                label = place.rows.model._meta.label
                counts[label] = counts.get(label, 0) + 1
    return counts


def read_message(event: ExchangeEvent) -> Message:
    return understand(event.kind, Direction(event.direction), event.body.encode())


def _restate(event: ExchangeEvent, before: Message, after: Message, eraser: Eraser) -> None:
    """Brings the fingerprints of what a message states into line with its text, which says the same but for names."""
    if _list_keys(before) != _list_keys(after):
        raise ErasureRefused(
            _("In entry %(entry)d of the journal, one of these names is also an id or a number. Name it more exactly.")
            % {"entry": event.pk}
        )
    if before.bill and after.bill:
        held = BillVersion.objects.filter(bill__shop=event.shop_id, bill__external_id=after.bill.external_id)
        held.filter(fingerprint=before.bill.fingerprint).update(fingerprint=after.bill.fingerprint)
    for old, new in zip(before.receipts, after.receipts, strict=True):
        receipts = Receipt.objects.filter(shop=event.shop_id, receipt_id=new.receipt.receipt_id)
        fingerprints = old.receipt.fingerprint, new.receipt.fingerprint
        ReceiptDelivery.objects.filter(receipt__in=receipts, fingerprint=fingerprints[0]).update(
            fingerprint=fingerprints[1]
        )
        receipts.filter(fingerprint=fingerprints[0]).update(fingerprint=fingerprints[1])


def _list_keys(message: Message) -> list[Any]:
    """All that the program knows things by, and reckons with, in a message."""
    bill = message.bill
    keys: list[Any] = [message.bill_id, message.bill_number, bool(message.error)]
    keys += [(row.external_id, row.number, row.total, row.date) for row in message.listed]
    if bill:
        keys += [bill.external_id, bill.number, bill.total, bill.date, bill.prepayment]
        keys += [(line.product_id, line.price, line.quantity, line.tax_rate, line.mark) for line in bill.lines]
    for item in message.receipts:
        receipt = item.receipt
        keys += [item.event_id, receipt.receipt_id, receipt.type, receipt.total, receipt.printed_at, receipt.shift]
        keys += [receipt.store_id, receipt.terminal_id, receipt.employee_id, item.user_id]
        keys += [receipt.reference.bill_id, receipt.reference.number, receipt.reference.date]
        keys += [(line.product_id, line.price, line.quantity, line.total) for line in receipt.lines]
    return keys


def _find_events(events: QuerySet[ExchangeEvent], eraser: Eraser) -> Iterator[ExchangeEvent]:
    """Those whose text holds a name."""
    last_pk = 0
    held = events.filter(size_bytes__gt=0).order_by("pk")
    while batch := list(held.filter(pk__gt=last_pk)[:EVENTS_PER_QUERY]):
        last_pk = batch[-1].pk
        ExchangeEvent.load_bodies(batch)
        yield from (event for event in batch if eraser.finds(event.body) or eraser.finds(event.verbatim))


def _find_rows(rows: QuerySet[Any], eraser: Eraser) -> set[int]:
    named = rows.exclude(customer_name="", customer_taxpayer_number="").order_by()
    values = named.values_list("pk", "customer_name", "customer_taxpayer_number")
    return {pk for pk, name, taxpayer in values.iterator() if eraser.finds(name) or eraser.finds(taxpayer)}


def _cut(keys: Sequence[int]) -> Iterator[Collection[int]]:
    for start in range(0, len(keys), EVENTS_PER_QUERY):
        yield keys[start : start + EVENTS_PER_QUERY]
