"""Reads the journal back as entries of a log, newest first. Used by the export command."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice

from django.db.models import QuerySet

from shops.exchange_log import Direction, Entry, Fragment
from shops.models import ExchangeEvent, JournalFragment
from shops.retention import REMOVED

EVENTS_PER_QUERY = 1000


def export_entries(
    *,
    shop_number: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    with_upstream: bool = False,
) -> Iterator[Entry | Fragment]:
    """The entries, in constant memory, and, where nothing is left out, the fragments that stood between them.

    What was said between this program and a shop's CRM is left out unless `with_upstream`: in a log nothing tells it
    from what a register said and was told, so that another import of it would count it twice. So is an entry whose text
    retention has removed (`count_removed` counts them): without it, it would be another entry.
    """
    events = _select(shop_number, since, until, with_upstream).order_by("-occurred_at", "-position")
    fragments = _fragments() if shop_number is None else {}
    for event in _with_bodies(events.select_related("shop").iterator(EVENTS_PER_QUERY)):
        yield from fragments.get(event.pk, ())
        if not event.text_is_removed:
            yield _entry(event)
    if shop_number is None and since is None and until is None:
        yield from fragments.get(None, ())


def count_removed(
    *,
    shop_number: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    with_upstream: bool = False,
) -> int:
    """How many entries an export leaves out, for retention has removed their texts."""
    return _select(shop_number, since, until, with_upstream).filter(REMOVED).count()


def _select(
    shop_number: int | None, since: datetime | None, until: datetime | None, with_upstream: bool
) -> QuerySet[ExchangeEvent]:
    events = ExchangeEvent.objects.all()
    if not with_upstream:
        events = events.exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    if shop_number is not None:
        events = events.filter(shop=shop_number)
    if since is not None:
        events = events.filter(occurred_at__gte=since)
    return events if until is None else events.filter(occurred_at__lt=until)


def _with_bodies(events: Iterable[ExchangeEvent]) -> Iterator[ExchangeEvent]:
    """The same, their texts read a good many at a time."""
    source = iter(events)
    while batch := list(islice(source, EVENTS_PER_QUERY)):
        ExchangeEvent.load_bodies(batch)
        yield from batch


def _entry(event: ExchangeEvent) -> Entry:
    """The entry of an event. One that was kept verbatim is written as it came."""
    verbatim = event.verbatim is not None
    return Entry(
        line_number=0,
        local_time=event.occurred_at.astimezone(event.shop.zone).replace(tzinfo=None),
        shop_number=event.shop_id,
        direction=Direction(event.direction),
        kind=event.kind,
        body=b"" if verbatim else event.body.encode(),
        closed=not verbatim,
        header=bytes(event.verbatim or b""),
    )


def _fragments() -> dict[int | None, list[Fragment]]:
    """All fragments by the entry that they stood above, the uppermost first; they are few."""
    kept = JournalFragment.objects.order_by("above", "-pk")
    return {
        above: [Fragment(fragment.line_number, bytes(fragment.text), fragment.mid_line) for fragment in group]
        for above, group in groupby(kept, key=lambda fragment: fragment.above_id)
    }
