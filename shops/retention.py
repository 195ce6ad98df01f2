"""Removes the texts of the journal that a shop need not keep any more, month by month. The only one that does.

Of a month that no shop has to keep, PostgreSQL drops the whole partition; else the rows of the shops that need not are
deleted, in short transactions. What is removed is recorded with it. A text that is still needed stays: `Needs` says
which are, beside those without which a message could not be handled.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from shops.models import Bill, ExchangeBody, ExchangeEvent, Forward, JournalFragment, RetentionRun, Shop
from shops.partitions import begin, change_partitions, drop_partition, following, list_partitions, name_of, try_again

ENTRIES_PER_BATCH = 500
MODULUS = 1 << 256
HELD = Q(size_bytes__gt=0, contents__body__isnull=False)
REMOVED = Q(size_bytes__gt=0, contents__body=None)


class Needs(Protocol):
    """What those who judge the facts still need of the journal."""

    def is_open(self, shop: Shop, until: datetime) -> bool:
        """Whether the shop's books are open for the time right before `until`."""

    def find_needed(self, shop: Shop, since: datetime, until: datetime) -> set[int]:
        """The entries of the shop (primary keys) of that time that are evidence of what is not settled."""


@dataclass(frozen=True, slots=True)
class Part:
    """A month of a shop whose time has passed: what is removed of it, or that its books are open still."""

    shop: Shop
    month: date
    entries: int
    size_bytes: int
    needed: frozenset[int] = frozenset()
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class DueMonth:
    """A month with texts that some shop need not keep; `is_whole` where no shop has to."""

    month: date
    parts: tuple[Part, ...]
    is_whole: bool

    @property
    def removable(self) -> list[Part]:
        return [part for part in self.parts if not part.is_open and part.entries > len(part.needed)]


def find_due(now: datetime, needs: Needs, *, shop_number: int | None = None) -> Iterator[DueMonth]:
    """The months of which something can be removed now, or could if the books of a shop were closed, oldest first."""
    shops = {shop.pk: shop for shop in Shop.objects.all()}
    ends = {pk: end for pk, shop in shops.items() if (end := _find_end(shop, now)) is not None}
    if shop_number is not None:
        ends = {pk: end for pk, end in ends.items() if pk == shop_number}
    if not ends:
        return
    divided = set(list_partitions())
    for month in _list_months_with_texts(max(ends.values())):
        since, until = begin(month), begin(following(month))
        held = list(_count_by_shop(since, until))
        due = [row for row in held if row[0] in ends and until <= ends[row[0]]]
        parts = tuple(_find_part(shops[pk], month, entries, size, needs) for pk, entries, size in due)
        is_whole = month in divided and len(due) == len(held) and not any(part.is_open for part in parts)
        if parts:
            yield DueMonth(month, parts, is_whole)


def remove_due(now: datetime, needs: Needs, *, shop_number: int | None = None) -> list[RetentionRun]:
    """Removes what `find_due` finds; gives what was recorded of it."""
    runs: list[RetentionRun] = []
    for due in find_due(now, needs, shop_number=shop_number):
        if due.is_whole and due.removable:
            runs += try_again(lambda due=due: _drop_month(due, now))  # type: ignore[misc]
        else:
            runs += [run for part in due.removable if (run := _delete_part(part, now)).entries]
    return runs


def add_up_digests(digests: Iterable[str], start: str = "") -> str:
    """The sum, modulo 2^256, of the BLAKE2b digests of these digests, added to one that there is."""
    total = int(start or "0", 16)
    for digest in digests:
        total += int.from_bytes(hashlib.blake2b(digest.encode(), digest_size=32).digest())
    return f"{total % MODULUS:064x}"


def list_removed(shop_number: int, month: date) -> QuerySet[ExchangeEvent]:
    """The entries of a month of a shop that have lost their texts."""
    return _list_events(shop_number, month).filter(REMOVED).order_by()


def _find_end(shop: Shop, now: datetime) -> datetime | None:
    """Up to when the shop need not keep texts any more; None where it keeps them for ever."""
    if shop.journal_retention_months is None:
        return None
    local = now.astimezone(shop.zone)
    number = local.year * 12 + local.month - 1 - shop.journal_retention_months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=shop.zone) if number >= 12 else None


def _list_months_with_texts(until: datetime) -> list[date]:
    rows = ExchangeBody.objects.filter(occurred_at__lt=until)
    months = (
        rows.annotate(month=TruncMonth("occurred_at", tzinfo=UTC)).order_by("month").values_list("month", flat=True)
    )
    return [month.date() for month in months.distinct()]


