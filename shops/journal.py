"""The one place that writes the exchange journal: puts entries of a log in their place, each with its partner.

Used by the services of this app.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from zoneinfo import ZoneInfo

from django.db.models import F

from shops import bulk_writing
from shops.exchange_log import Direction, Entry, Fragment, format_entry, read_oldest_first
from shops.messages import Message, understand
from shops.models import ErasedEntry, ExchangeBody, ExchangeEvent, JournalFragment, Shop
from shops.new_event import Event, NewEvent
from shops.partners import Pairing, find_partners

RENUMBERING_OFFSET = 1_000_000_000  # beyond every position, within the column
SECONDS_KEPT = 1 << 12


@dataclass(frozen=True, slots=True)
class Journaled:
    """An entry of a log in the journal; `is_new` is False where the journal held it already."""

    entry: Entry
    event: Event
    message: Message
    is_new: bool


def journal_entries(
    entries: Sequence[Entry], shops: dict[int, Shop], now: datetime, *, log_begins: bool = False
) -> tuple[list[Journaled], Pairing]:
    """Stores the entries, oldest first, that the journal does not hold yet.

    Gives all of them in their order, and which exchanges the new ones have completed or parted.

    An entry is known by its time, shop and text; of equal ones the journal holds as many as the richest log had.
    All entries of one second must come in one call. `log_begins`: nothing of their log comes before them, so that its
    first second may have begun in an older log.
    """
    prepared = [_prepare(entry, shops[entry.shop_number], now) for entry in entries]
    by_second: dict[datetime, list[Journaled]] = defaultdict(list)
    for journaled in prepared:
        by_second[journaled.event.occurred_at].append(journaled)
    known = _load_seconds(by_second)
    erased = _load_erased(by_second) if known else {}
    first_second = prepared[0].event.occurred_at if prepared and log_begins else None
    placed = {
        second: _place(group, known.get(second, []), erased, behind=second == first_second)
        for second, group in by_second.items()
    }
    iterators = {second: iter(group) for second, group in placed.items()}
    in_order = [next(iterators[item.event.occurred_at]) for item in prepared]
    pairing = find_partners([item.event for item in in_order])
    _store([item.event for item in in_order if isinstance(item.event, NewEvent)], pairing, now)
    return in_order, pairing


def keep_fragment(fragment: Fragment, *, above: Event | None, source: str) -> bool:
    """Keeps text that belongs to no entry where it stood; False where it was kept before."""
    _, created = JournalFragment.objects.get_or_create(
        above_id=above.pk if above else None,
        digest=_digest(fragment.text),
        defaults={
            "text": fragment.text,
            "source": source[-500:],
            "line_number": fragment.line_number,
            "mid_line": fragment.mid_line,
        },
    )
    return created


def to_utc(local_time: datetime, shop: Shop) -> datetime:
    """A time of the shop's own zone as UTC."""
    return _to_utc(local_time, shop.zone)


@lru_cache(SECONDS_KEPT)
def _to_utc(local_time: datetime, zone: ZoneInfo) -> datetime:
    """What happens at a time is often said of several things."""
    return local_time.replace(tzinfo=zone).astimezone(UTC)


def _store(new: Sequence[NewEvent], pairing: Pairing, now: datetime) -> None:
    """Stores new events, each with its text; requests that were held get their answers, or lose them."""
    ids = bulk_writing.reserve_ids(ExchangeEvent, len(new))
    for event in new:
        event.pk = next(ids)
    parted = [request for request, _ in pairing.undone]
    ExchangeEvent.objects.filter(pk__in=[request.pk for request in parted]).update(answer=None)
    for request in parted:
        request.answer_id, request.unjudged_since = None, now
    for request, answer in pairing.made:
        request.answer_id = answer.pk
        # One that comes with its answer need not be judged; one that came before may have been judged unanswered.
        request.unjudged_since = None if isinstance(request, NewEvent) and not request.fault else now
    write_time = bulk_writing.choose_time_writer()
    # Answers before the requests that point to them: while SQLite knows of a row that points at nothing, it looks for
    # every new entry through all the tables that may point to it, and bills have no index for that.
    ordered = sorted(new, key=lambda event: event.is_request)
    bulk_writing.insert(ExchangeEvent, [_as_row(event, write_time) for event in ordered])
    bulk_writing.insert(
        ExchangeBody,
        [(event.pk, write_time(event.occurred_at), event.body, event.verbatim) for event in new if event.size_bytes],
    )
    held = [request for request in pairing.requests if isinstance(request, ExchangeEvent)]
    ExchangeEvent.objects.bulk_update(held, ["answer", "unjudged_since"])


def _as_row(event: NewEvent, write_time: bulk_writing.WriteTime) -> bulk_writing.Row:
    """In the order of the columns."""
    return (
        event.pk,
        event.shop_id,
        event.kind,
        event.direction,
        write_time(event.occurred_at),
        event.position,
        event.size_bytes,
        event.digest,
        event.answer_id,
        event.bill_external_id,
        event.bill_number,
        event.origin.value,
        event.remark,
        event.request_id,
        event.fault,
        write_time(event.unjudged_since),
    )


