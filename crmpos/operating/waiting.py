"""What waits in the database for somebody to work on it: how much, and since when. Read off partial indexes."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Model, QuerySet
from django.utils import timezone

from reconciliation.models import Letter
from reconciliation.services import find_events_to_judge
from shops.models import Bill, ExchangeEvent, Forward, Receipt, Shift, UnassignedMessage, WebhookMessage

JUDGED: dict[str, type[Model]] = {"bill": Bill, "receipt": Receipt, "event": ExchangeEvent, "shift": Shift}

GRACE = timedelta(minutes=1)  # for the answer that never came, before its request counts as waiting


def find_oldest_unjudged() -> datetime | None:
    """Since when the case waits that has waited longest; None where none does."""
    times = (_unjudged(subject).aggregate(oldest=Min("unjudged_since"))["oldest"] for subject in JUDGED)
    return min((time for time in times if time is not None), default=None)


def count_waiting() -> dict[str, int]:
    """How many rows wait, by what for."""
    waiting: dict[str, QuerySet[Any]] = {f"unjudged_{subject}s": _unjudged(subject) for subject in JUDGED}
    waiting |= {
        "forwards": Forward._default_manager.filter(accepted_at=None),
        "webhooks": WebhookMessage._default_manager.filter(next_attempt_at__isnull=False),
        "letters": Letter._default_manager.filter(next_attempt_at__isnull=False),
        "messages_without_a_shop": UnassignedMessage._default_manager.filter(assigned_at=None),
    }
    return {name: rows.count() for name, rows in waiting.items()}


def _unjudged(subject: str) -> QuerySet[Any]:
    """The rows that can be judged now: a request that is being answered at this moment only seems to wait."""
    if subject == "event":
        return find_events_to_judge(timezone.now() - GRACE).filter(unjudged_since__isnull=False)
    return JUDGED[subject]._default_manager.filter(unjudged_since__isnull=False)
