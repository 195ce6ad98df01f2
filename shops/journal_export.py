"""Reads the journal back as entries of a log, newest first. Used by the export command."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from shops.exchange_log import Direction, Entry, Fragment
from shops.models import ExchangeEvent, JournalFragment

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
    from what a register said and was told, so that another import of it would count it twice.
    """
    events = ExchangeEvent.objects.order_by("-occurred_at", "-position").select_related("shop")
    if not with_upstream:
        events = events.exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    if shop_number is not None:
        events = events.filter(shop=shop_number)
    if since is not None:
        events = events.filter(occurred_at__gte=since)
    if until is not None:
        events = events.filter(occurred_at__lt=until)
    fragments = _fragments() if shop_number is None else {}
    for event in events.iterator(EVENTS_PER_QUERY):
        yield from fragments.get(event.pk, ())
        yield _entry(event)
    if shop_number is None and since is None and until is None:
        yield from fragments.get(None, ())


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
