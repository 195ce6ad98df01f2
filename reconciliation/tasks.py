"""Background work: doors to the services, no more."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from reconciliation import turns
from reconciliation.evidence import OpenBooks
from reconciliation.letters.alerts import write_alert_letters
from reconciliation.letters.digests import write_due_digests
from reconciliation.letters.sending import send_due_letters
from reconciliation.owner.keeping import keep_totals
from shops.handing_out import hand_out, repeated_task
from shops.one_at_a_time import one_at_a_time
from shops.retention import remove_due

FIRST, FURTHER = 3, 6  # how urgent: the lower, the sooner; periodic tasks are at 0


@shared_task
@one_at_a_time
def reconcile_unjudged() -> None:
    """Has workers judge what waits: a turn for each shop. Any number of times, by any number of workers."""
    now = timezone.now()
    if settings.TASKS_RUN_IN_PROCESS:
        turns.judge_in_turns(now=now)
        return
    taken = turns.hand_out_turns(now=now)
    hand_out(judge_shop, [turn.shop_number for turn in taken], lifetime=turns.HANDED_OUT_FOR, priority=FIRST)
    helpers = [turn.shop_number for turn in taken for _ in range(turn.workers - 1)]
    hand_out(judge_shop, helpers, lifetime=turns.HANDED_OUT_FOR, priority=FURTHER)


@repeated_task
def judge_shop(shop_number: int) -> None:
    """A turn of a shop. Any number of times, by any number of workers at once: each takes what no other holds."""
    if turns.take_turn(shop_number, now=timezone.now()):
        hand_out(judge_shop, [shop_number], lifetime=turns.HANDED_OUT_FOR, priority=FURTHER)


@shared_task
@one_at_a_time
def age_cases() -> None:
    """Has cases judged again whose deadline has passed. Any number of times, by any number of workers."""
    turns.mark_due(now=timezone.now())


@repeated_task
@one_at_a_time
def write_digests() -> None:
    """Writes the digests whose hour has come. Any number of times: each person and day has one."""
    write_due_digests(now=timezone.now())


@shared_task
@one_at_a_time
def send_letters() -> None:
    """Writes what is to be told at once, and sends what waits. Any number of times, by any number of workers."""
    write_alert_letters(now=timezone.now())
    send_due_letters()


@shared_task
@one_at_a_time
def apply_retention() -> None:
    """Removes the texts of the journal that shops need not keep any more. Any number of times."""
    remove_due(timezone.now(), OpenBooks())


@shared_task
@one_at_a_time
def keep_day_totals() -> None:
    """Keeps what the documents of days that are long over add up to. Any number of times, by any number of workers."""
    keep_totals(now=timezone.now())
