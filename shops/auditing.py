"""Holds the facts against the journal: every message read again must give the rows that are stored. Read-only."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date
from typing import Any

from django.db.models.functions import TruncMonth

from shops.exchange_log import Direction
from shops.journal import identify_stored, to_utc
from shops.messages import understand
from shops.models import Bill, BillVersion, ErasedEntry, ExchangeEvent, Receipt, RetentionRun
from shops.retention import REMOVED, add_up_digests, list_removed
from shops.wire import BillStatement, ListedBill, ReceiptStatement

EVENTS_PER_BATCH = 500

BILL_FIELDS = ("number", "total", "prepayment")
VERSION_FIELDS = ("total", "prepayment", "prepayment_enabled")
BILL_LINE_FIELDS = ("name", "price", "quantity", "tax_rate", "subject", "goods_type", "unit", "mark")
RECEIPT_FIELDS = ("type", "printed_at", "total", "tax", "discount", "informational", "payment_source", "shift")
RECEIPT_LINE_FIELDS = ("name", "price", "quantity", "discount", "total", "tax", "tax_percent", "item_type", "unit")


def find_differences(shop_number: int | None = None) -> Iterator[str]:
    """One line for every message whose facts are not stored as it states them."""
    events = ExchangeEvent.objects.order_by("pk")
    if shop_number is not None:
        events = events.filter(shop=shop_number)
    last_pk = 0
    while batch := list(events.filter(pk__gt=last_pk)[:EVENTS_PER_BATCH]):
        ExchangeEvent.load_bodies(batch)
        yield from _check_batch(batch)
        last_pk = batch[-1].pk
    yield from _check_removed(shop_number)


def _check_batch(events: Sequence[ExchangeEvent]) -> Iterator[str]:
    bills: dict[int, BillStatement] = {}
    listed: dict[int, Sequence[ListedBill]] = {}
    receipts: dict[int, dict[str, ReceiptStatement]] = {}
    erased = dict(ErasedEntry.objects.filter(event__in=events).order_by("pk").values_list("event", "digest"))
    for event in events:
        if event.text_is_removed:
            continue  # `_check_removed` asks whether retention has done it
        digest = identify_stored(event)
        if digest is not None and digest != erased.get(event.pk, event.digest):
            yield f"{_name(event)}: its text is not the one that came"
        # Text that cannot hold the bytes as they came was never readable, so the text will do.
        message = understand(event.kind, Direction(event.direction), event.body.encode())
        if message.fault and not event.fault:
            yield f"{_name(event)} cannot be read ({message.fault}), and the journal does not say so"
        if not _brings_facts(event):
            continue
        if message.bill and not event.fault:
            bills[event.pk] = message.bill
        if message.listed:
            listed[event.pk] = message.listed
        if message.receipts:
            receipts[event.pk] = {item.receipt.receipt_id: item.receipt for item in message.receipts}
    by_pk = {event.pk: event for event in events}
    yield from _check_statements(by_pk, bills)
    yield from _check_listed(by_pk, listed)
    yield from _check_receipts(by_pk, receipts)


def _check_removed(shop_number: int | None) -> Iterator[str]:
    """Texts that are not there are those that retention has removed, and no others."""
    runs = RetentionRun.objects.all() if shop_number is None else RetentionRun.objects.filter(shop=shop_number)
    recorded: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0])
    for run in runs:
        counted = recorded[run.shop_id, run.month]
        counted[0], counted[1] = counted[0] + run.entries, counted[1] + int(run.digest, 16)
    missing = ExchangeEvent.objects.filter(REMOVED, **({} if shop_number is None else {"shop": shop_number}))
    months = missing.annotate(month=TruncMonth("occurred_at", tzinfo=UTC)).order_by().values_list("shop", "month")
    found = {(shop, month.date()) for shop, month in months.distinct()}
    for shop, month in sorted(found | recorded.keys()):
        digests = list(list_removed(shop, month).values_list("digest", flat=True))
        entries, digest = recorded.get((shop, month), (0, 0))
        if (len(digests), add_up_digests(digests)) != (entries, add_up_digests([], f"{digest:x}")):
            yield (
                f"shop {shop}, month {month:%Y-%m}: {len(digests)} texts of the journal are missing, "
                f"and retention has removed {entries}"
            )


def _brings_facts(event: ExchangeEvent) -> bool:
    """Our own answers, and what we send to a CRM, say again what was said to us."""
    if event.origin == ExchangeEvent.Origin.UPSTREAM:
        return not event.is_request and not event.fault
    return event.is_request or event.origin != ExchangeEvent.Origin.SERVED


def _check_statements(events: Mapping[int, ExchangeEvent], stated: Mapping[int, BillStatement]) -> Iterator[str]:
    """Every BILL answer is a version of its bill."""
    versions = BillVersion.objects.filter(fingerprint__in={bill.fingerprint for bill in stated.values()})
    held = {
        (version.bill.shop_id, version.bill.external_id, version.fingerprint): version
        for version in versions.select_related("bill__shop").prefetch_related("lines")
    }
    for pk, statement in stated.items():
        version = held.get((events[pk].shop_id, statement.external_id, statement.fingerprint))
        if version is None:
            yield f"{_name(events[pk])}: its statement of bill {statement.external_id} is not stored"
        elif not _agree(version, statement, VERSION_FIELDS) or not _lines_agree(
            version.lines.all(), statement.lines, BILL_LINE_FIELDS
        ):
            yield f"{_name(events[pk])}: bill {statement.external_id} is stored otherwise than it was stated"
        elif version.bill.stated_by_id == pk and not _describes(version.bill, statement):
            yield f"{_name(events[pk])}: bill {statement.external_id} is not stored as it was stated last"


def _describes(bill: Bill, statement: BillStatement) -> bool:
    return _agree(bill, statement, BILL_FIELDS) and (bill.issued_at, bill.customer_name) == (
        statement.date and to_utc(statement.date, bill.shop),
        statement.customer.name,
    )


def _check_listed(events: Mapping[int, ExchangeEvent], listed: Mapping[int, Sequence[ListedBill]]) -> Iterator[str]:
    """Every bill of a LIST answer is there, and the last LIST answer with it gave the total that is stored."""
    ids = {row.external_id for rows in listed.values() for row in rows}
    shops = {events[pk].shop_id for pk in listed}
    bills = Bill.with_messages().filter(external_id__in=ids, shop__in=shops)
    held = {(bill.shop_id, bill.external_id): bill for bill in bills}
    for pk, rows in listed.items():
        for row in rows:
            bill = held.get((events[pk].shop_id, row.external_id))
            if bill is None or not _is_stored(bill, events[pk]):
                yield f"{_name(events[pk])}: that it offers bill {row.external_id} is not stored"
            elif _find_last_listing(bill) == pk and bill.listed_total != row.total:
                yield f"{_name(events[pk])}: bill {row.external_id} is stored with another total in LIST"


def _is_stored(bill: Bill, event: ExchangeEvent) -> bool:
    """A CRM says the same again and again: of it only what is new is stored."""
    if event.origin == ExchangeEvent.Origin.UPSTREAM:
        return bill.upstream_listed_by is not None or bill.listed_by is not None
    return bill.listed_by is not None and bill.listed_by.moment >= event.moment


def _find_last_listing(bill: Bill) -> int | None:
    listings = [event for event in (bill.listed_by, bill.upstream_listed_by) if event is not None]
    return max(listings, key=lambda event: event.moment).pk if listings else None


def _check_receipts(
    events: Mapping[int, ExchangeEvent], delivered: Mapping[int, Mapping[str, ReceiptStatement]]
) -> Iterator[str]:
    """Every delivery is stored, and every receipt as it was delivered first."""
    ids = {receipt_id for statements in delivered.values() for receipt_id in statements}
    shops = {events[pk].shop_id for pk in delivered}
    rows = Receipt.objects.filter(receipt_id__in=ids, shop__in=shops).prefetch_related("lines", "deliveries")
    held = {(row.shop_id, row.receipt_id): row for row in rows}
    for pk, statements in delivered.items():
        for receipt_id, statement in statements.items():
            row = held.get((events[pk].shop_id, receipt_id))
            if row is None or pk not in {delivery.event_id for delivery in row.deliveries.all()}:
                yield f"{_name(events[pk])}: the receipt {receipt_id} that it brings is not stored"
            elif row.fingerprint == statement.fingerprint and not (
                _agree(row, statement, RECEIPT_FIELDS)
                and _lines_agree(row.lines.all(), statement.lines, RECEIPT_LINE_FIELDS)
            ):
                yield f"{_name(events[pk])}: receipt {receipt_id} is stored otherwise than it was delivered"


def _agree(row: Any, statement: Any, names: Sequence[str]) -> bool:
    return all(getattr(row, name) == getattr(statement, name) for name in names)


def _lines_agree(rows: Any, lines: Sequence[Any], names: Sequence[str]) -> bool:
    ordered = sorted(rows, key=lambda row: row.position)
    return len(ordered) == len(lines) and all(
        row.product_external_id == line.product_id and _agree(row, line, names)
        for row, line in zip(ordered, lines, strict=True)
    )


def _name(event: ExchangeEvent) -> str:
    return f"shop {event.shop_id}, journal entry {event.pk} of {event.occurred_at:%Y-%m-%d %H:%M:%S} UTC"
