"""How a row that is sent by e-mail begins to wait. Anyone may import it."""

from datetime import datetime
from email.utils import make_msgid, parseaddr

from django.conf import settings

from shops.models import Mailing
from shops.webhooks import RETRIED_FOR


def begin_waiting(row: Mailing, *, now: datetime) -> None:
    """The row is to be sent now, as a letter of its own, whatever became of it before. The caller saves it."""
    row.message_id = make_msgid(domain=find_domain())
    row.created_at = row.next_attempt_at = now
    row.retry_until = now + RETRIED_FOR
    row.attempts, row.last_fault, row.sent_at, row.failed_at = 0, "", None, None


def find_domain() -> str:
    """What stands behind the @ of the sender."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
