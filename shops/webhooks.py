"""Messages to a shop's CRM: their secrets, their signatures, and how they are put into the outbox.

The form is that of Standard Webhooks 1.0.0. Whoever writes a fact that the CRM is to hear of puts the message into the
outbox within the same transaction; `shops.webhook_sending` sends it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction

from shops.models import CrmWebhook, WebhookMessage
from shops.wire_writer import Json, write_json

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32
RETRIED_FOR = timedelta(days=3)
BOTH_SECRETS_WORK_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a CRM is to be told: the type of the event, and its data."""

    shop_number: int
    event_type: str
    data: Json


def find_listening_shops(shop_numbers: Collection[int]) -> set[int]:
    """Those of the shops whose CRM is told of events."""
    return set(CrmWebhook.objects.filter(shop__in=shop_numbers, active=True).values_list("shop", flat=True))


def put_into_outbox(notices: Iterable[Notice], *, now: datetime) -> None:
    """Stores a message for each notice, within the caller's transaction."""
    WebhookMessage.objects.bulk_create(
        WebhookMessage(
            shop_id=notice.shop_number,
            message_id=f"msg_{secrets.token_hex(16)}",
            event_type=notice.event_type,
            body=_write_body(notice, now),
            created_at=now,
            next_attempt_at=now,
            retry_until=now + RETRIED_FOR,
        )
        for notice in notices
    )


def send_again(message: WebhookMessage, *, now: datetime) -> None:
    """Has a message sent once more, now, whatever became of it before; its id stays."""
    WebhookMessage.objects.filter(pk=message.pk).update(
        next_attempt_at=now, retry_until=now + RETRIED_FOR, attempts=0, given_up_at=None
    )
    CrmWebhook.objects.filter(shop=message.shop_id).update(silent_until=None, failures=0)


def make_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@transaction.atomic
def rotate_secret(webhook: CrmWebhook, *, now: datetime) -> str:
    """Gives the webhook a new secret. For a day messages are signed with the former one too."""
    locked = CrmWebhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
    locked.former_secret, locked.former_secret_until = locked.secret, now + BOTH_SECRETS_WORK_FOR
    locked.secret = make_secret()
    locked.save(update_fields=["secret", "former_secret", "former_secret_until"])
    return locked.secret


def write_headers(webhook: CrmWebhook, message: WebhookMessage, *, now: datetime) -> dict[str, str]:
    """The headers of one attempt. The time is that of the attempt, so that an old one cannot be replayed."""
    timestamp = str(int(now.timestamp()))
    keys = [webhook.secret]
    if webhook.former_secret_until is not None and now < webhook.former_secret_until:
        keys.append(webhook.former_secret)
    return {
        "content-type": "application/json",
        "user-agent": "crmpos",
        "webhook-id": message.message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_sign(key, message, timestamp) for key in keys),
    }


def _sign(secret: str, message: WebhookMessage, timestamp: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message.message_id}.{timestamp}.{message.body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _write_body(notice: Notice, now: datetime) -> str:
    timestamp = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return write_json({"type": notice.event_type, "timestamp": timestamp, "data": notice.data}).decode()
