"""Background work: doors to the services, no more."""

from celery import shared_task
from django.utils import timezone

from reconciliation.services import reconcile
from shops.one_at_a_time import one_at_a_time


@shared_task
@one_at_a_time
def reconcile_unjudged() -> None:
    """Judges what waits. Run after new facts and periodically; any number of times, by any number of workers."""
    now = timezone.now()
    reconcile(as_of=now, now=now)
