"""Fills the database: the sample journal, and a history that is played as it would have come in."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from crmpos.demo.plan import DAYS, SEED, SHOPS, DemoPlan
from crmpos.history import generate_history
from crmpos.history.documents import MOSCOW
from crmpos.history.shop import FIRST_SHOP_NUMBER
from reconciliation.services import reconcile
from shops.batches import cut_into_batches
from shops.exchange_log import Entry, Fragment, read_oldest_first
from shops.log_source import LogSource
from shops.models import ExchangeEvent, Shop
from shops.services import LogImporter

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "exchange-log.txt"
SAMPLE_SHOPS = (40, 120, 171)
HISTORY_SHOPS = tuple(range(FIRST_SHOP_NUMBER, FIRST_SHOP_NUMBER + SHOPS))
SOURCE = "demo"
# Small enough that a discrepancy is found, and its history begins, on the day on which it came about.
BATCH_ENTRIES = 250


def find_foreign_shops() -> list[int]:
    """The shops that do not belong to the demonstration: somebody's own."""
    return list(Shop.objects.exclude(pk__in=(*SAMPLE_SHOPS, *HISTORY_SHOPS)).values_list("pk", flat=True))


def count_history_entries() -> int:
    return ExchangeEvent.objects.filter(shop__in=HISTORY_SHOPS).count()


def is_history_loaded(plan: DemoPlan) -> bool:
    """Whether the database holds all of it; the journal may have grown since."""
    return plan.entries is not None and count_history_entries() >= plan.entries


def play_history(plan: DemoPlan, *, on_progress: Callable[[datetime], None]) -> None:
    """Imports the history batch by batch and judges after each, as if every batch had come in on its day.

    Interrupted and played again, it passes over what the journal holds already.
    """
    importer = LogImporter(source=SOURCE)
    entries = generate_history(bills=plan.bills, seed=SEED, shops=SHOPS, days=DAYS, end=plan.end)
    for batch in cut_into_batches(entries, entries_limit=BATCH_ENTRIES):
        local_time = _find_last_time(batch)
        _play_batch(importer, batch, now=local_time.replace(tzinfo=MOSCOW))
        on_progress(local_time)
    plan.entries = importer.report.entries
    plan.write()


@transaction.atomic
def _play_batch(importer: LogImporter, batch: list[Entry | Fragment], *, now: datetime) -> None:
    """Both or neither: wherever it is interrupted, the next run judges the batch as of the same time."""
    known = importer.report.entries_known
    importer.import_batch(batch, now=now)
    if importer.report.entries_known - known < len(batch):
        reconcile(as_of=now, now=now)


def _find_last_time(batch: list[Entry | Fragment]) -> datetime:
    return max(item.local_time for item in batch if isinstance(item, Entry))


def load_sample() -> bool:
    """Imports the sample journal; not where its shops have a journal already, be it this one or the real one."""
    if ExchangeEvent.objects.filter(shop__in=SAMPLE_SHOPS).exists():
        return False
    importer = LogImporter(source=SAMPLE.name)
    with LogSource(SAMPLE) as source:
        for batch in cut_into_batches(read_oldest_first(source.file)):
            importer.import_batch(batch, now=timezone.now())
    return True
