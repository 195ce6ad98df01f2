"""Brings receipts to the CRM that a shop keeps: each until it is accepted, exactly as it came, in their order.

A receipt is queued in the transaction that records it, and sent afterwards, shop by shop, by any number of workers.
One worker at a time holds the queue of a shop: nothing is sent twice, and nothing overtakes. While the CRM gives no
answer, the whole queue waits, longer and longer. A receipt that the CRM answers with an error waits by itself, and the
others go on; one that it refuses is tried again seldom, or when a person says so.
"""

import random
import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from shops.live_journal import is_json, journal_answer, journal_request, read_body
from shops.messages import Message
from shops.models import ExchangeEvent, Forward, ReceiptDelivery, Shop, Upstream
from shops.models.relay import is_refusal
from shops.relay.asking import name_status
from shops.relay.client import RECEIPTS_PATH, Call, Reply, Unreachable, call
from shops.wire import RECEIPT

SHORTEST_DELAY, LONGEST_DELAY = timedelta(seconds=2), timedelta(minutes=10)
REFUSED_DELAY = timedelta(hours=6)
HELD_FOR = timedelta(minutes=1)  # longer than any call; a worker that dies gives the queue free after it
RUN_SECONDS = 60
KEPT_OF_ANSWER = 2000  # characters


def find_upstream(shop: Shop) -> Upstream | None:
    """The CRM that the shop keeps, if any."""
    return getattr(shop, "upstream", None)


def queue_receipts(request: ExchangeEvent, message: Message, body: bytes, headers: Mapping[str, str]) -> None:
    """Queues a RECEIPT request for the shop's CRM, in the transaction that records its receipts.

    What was queued before is not queued again: the same receipts with the same contents, or the same JSON where it
    brings none that can be read. That may still be a receipt to the CRM.
    """
    if find_upstream(request.shop) is None or not body or not is_json(body) or _is_queued(request, message):
        return
    now = request.occurred_at
    Forward.objects.create(shop=request.shop, event=request, headers=dict(headers), queued_at=now, next_attempt_at=now)


def forward_due() -> int:
    """Sends what is due of every shop; how many requests the CRMs have taken or refused."""
    return sum(_forward_of_shop(upstream) for upstream in _find_due(timezone.now()))


def find_due_shops() -> list[int]:
    """The shops of which something is due, and that no worker has in hand."""
    return list(_find_due(timezone.now()).values_list("pk", flat=True))


def forward_of_shop(shop_number: int) -> int:
    """Sends what is due of one shop, unless another worker does; how many requests its CRM has taken or refused."""
    return sum(_forward_of_shop(upstream) for upstream in _find_due(timezone.now()).filter(pk=shop_number))


@transaction.atomic
def send_again(forwards: QuerySet[Forward], *, now: datetime) -> int:
    """Has these sent as soon as can be, whatever became of them before; how many."""
    shops = set(forwards.values_list("shop", flat=True))
    count = Forward.objects.filter(pk__in=forwards.values("pk")).update(next_attempt_at=now, accepted_at=None)
    Upstream.objects.filter(shop__in=shops).update(next_attempt_at=None, failures=0)
    return count


# --- queueing ----------------------------------------------------------------------------------------------


def _is_queued(request: ExchangeEvent, message: Message) -> bool:
    if not message.receipts:
        return Forward.objects.filter(shop=request.shop_id, event__digest=request.digest).exists()
    ids = [event.receipt.receipt_id for event in message.receipts]
    before = ReceiptDelivery.objects.filter(
        receipt__shop=request.shop_id, receipt__receipt_id__in=ids, event__forward__isnull=False
    )
    queued = set(before.values_list("receipt__receipt_id", "fingerprint"))
    return {(event.receipt.receipt_id, event.receipt.fingerprint) for event in message.receipts} <= queued


# --- sending -----------------------------------------------------------------------------------------------


def _find_due(now: datetime) -> QuerySet[Upstream]:
    due = Forward.objects.filter(accepted_at=None, next_attempt_at__lte=now)
    ready = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
    free = Q(held_until=None) | Q(held_until__lte=now)
    return Upstream.objects.filter(ready, free, shop__in=due.values("shop")).select_related("shop")


