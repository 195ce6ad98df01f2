"""Background work on facts: doors to the services, no more."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from shops.handing_out import hand_out, repeated_task
from shops.one_at_a_time import one_at_a_time
from shops.partitions import create_partitions, list_months_ahead
from shops.relay.forwarding import find_due_shops, forward_due, forward_of_shop
from shops.webhook_sending import send_due

FORWARDING_LIFETIME = timedelta(seconds=10)


@shared_task
@one_at_a_time
def send_webhooks() -> None:
    """Tells the CRMs what waits in the outbox. Any number of times, by any number of workers."""
    send_due()


@shared_task
@one_at_a_time
def forward_receipts() -> None:
    """Has workers bring the CRMs behind shops what is due. Any number of times, by any number of workers."""
    if settings.TASKS_RUN_IN_PROCESS:
        forward_due()
        return
    hand_out(forward_receipts_of_shop, find_due_shops(), lifetime=FORWARDING_LIFETIME, priority=3)


@repeated_task
def forward_receipts_of_shop(shop_number: int) -> None:
    """Brings the CRM of one shop what is due. Any number of times: one worker at a time holds the queue of a shop."""
    forward_of_shop(shop_number)


@shared_task
@one_at_a_time
def prepare_months() -> None:
    """Makes the partitions of the journal that the months ahead will need. Any number of times."""
    create_partitions(list_months_ahead(timezone.now()))
