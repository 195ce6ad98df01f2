"""Background work of the composition root: doors to the services, no more."""

from celery import shared_task
from django.utils import timezone

from crmpos.accounts.resets import send_resets
from crmpos.accounts.session_store import SessionStore
from shops.one_at_a_time import one_at_a_time


@shared_task
@one_at_a_time
def send_password_resets() -> None:
    """Sends the letters that people have asked for. Any number of times, by any number of workers."""
    send_resets(now=timezone.now())


@shared_task
def forget_expired_sessions() -> None:
    """Deletes sessions that have run out: they open nothing. Any number of times."""
    SessionStore.clear_expired()