def _list_events(shop_number: int, month: date) -> QuerySet[ExchangeEvent]:
    return ExchangeEvent.objects.filter(
        shop=shop_number, occurred_at__gte=begin(month), occurred_at__lt=begin(following(month))
    )


def _count_by_shop(since: datetime, until: datetime) -> QuerySet[ExchangeEvent, tuple[int, int, int]]:
    """The shops with texts in that time, how many, and how long they are."""
    held = ExchangeEvent.objects.filter(HELD, occurred_at__gte=since, occurred_at__lt=until)
    # The text's own time is named as well: by it the other months are left alone.
    held = held.filter(contents__occurred_at__gte=since, contents__occurred_at__lt=until)
    counted = held.order_by("shop").values("shop").annotate(entries=Count("pk"), size=Sum("size_bytes"))
    return counted.values_list("shop", "entries", "size")


def _find_part(shop: Shop, month: date, entries: int, size_bytes: int, needs: Needs) -> Part:
    since, until = begin(month), begin(following(month))
    if needs.is_open(shop, until):
        return Part(shop, month, entries, size_bytes, is_open=True)
    needed = needs.find_needed(shop, since, until) | _find_in_use(shop, month)
    held = _list_events(shop.pk, month).filter(HELD, pk__in=needed).values_list("pk", "size_bytes")
    kept = dict(held) if needed else {}
    return Part(shop, month, entries, size_bytes - sum(kept.values()), frozenset(kept))


def _find_in_use(shop: Shop, month: date) -> set[int]:
    """The entries without whose text something that is under way could not be done."""
    events = _list_events(shop.pk, month).order_by()
    unsent = Forward.objects.filter(shop=shop, accepted_at=None).values("event")
    offered = Bill.objects.filter(shop=shop, on_offer=True).values("stated_by")
    in_use = events.filter(Q(unjudged_since__isnull=False) | Q(pk__in=unsent) | Q(pk__in=offered))
    return set(in_use.values_list("pk", flat=True))


def _drop_month(due: DueMonth, now: datetime) -> list[RetentionRun]:
    """Drops the partition; what was counted before must be what it holds, or nothing is done until the next time."""
    runs, kept = [], {pk for part in due.parts for pk in part.needed}
    for part in due.removable:
        run = RetentionRun(shop=part.shop, month=part.month, at=now, is_whole=True)
        removed = _list_events(part.shop.pk, part.month).filter(HELD).exclude(pk__in=part.needed).order_by()
        for digest, size_bytes in removed.values_list("digest", "size_bytes").iterator():
            run.digest = add_up_digests([digest], run.digest)
            run.entries, run.size_bytes = run.entries + 1, run.size_bytes + size_bytes
        runs.append(run)
    with change_partitions() as cursor:
        cursor.execute(f"LOCK TABLE {name_of(due.month)} IN SHARE MODE")
        cursor.execute(f"SELECT count(*) FROM {name_of(due.month)}")
        if cursor.fetchone() != (sum(run.entries for run in runs) + len(kept),):
            return []
        drop_partition(due.month, cursor, keep=kept)
        for run in runs:
            run.fragments = _delete_fragments(run, kept)
            run.save(force_insert=True)
    return runs


def _delete_part(part: Part, now: datetime) -> RetentionRun:
    """Deletes the texts of a month of a shop, some hundreds in each transaction, and keeps the record up to date."""
    run = RetentionRun(shop=part.shop, month=part.month, at=now)
    removed = _list_events(part.shop.pk, part.month).filter(HELD).exclude(pk__in=part.needed).order_by("pk")
    while batch := list(removed[:ENTRIES_PER_BATCH]):
        with transaction.atomic():
            texts = ExchangeBody.objects.filter(
                entry_id__in=[event.pk for event in batch],
                occurred_at__gte=begin(part.month),
                occurred_at__lt=begin(following(part.month)),
            )
            if texts.delete()[0] != len(batch):
                transaction.set_rollback(True)  # another process is at it
                return run
            run.digest = add_up_digests((event.digest for event in batch), run.digest)
            run.entries += len(batch)
            run.size_bytes += sum(event.size_bytes for event in batch)
            _record(run)
    if run.entries:
        with transaction.atomic():
            run.fragments = _delete_fragments(run, part.needed)
            _record(run)
    return run


def _record(run: RetentionRun) -> None:
    if run.pk is None:
        run.save(force_insert=True)
    else:
        run.save(update_fields=["digest", "entries", "size_bytes", "fragments"])


def _delete_fragments(run: RetentionRun, kept: Collection[int]) -> int:
    """Text that belonged to no entry goes with the entry below it."""
    fragments = JournalFragment.objects.filter(above__in=_list_events(run.shop_id, run.month).order_by())
    return fragments.exclude(above__in=kept).delete()[0]
