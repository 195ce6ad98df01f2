"""Shares the waiting cases among workers: the shops take turns, and a large shop's turn is shared by several workers.

A turn is short. Who has more waiting queues again behind the others, so a shop of one receipt never waits for a shop of
a hundred thousand. What is handed out is noted for ten seconds (`JudgingTurn`): whatever becomes of the broker or of
the workers, after it the same shop is handed out again. No answer depends on that note: every case is locked by who
judges it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from reconciliation.models import Case, JudgingTurn
from reconciliation.services import SUBJECTS, Reconciliation, find_events_to_judge
from shops.models import Bill, Receipt, Shift, Shop

TURN_SECONDS = 1
HANDED_OUT_FOR = timedelta(seconds=10)
CASES_PER_WORKER = 500  # what waits beyond it is worth another worker
WORKERS_PER_SHOP = 8
MARKED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Turn:
    """Work for this many workers at once."""

    shop_number: int
    workers: int


def mark_due(*, now: datetime) -> int:
    """Has cases judged again whose deadline has passed; how many. What is being judged is left for next time."""
    if not Case.objects.filter(judge_again_at__lt=now).exists():
        return 0
    return sum(_mark_due_of(model, subject, now) for model, subject in SUBJECTS)


def hand_out_turns(*, now: datetime) -> list[Turn]:
    """The shops where something waits that is in nobody's hands. They are handed out to the caller, and to no other."""
    waiting = list(find_waiting_shops(as_of=now).values_list("pk", flat=True))
    if not waiting:
        return []
    return [Turn(number, _count_workers(number, now)) for number in _take(waiting, now)]


def take_turn(shop_number: int, *, now: datetime) -> bool:
    """Judges what waits of a shop, for a moment; whether it has to queue again."""
    _note(shop_number, now + HANDED_OUT_FOR)
    has_more = Reconciliation(as_of=now, now=now, shop_number=shop_number).run_for(TURN_SECONDS)
    if not has_more:
        # What has come since, or is held by another worker that may die, is found and handed out anew.
        _note(shop_number, None)
    return has_more


def judge_in_turns(*, now: datetime) -> None:
    """Judges until nothing waits, all shops in turn, by the caller alone."""
    while waiting := list(find_waiting_shops(as_of=now).values_list("pk", flat=True)):
        judged = [_judge_a_moment(number, now) for number in waiting]
        if not any(judged):
            return  # others hold what is left


def find_waiting_shops(*, as_of: datetime) -> QuerySet[Shop]:
    """The shops where a case waits that can be judged."""
    of_shop = {"shop": OuterRef("pk"), "unjudged_since__isnull": False}
    waits = Q()
    for rows in _list_waiting(as_of):
        waits |= Q(Exists(rows.filter(**of_shop)))
    return Shop.objects.filter(waits).order_by("pk")


def _list_waiting(as_of: datetime) -> Iterator[QuerySet[Model]]:
    yield find_events_to_judge(as_of)
    for model in (Bill, Receipt, Shift):
        yield model._default_manager.all()


def _mark_due_of(model: type[Model], subject: str, now: datetime) -> int:
    due = Case.objects.filter(judge_again_at__lt=now, **{f"{subject}__isnull": False})
    rows = model._default_manager.filter(pk__in=due.values(subject), unjudged_since=None).order_by("pk")
    marked = 0
    while True:
        with transaction.atomic():
            batch = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MARKED_AT_ONCE])
            model._default_manager.filter(pk__in=batch).update(unjudged_since=now)
        marked += len(batch)
        if len(batch) < MARKED_AT_ONCE:
            return marked


@transaction.atomic
def _take(shop_numbers: Sequence[int], now: datetime) -> list[int]:
    """Those of the shops that are in nobody's hands; now they are in the caller's."""
    known = set(JudgingTurn.objects.filter(pk__in=shop_numbers).values_list("pk", flat=True))
    new = [JudgingTurn(shop_id=number) for number in shop_numbers if number not in known]
    JudgingTurn.objects.bulk_create(new, ignore_conflicts=True)
    free = JudgingTurn.objects.filter(Q(handed_out_until=None) | Q(handed_out_until__lte=now), pk__in=shop_numbers)
    taken = list(free.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
    JudgingTurn.objects.filter(pk__in=taken).update(handed_out_until=now + HANDED_OUT_FOR)
    return taken


def _note(shop_number: int, until: datetime | None) -> None:
    JudgingTurn.objects.filter(pk=shop_number).update(handed_out_until=until)


def _count_workers(shop_number: int, as_of: datetime) -> int:
    """How many workers are to share the turn of a shop. A database with one writer at a time is served by one."""
    if not connection.features.has_select_for_update_skip_locked:
        return 1
    enough = CASES_PER_WORKER * WORKERS_PER_SHOP
    waiting = 0
    for rows in _list_waiting(as_of):
        of_shop = rows.filter(shop=shop_number, unjudged_since__isnull=False)
        waiting += of_shop.order_by()[: enough - waiting].count()
        if waiting >= enough:
            return WORKERS_PER_SHOP
    return max(1, -(-waiting // CASES_PER_WORKER))


def _judge_a_moment(shop_number: int, now: datetime) -> bool:
    """Whether anything could be judged."""
    batches: list[int] = []
    Reconciliation(as_of=now, now=now, shop_number=shop_number, on_progress=batches.append).run_for(TURN_SECONDS)
    return bool(batches)
