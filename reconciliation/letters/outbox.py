"""The outbox of letters: how one is put into it, in the transaction of what it tells of, and sent again."""

from datetime import datetime

from django.contrib.auth.models import User

from reconciliation.letters.wording import Content
from reconciliation.models import Letter
from shops.mailing import begin_waiting
from shops.webhooks import RETRIED_FOR


def put_into_outbox(person: User, kind: Letter.Kind, key: str, content: Content, *, now: datetime) -> Letter:
    """A letter that waits to be sent. `key` is what it is about, and there is one letter about it."""
    letter = Letter(
        person=person,
        kind=kind,
        key=key,
        subject=content.subject,
        text=content.write_text(),
        html=content.write_html(),
    )
    begin_waiting(letter, now=now)
    letter.save(force_insert=True)
    return letter


def send_again(letter: Letter, *, now: datetime) -> None:
    """Has a letter sent once more, now, whatever became of it before; its message id stays."""
    Letter.objects.filter(pk=letter.pk).update(
        next_attempt_at=now, retry_until=now + RETRIED_FOR, attempts=0, failed_at=None, sent_at=None, last_fault=""
    )