def _prepare(entry: Entry, shop: Shop, now: datetime) -> Journaled:
    message = understand(entry.kind, entry.direction, entry.body)
    fault = " ".join(part for part in (entry.damage, message.fault) if part)
    text, verbatim = to_storable(entry)
    event = NewEvent(
        shop=shop,
        shop_id=shop.number,
        kind=entry.kind,
        direction=entry.direction.value,
        occurred_at=to_utc(entry.local_time, shop),
        digest=identify(entry),
        bill_external_id=message.bill_id,
        bill_number=message.bill_number,
        fault=fault,
        unjudged_since=now if fault or entry.direction == Direction.REQUEST else None,
        body=text,
        verbatim=verbatim,
        size_bytes=len(entry.body) if verbatim is None else len(verbatim),
    )
    return Journaled(entry, event, message, is_new=True)


def to_storable(entry: Entry) -> tuple[str, bytes | None]:
    """The body as text, and the whole entry as bytes where that text (or the usual frame) would not give it back."""
    try:
        text, is_text = entry.body.decode(), True
    except UnicodeDecodeError:
        text, is_text = entry.body.decode(errors="replace"), False
    usual_frame = entry.closed and not entry.header and not entry.tail
    if usual_frame and is_text and "\0" not in text:
        return text, None
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}"), format_entry(entry)


def identify(entry: Entry) -> str:
    """What tells entries of one second apart. Blanks after the closing bar do not: one log ends with a newline and
    another that overlaps it does not."""
    closed = b"" if entry.closed else b"cut off"
    return _digest(b"|".join((entry.direction.value.encode(), entry.kind.encode(), entry.header, closed, entry.body)))


def identify_stored(event: ExchangeEvent) -> str | None:
    """The digest of an entry as its text is stored now; None where its frame is so damaged that only a log tells it."""
    if event.verbatim is not None:
        items = list(read_oldest_first(BytesIO(event.verbatim)))
        return identify(items[0]) if len(items) == 1 and isinstance(items[0], Entry) else None
    time = event.occurred_at.replace(tzinfo=None)
    return identify(Entry(0, time, event.shop_id, Direction(event.direction), event.kind, event.body.encode()))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _load_seconds(seconds: Iterable[datetime]) -> dict[datetime, list[ExchangeEvent]]:
    """What the journal already holds of these seconds, in order."""
    wanted = sorted(seconds)
    if not wanted:
        return {}
    known: dict[datetime, list[ExchangeEvent]] = defaultdict(list)
    held = ExchangeEvent.journal_order().filter(occurred_at__range=(wanted[0], wanted[-1]))
    for event in held.only("shop_id", "occurred_at", "position", "digest", "kind", "direction"):
        known[event.occurred_at].append(event)
    return known


def _place(
    group: list[Journaled], known: list[ExchangeEvent], erased: Mapping[int, set[str]], *, behind: bool
) -> list[Journaled]:
    """Gives the entries of one second their positions among what the journal already holds of it.

    They stay beside those of their own log that it holds. Where it holds none, the second is cut in two by the end of
    a log: they come `behind` what is known, or before it.
    """
    if not known:
        for position, journaled in enumerate(group):
            journaled.event.position = position
        return group
    placed = _find_held(group, known, erased)
    order: list[Event] = list(known)
    first_held = next((item.event for item in placed if not item.is_new), None)
    place = order.index(first_held) if first_held else len(order) if behind else 0
    for item in placed:
        if item.is_new:
            order.insert(place, item.event)
        else:
            place = order.index(item.event)
        place += 1
    if len(order) > len(known):
        _number(order, known)
    return placed


def _find_held(group: list[Journaled], known: list[ExchangeEvent], erased: Mapping[int, set[str]]) -> list[Journaled]:
    """The group with the events of the journal in the place of those that it holds already."""
    unmatched, found = list(known), []
    for journaled in group:
        held = next((event for event in unmatched if _is_same(event, journaled.event, erased)), None)
        if held is not None:
            unmatched.remove(held)
            journaled = Journaled(journaled.entry, held, journaled.message, is_new=False)
        found.append(journaled)
    return found


def _is_same(held: ExchangeEvent, event: Event, erased: Mapping[int, set[str]]) -> bool:
    """An entry from which names were erased is known by what it was, and by what it has become."""
    is_text_same = held.digest == event.digest or event.digest in erased.get(held.pk, ())
    return held.shop_id == event.shop_id and is_text_same


def _load_erased(seconds: Iterable[datetime]) -> dict[int, set[str]]:
    """What the held entries of these seconds have become from which names were erased, by their primary keys."""
    wanted = sorted(seconds)
    erased = ErasedEntry.objects.filter(event__occurred_at__range=(wanted[0], wanted[-1]))
    found: dict[int, set[str]] = defaultdict(set)
    for pk, digest in erased.values_list("event", "digest"):
        found[pk].add(digest)
    return found


def _number(order: list[Event], known: list[ExchangeEvent]) -> None:
    """Numbers the events of one second; only where an older log is filled in do rows of the journal move up."""
    if order[: len(known)] == known:
        for position, event in enumerate(order[len(known) :], start=known[-1].position + 1):
            event.position = position
        return
    held = ExchangeEvent.objects.filter(pk__in=[event.pk for event in known])
    held.update(position=F("position") + RENUMBERING_OFFSET)
    for position, event in enumerate(order):
        event.position = position
        if event.pk is not None:
            ExchangeEvent.objects.filter(pk=event.pk).update(position=position)
