"""Sends the messages of the outbox: each at least once, by one sender at a time, again and again for three days.

A message is claimed in a transaction of its own, sent outside of any, and then its result is written down. A sender
sends the messages of one shop one after another; a shop whose CRM is slow or dead keeps nobody else waiting.
"""

import random
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from shops.models import CrmWebhook, WebhookMessage
from shops.outgoing import Reply, post
from shops.webhooks import write_headers

TIMEOUT_SECONDS = 10
LEASE = timedelta(seconds=90)  # well beyond the time limit: the time of a sender that died
CRMS_AT_ONCE = 8
RUN_SECONDS = 10  # after that the worker is free for other tasks

FIRST_DELAY = timedelta(seconds=5)
GROWTH = 4
LONGEST_DELAY = timedelta(hours=12)
LONGEST_SILENCE = timedelta(minutes=10)
JITTER = 0.2

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this sender alone may send until `leased_until`."""

    message: WebhookMessage
    webhook: CrmWebhook
    leased_until: datetime


def send_due(*, clock: Clock = timezone.now, run_seconds: int = RUN_SECONDS) -> int:
    """Sends what is due, the CRMs side by side, until nothing is left or the time is up; how many attempts it made."""
    if not _find_due(clock()).exists():
        return 0
    begun, attempts = time.monotonic(), 0
    running: dict[Future[Reply], Claim] = {}
    with ThreadPoolExecutor(CRMS_AT_ONCE, thread_name_prefix="webhooks") as senders:
        while True:
            if time.monotonic() - begun < run_seconds:
                busy = {claim.message.shop_id for claim in running.values()}
                for claim in claim_due(besides=busy, at_most=CRMS_AT_ONCE - len(running), clock=clock):
                    running[senders.submit(_send, claim, clock())] = claim
                    attempts += 1
            if not running:
                return attempts
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                record_reply(running.pop(future), future.result(), now=clock())


def claim_due(*, besides: Collection[int] = (), at_most: int = CRMS_AT_ONCE, clock: Clock) -> Iterator[Claim]:
    """Claims the oldest message that is due of each shop, shops in `besides` left out."""
    taken = set(besides)
    for _ in range(at_most):
        claim = _claim_one(taken, clock())
        if claim is None:
            return
        taken.add(claim.message.shop_id)
        yield claim


@transaction.atomic
def record_reply(claim: Claim, reply: Reply, *, now: datetime) -> None:
    """Writes down what became of an attempt, unless the message was taken over or is to be sent again meanwhile."""
    _note_answer(claim.webhook, answered=reply.status is not None, now=now)
    held = WebhookMessage.objects.filter(pk=claim.message.pk, next_attempt_at=claim.leased_until)
    said = {"last_status": reply.status, "last_fault": reply.fault, "last_answer": reply.text}
    if reply.is_success:
        held.update(**said, delivered_at=now, next_attempt_at=None)
        return
    next_attempt_at = now + delay_after(claim.message.attempts)
    if next_attempt_at > claim.message.retry_until:
        held.update(**said, given_up_at=now, next_attempt_at=None)
    else:
        held.update(**said, next_attempt_at=next_attempt_at)


def delay_after(attempts: int, *, longest: timedelta = LONGEST_DELAY) -> timedelta:
    """How long to wait after so many attempts: four times as long after each, and never quite alike."""
    delay = longest
    if attempts <= 12:  # beyond that the power alone would be too large
        delay = min(FIRST_DELAY * GROWTH ** (attempts - 1), longest)
    return delay * random.uniform(1 - JITTER, 1 + JITTER)


def _send(claim: Claim, now: datetime) -> Reply:
    """One attempt, in a thread that touches no database."""
    return post(
        claim.webhook.url,
        claim.message.body.encode(),
        write_headers(claim.webhook, claim.message, now=now),
        timeout_seconds=TIMEOUT_SECONDS,
        allow_private=settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES,
    )


@transaction.atomic
def _claim_one(besides: Collection[int], now: datetime) -> Claim | None:
    """Moves the next attempt of a message on by the lease, before it is made: no other sender takes it meanwhile."""
    due = _find_due(now).exclude(shop__in=besides).select_related("shop__crm_webhook")
    message = due.select_for_update(skip_locked=True, of=("self",)).order_by("pk").first()
    if message is None:
        return None
    message.next_attempt_at = now + LEASE
    message.attempts += 1
    message.save(update_fields=["next_attempt_at", "attempts"])
    return Claim(message, message.shop.crm_webhook, message.next_attempt_at)


def _find_due(now: datetime) -> QuerySet[WebhookMessage]:
    heard = Q(shop__crm_webhook__silent_until=None) | Q(shop__crm_webhook__silent_until__lte=now)
    return WebhookMessage.objects.filter(heard, next_attempt_at__lte=now, shop__crm_webhook__active=True)


def _note_answer(webhook: CrmWebhook, *, answered: bool, now: datetime) -> None:
    """While nobody answers, the whole queue of the shop waits, longer each time."""
    held = CrmWebhook.objects.filter(pk=webhook.pk)
    if answered:
        held.exclude(failures=0).update(failures=0, silent_until=None)
        return
    silence = delay_after(webhook.failures + 1, longest=LONGEST_SILENCE)
    held.update(failures=F("failures") + 1, silent_until=now + silence)
