"""Background work: doors to the services, no more."""

from celery import shared_task
from django.utils import timezone

from reconciliation.evidence import OpenBooks
from reconciliation.letters.alerts import write_alert_letters
from reconciliation.letters.digests import write_due_digests
from reconciliation.letters.sending import send_due_letters
from reconciliation.services import reconcile
from shops.one_at_a_time import one_at_a_time
from shops.retention import remove_due


@shared_task
@one_at_a_time
def reconcile_unjudged() -> None:
    """Judges what waits. Run after new facts and periodically; any number of times, by any number of workers."""
    now = timezone.now()
    reconcile(as_of=now, now=now)


@shared_task
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