def _forward_of_shop(upstream: Upstream) -> int:
    """Sends what is due of one shop, oldest first, unless another worker does."""
    sent, end = 0, time.monotonic() + RUN_SECONDS
    try:
        while time.monotonic() < end and _hold(upstream):
            forward = _find_next(upstream)
            if forward is None or not _send(upstream, forward):
                break
            sent += 1
    finally:
        Upstream.objects.filter(pk=upstream.pk, held_until=upstream.held_until).update(held_until=None)
    return sent


def _hold(upstream: Upstream) -> bool:
    """Takes the queue of the shop, or goes on holding it; False where another worker has it."""
    now = timezone.now()
    mine = Q(held_until=None) | Q(held_until__lte=now)
    if upstream.held_until is not None:
        mine |= Q(held_until=upstream.held_until)
    # A time with its microseconds is as good as a name.
    until = now + HELD_FOR + timedelta(microseconds=random.randrange(1_000_000))
    if not Upstream.objects.filter(mine, pk=upstream.pk).update(held_until=until):
        return False
    upstream.held_until = until
    return True


def _find_next(upstream: Upstream) -> Forward | None:
    waiting = Forward.objects.filter(shop=upstream.pk, accepted_at=None, next_attempt_at__lte=timezone.now())
    return waiting.select_related("event").order_by("pk").first()


def _send(upstream: Upstream, forward: Forward) -> bool:
    """One attempt; False where the CRM is in no state to be sent more."""
    body = read_body(forward.event)
    asked = Call(RECEIPTS_PATH, headers=forward.headers, body=body)
    request = journal_request(
        upstream.shop,
        RECEIPT,
        query=asked.query,
        body=body,
        origin=ExchangeEvent.Origin.UPSTREAM,
        bill_id=forward.event.bill_external_id,
        bill_number=forward.event.bill_number,
        now=timezone.now(),
    )
    try:
        reply = call(upstream, asked)
    except Unreachable as failure:
        _note_silence(upstream, forward, request, str(failure))
        return False
    return _note_reply(upstream, forward, request, reply)


@transaction.atomic
def _note_silence(upstream: Upstream, forward: Forward, request: ExchangeEvent, reason: str) -> None:
    """No answer: the receipt stays at the head of the queue, and the queue waits."""
    now = timezone.now()
    ExchangeEvent.objects.filter(pk=request.pk).update(remark=reason)
    _note_attempt(forward, None, reason, now)
    _note_failure(upstream, now)


@transaction.atomic
def _note_reply(upstream: Upstream, forward: Forward, request: ExchangeEvent, reply: Reply) -> bool:
    now = timezone.now()
    answer = journal_answer(request, reply.body, remark=name_status(reply), now=now)
    _note_attempt(forward, reply.status, answer.body[:KEPT_OF_ANSWER], now)
    if reply.is_ok:
        Forward.objects.filter(pk=forward.pk).update(accepted_at=now, headers={})
    elif is_refusal(reply.status):
        _postpone(forward, now + REFUSED_DELAY)
    else:
        # Later than the queue itself, so that another receipt is tried first.
        _postpone(forward, now + 2 * find_delay(forward.attempts + 1))
        _note_failure(upstream, now)
        return False
    Upstream.objects.filter(pk=upstream.pk).exclude(failures=0).update(failures=0, next_attempt_at=None)
    upstream.failures = 0
    return True


def _note_attempt(forward: Forward, status: int | None, answer: str, now: datetime) -> None:
    Forward.objects.filter(pk=forward.pk).update(
        attempts=forward.attempts + 1, last_attempt_at=now, last_status=status, last_answer=answer
    )


def _postpone(forward: Forward, until: datetime) -> None:
    Forward.objects.filter(pk=forward.pk).update(next_attempt_at=until)


def _note_failure(upstream: Upstream, now: datetime) -> None:
    delay = find_delay(upstream.failures + 1)
    Upstream.objects.filter(pk=upstream.pk).update(failures=upstream.failures + 1, next_attempt_at=now + delay)


def find_delay(failures: int) -> timedelta:
    """How long to wait after so many failures: twice as long each time, and not all at the same moment."""
    doublings: int = 2 ** min(failures - 1, 20)
    return min(SHORTEST_DELAY * doublings, LONGEST_DELAY) * random.randint(50, 100) / 100
