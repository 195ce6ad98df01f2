"""Background work on facts: doors to the services, no more."""

from celery import shared_task
from django.utils import timezone

from shops.one_at_a_time import one_at_a_time
from shops.partitions import create_partitions, list_months_ahead
from shops.relay.forwarding import forward_due
from shops.webhook_sending import send_due


@shared_task
@one_at_a_time
def send_webhooks() -> None:
    """Tells the CRMs what waits in the outbox. Any number of times, by any number of workers."""
    send_due()


@shared_task
@one_at_a_time
def forward_receipts() -> None:
    """Brings the CRMs behind shops the receipts that are due. Any number of times, by any number of workers."""
    forward_due()


@shared_task
@one_at_a_time
def prepare_months() -> None:
    """Makes the partitions of the journal that the months ahead will need. Any number of times."""
    create_partitions(list_months_ahead(timezone.now()))
