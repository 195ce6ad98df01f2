"""Background work on facts: doors to the services, no more."""

from celery import shared_task

from shops.one_at_a_time import one_at_a_time
from shops.webhook_sending import send_due


@shared_task
@one_at_a_time
def send_webhooks() -> None:
    """Tells the CRMs what waits in the outbox. Any number of times, by any number of workers."""
    send_due()
