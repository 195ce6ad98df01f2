"""Finds the partners of new entries among themselves and among those that the journal holds.

Whatever the order in which pieces of a log came, its exchanges are those of the whole log: where new entries stand
before held ones, these are paired anew, for as long as it makes a difference. What this program has answered itself,
or asked of a shop's CRM, knows its own partner and keeps it. Used by the services of this app.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shops.models import ExchangeEvent, Moment
from shops.new_event import Event, NewEvent, Pair
from shops.pairing import PAIRED_WITHIN, Half, pair
from shops.wire import BILL

Exchange = tuple[int, str]  # shop number, kind
AnyEvent = TypeVar("AnyEvent", ExchangeEvent, Event)

EVENTS_PER_QUERY = 2000
LOADED = (
    *("shop_id", "kind", "direction", "occurred_at", "position", "bill_external_id", "origin"),
    *("answer__occurred_at", "answer__position", "answer__origin", "request__origin", "request__answer"),
)


@dataclass(frozen=True, slots=True)
class Pairing:
    """The pairs that there were not before, and those of held entries that there are no more."""

    made: Sequence[Pair] = ()
    undone: Sequence[Pair] = ()

    @property
    def requests(self) -> list[Event]:
        """Those whose answer is another than before, or none any more; each once."""
        return list(dict.fromkeys(request for request, _ in (*self.made, *self.undone)))

    @property
    def held_answers(self) -> list[ExchangeEvent]:
        """Those that were held, and whose request is another than before, or none any more; each once."""
        answers = (answer for _, answer in (*self.made, *self.undone))
        return list(dict.fromkeys(answer for answer in answers if isinstance(answer, ExchangeEvent)))


NOTHING_PAIRED = Pairing()


def find_partners(log: Sequence[Event]) -> Pairing:
    """What the entries of a log, in the order of the journal, change of its pairs; those that are new are not stored.

    Those that are held already may have been paired wrongly, before this program looked at what lies around.
    """
    if not log:
        return NOTHING_PAIRED
    begin, end = log[0].occurred_at - PAIRED_WITHIN, log[-1].occurred_at + PAIRED_WITHIN
    held = _by_exchange(_load({event.shop_id for event in log}, begin, end))
    found = [_pair_anew(events, held.get(exchange, ()), end) for exchange, events in _by_exchange(log).items()]
    made = [pair for pairing in found for pair in pairing.made]
    return Pairing(made, undone=[pair for pairing in found for pair in pairing.undone])


def _by_exchange(events: Iterable[AnyEvent]) -> dict[Exchange, list[AnyEvent]]:
    found: dict[Exchange, list[AnyEvent]] = defaultdict(list)
    for event in events:
        found[event.shop_id, event.kind].append(event)
    return found


def _pair_anew(log: Sequence[Event], around: Iterable[ExchangeEvent], end: datetime) -> Pairing:
    """What entries of one shop and kind change, with those that are held `around` them, up to the `end`.

    Nothing changes for what was answered before the first of them, nor for what comes after a moment at which the same
    requests wait for an answer as did before.
    """
    begin = log[0].moment
    held = [event for event in around if event.moment >= begin or (event.is_request and _is_waiting(event, begin))]
    new = [event for event in log if isinstance(event, NewEvent)]
    step = PAIRED_WITHIN
    while True:
        events: list[Event] = sorted([*held, *new], key=lambda event: event.moment)
        pairs = list(_pair_events(events))
        if _is_settled(events, pairs, end):
            return _compare(held, pairs, end)
        more = _load({log[0].shop_id}, end, end + step, kind=log[0].kind)
        held += [event for event in more if event.occurred_at > end]
        end, step = end + step, 2 * step


def find_wrong_partners(shop_number: int) -> Iterator[ExchangeEvent]:
    """The requests whose answer is stored as another's, or is another's; of all entries that `find_partners` pairs."""
    answered: dict[int, ExchangeEvent] = {}  # those whose answer is still to come

    def read() -> Iterator[ExchangeEvent]:
        events = ExchangeEvent.journal_order().filter(shop=shop_number).select_related("answer", "request")
        for event in filter(_may_be_paired_anew, events.only(*LOADED).iterator(EVENTS_PER_QUERY)):
            if event.is_request and event.answer is not None:
                answered[event.pk] = event
            yield event

    for request, answer in _pair_events(read()):
        if request.answer_id == answer.pk:
            del answered[request.pk]
        elif request.answer_id is None:
            yield request
    yield from answered.values()


def _pair_events(events: Iterable[AnyEvent]) -> Iterator[tuple[AnyEvent, AnyEvent]]:
    return pair(
        Half(
            reference=event,
            shop_number=event.shop_id,
            kind=event.kind,
            is_request=event.is_request,
            occurred_at=event.occurred_at,
            bill_id=event.bill_external_id if event.kind == BILL else "",
        )
        for event in events
    )


def _is_settled(events: Iterable[Event], pairs: Iterable[Pair], end: datetime) -> bool:
    """Whether those that wait for an answer at the end, for which it would not come too late, waited before too."""
    answered = {request for request, _ in pairs}
    late = [event for event in events if event.is_request and event.occurred_at > end - PAIRED_WITHIN]
    waiting = {event for event in late if event not in answered}
    waited = {event for event in late if isinstance(event, ExchangeEvent) and _is_waiting_after(event, end)}
    return waiting == waited


def _compare(held: Iterable[ExchangeEvent], pairs: Iterable[Pair], end: datetime) -> Pairing:
    """What is another than before. Whoever waits at the `end` has the answer that comes afterwards, as before."""
    answers, held = dict(pairs), list(held)
    by_key = {event.pk: event for event in held}
    before: dict[Event, Event] = {
        event: by_key.get(event.answer.pk, event.answer)
        for event in held
        if event.is_request and event.answer is not None and (event in answers or not _is_waiting_after(event, end))
    }
    return Pairing(
        made=[(request, answer) for request, answer in answers.items() if before.get(request) != answer],
        undone=[(request, answer) for request, answer in before.items() if answers.get(request) != answer],
    )


def _is_waiting(request: ExchangeEvent, moment: Moment) -> bool:
    """Whether it was not answered before."""
    return request.answer is None or request.answer.moment > moment


def _is_waiting_after(request: ExchangeEvent, time: datetime) -> bool:
    return request.answer is None or request.answer.occurred_at > time


def _load(shops: set[int], since: datetime, until: datetime, *, kind: str | None = None) -> Iterator[ExchangeEvent]:
    """The held events of a time, both ends included, whose partner may become another."""
    held = ExchangeEvent.objects.filter(shop__in=shops, occurred_at__range=(since, until))
    if kind is not None:
        held = held.filter(kind=kind)
    return filter(_may_be_paired_anew, held.select_related("answer", "request").only(*LOADED))


def _may_be_paired_anew(event: ExchangeEvent) -> bool:
    """Not what this program was itself told or has answered, unless its partner is still missing."""
    upstream, log = ExchangeEvent.Origin.UPSTREAM, ExchangeEvent.Origin.LOG
    partner = event.answer if event.is_request else getattr(event, "request", None)
    return event.origin != upstream and (partner is None or log in (event.origin, partner.origin))
