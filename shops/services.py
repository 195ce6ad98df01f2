"""The use cases that write facts. Every one owns its transaction; doors (commands, views, tasks) call nothing else.

Locks are taken in this order: shops by number (by imports only), bills by key, receipts by key, shifts by
primary key.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count

from django.db import IntegrityError, OperationalError, transaction

from shops.exchange_log import Entry, Fragment
from shops.journal import Journaled, journal_entries, keep_fragment
from shops.models import (
    Bill,
    BillLine,
    BillVersion,
    ExchangeBody,
    ExchangeEvent,
    Product,
    Receipt,
    ReceiptDelivery,
    ReceiptLine,
    Shop,
)
from shops.new_event import Event
from shops.partitions import create_partitions, list_months_around
from shops.partners import Pairing
from shops.planner_statistics import PlannerStatistics
from shops.recording.batch import Books, Said
from shops.recording.bulk import record_log
from shops.recording.places import PlaceBook

ATTEMPTS = 5
FACTS = (ExchangeEvent, ExchangeBody, Product, Bill, BillVersion, BillLine, Receipt, ReceiptLine, ReceiptDelivery)


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
    places: PlaceBook = field(default_factory=PlaceBook)
    newest: Event | None = None  # the entry that stands right below what comes next
    statistics: PlannerStatistics = field(default_factory=lambda: PlannerStatistics(FACTS))
    months: set[date] = field(default_factory=set)  # those that have a partition for their texts

    def import_batch(self, items: Sequence[Entry | Fragment], *, now: datetime) -> None:
        """Records entries and fragments that come oldest first; all entries of one second must be in one batch.

        A register or another import may write the same rows meanwhile; then the batch is recorded once more.
        """
        self._prepare_months(items, now)
        newest = self.newest
        for attempt in count(1):
            try:
                self._import_batch(items, now)
                break
            except (IntegrityError, OperationalError):
                if attempt == ATTEMPTS:
                    raise
                self.newest, self.places = newest, PlaceBook()  # what was rolled back is not known any more
        self.statistics.wrote(self.report.entries)

    def _prepare_months(self, items: Sequence[Entry | Fragment], now: datetime) -> None:
        """Old months, too, are divided before they are filled: later it would hold up who writes."""
        found = list_months_around((item.local_time for item in items if isinstance(item, Entry)), now)
        if found - self.months:
            create_partitions(found)
            self.months |= found

    def _import_batch(self, items: Sequence[Entry | Fragment], now: datetime) -> None:
        entries = [item for item in items if isinstance(item, Entry)]
        with transaction.atomic():
            shops = _lock_shops({entry.shop_number for entry in entries})
            journaled, pairing = journal_entries(entries, shops, now, log_begins=self.newest is None)
            new = [item for item in journaled if item.is_new]
            recorded = record_log([Said(item.event, item.message) for item in new], self.places, now, pairing=pairing)
            fragments = self._keep_fragments(items, journaled)
        self._count(entries, new, pairing, recorded, fragments)

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
        pairing: Pairing,
        books: Books,
        fragments: Sequence[Fragment],
    ) -> None:
        report = self.report
        report.entries += len(entries)
        report.entries_known += len(entries) - len(new)
        report.exchanges += len(pairing.made) - len(pairing.undone)
        report.bills_new += len(books.bills.new)
        report.receipts_new += len(books.receipts.new)
        report.receipts_again += books.receipts.again_count
        report.fragments += len(fragments)
        report.damages += [Damage(item.entry.line_number, item.event.fault) for item in new if item.event.fault]
        report.damages += [Damage(fragment.line_number, "text that belongs to no entry") for fragment in fragments]


def _lock_shops(numbers: set[int]) -> dict[int, Shop]:
    """The shops, new ones too. Imports for one shop take turns, so that none stores what another has stored."""
    Shop.objects.bulk_create((Shop(number=number) for number in sorted(numbers)), ignore_conflicts=True)
    locked = Shop.objects.filter(number__in=numbers).order_by("number").select_for_update(no_key=True)
    return {shop.number: shop for shop in locked}
