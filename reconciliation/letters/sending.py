"""Hands letters and invitations to the mail server: each by one sender at a time, again and again for three days.

Both are rows that wait (`Mailing`); `envelopes` says what is sent of each, and to whom. A row is claimed in a
transaction of its own, sent outside of any, and then its result is written down. A sender that dies between the two
leaves a row that is sent once more, ninety seconds later and with the same Message-ID: that is the one way in which
somebody gets a letter twice. A refusal that the server calls final (5xx) of the address or of the letter ends the
attempts; anything else, a server that is down or refuses our own login, is tried again.
"""

import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from reconciliation.letters.envelopes import QUEUES, Envelope, Undeliverable, fill_envelope
from shops.models import Mailing
from shops.webhook_sending import LEASE, delay_after

LETTERS_AT_ONCE = 100
RUN_SECONDS = 30  # after that the worker is free for other tasks
LONGEST_DELAY = timedelta(hours=2)
KEPT_OF_FAULT = 500  # characters
FIRST_FINAL_STATUS = 500
CLOSING = 421  # the server takes nothing more over this connection

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this sender alone may send until `leased_until`."""

    row: Mailing
    leased_until: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a letter was not taken; after a final one it is not tried again, after a broken line nothing else is."""

    text: str
    is_final: bool = False
    is_broken: bool = False


def send_due_letters(*, clock: Clock = timezone.now, at_most: int = LETTERS_AT_ONCE) -> int:
    """Sends what is due over one connection, as long as the server answers; how many letters it took."""
    if not settings.MAIL_SERVER_IS_SET or not any(_find_due(model, clock()).exists() for model in QUEUES):
        return 0
    begun, sent, connection = time.monotonic(), 0, get_connection()
    try:
        for _ in range(at_most):
            claim = _claim_one(clock()) if time.monotonic() - begun < RUN_SECONDS else None
            if claim is None:
                break
            fault = _send(connection, claim.row)
            _record(claim, fault, now=clock())
            sent += fault is None
            if fault is not None and fault.is_broken:
                break
    finally:
        _close(connection)
    return sent


def _find_due(model: type[Mailing], now: datetime) -> QuerySet[Any]:
    return model._default_manager.filter(next_attempt_at__lte=now)


@transaction.atomic
def _claim_one(now: datetime) -> Claim | None:
    """Moves the next attempt of a row on by the lease, before it is made: no other sender takes it meanwhile."""
    for model in QUEUES:
        due = _find_due(model, now).order_by("next_attempt_at", "pk")
        row: Mailing | None = due.select_for_update(skip_locked=True, of=("self",)).first()
        if row is not None:
            row.next_attempt_at = now + LEASE
            row.attempts += 1
            row.save(update_fields=["next_attempt_at", "attempts"])
            return Claim(row, row.next_attempt_at)
    return None


def _record(claim: Claim, fault: Fault | None, *, now: datetime) -> None:
    """Writes down what became of an attempt, unless the letter is to be sent again meanwhile."""
    rows = type(claim.row)._default_manager
    held = rows.filter(pk=claim.row.pk, next_attempt_at=claim.leased_until)
    if fault is None:
        held.update(sent_at=now, next_attempt_at=None, last_fault="")
        return
    next_attempt_at = now + delay_after(claim.row.attempts, longest=LONGEST_DELAY)
    said = fault.text[:KEPT_OF_FAULT]
    if fault.is_final or next_attempt_at > claim.row.retry_until:
        held.update(failed_at=now, next_attempt_at=None, last_fault=said)
    else:
        held.update(next_attempt_at=next_attempt_at, last_fault=said)


def _send(connection: BaseEmailBackend, row: Mailing) -> Fault | None:
    """One attempt, outside of any transaction."""
    try:
        envelope = fill_envelope(row)
        connection.open()
        connection.send_messages([_write_message(row, envelope, connection)])
    except Undeliverable as reason:
        return Fault(str(reason), is_final=True)
    except smtplib.SMTPRecipientsRefused as error:
        status, text = next(iter(error.recipients.values()))
        return _refusal(status, text)
    except smtplib.SMTPDataError as error:
        return _refusal(error.smtp_code, error.smtp_error)
    except smtplib.SMTPResponseException as error:
        # The server does not want us, whatever the letter: the others would fare no better.
        return Fault(_refusal(error.smtp_code, error.smtp_error).text, is_broken=True)
    except ValueError as error:
        return Fault(str(error), is_final=True)  # what stands in the user's e-mail field is no address
    except (OSError, smtplib.SMTPException) as error:
        return Fault(str(error) or type(error).__name__, is_broken=True)
    return None


def _refusal(status: int, answer: bytes | str) -> Fault:
    said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    text = f"{status} {said}".replace("\0", "\ufffd")
    return Fault(text, is_final=status >= FIRST_FINAL_STATUS, is_broken=status == CLOSING)


def _write_message(row: Mailing, envelope: Envelope, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    headers = {"Message-ID": row.message_id, "Auto-Submitted": "auto-generated"}
    if envelope.unsubscribe:
        headers["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
    message = EmailMultiAlternatives(
        envelope.subject, envelope.text, to=[envelope.address], headers=headers, connection=connection
    )
    message.attach_alternative(envelope.html, "text/html")
    return message


def _close(connection: BaseEmailBackend) -> None:
    """Ends the connection; a server that has gone away needs no farewell."""
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        return
