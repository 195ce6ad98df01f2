"""The registers of a shop that have gone quiet: their last receipts held against their own habit. Read-only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Count, Max
from django.db.models.functions import TruncHour

from reconciliation.owner.days import Span
from reconciliation.owner.habit import WEEKS, Silence, find_silence
from reconciliation.owner.takings import find_takings
from shops.models import Shop


@dataclass(frozen=True, slots=True)
class QuietRegister:
    terminal: int
    silence: Silence


def find_quiet(shop: Shop, now: datetime) -> list[QuietRegister]:
    """Those that miss most receipts first; one query.

    One that has printed nothing for four weeks is out of use: it has no habit any more.
    """
    receipts = find_takings([shop.number], Span(now - WEEKS, now)).filter(terminal__isnull=False).order_by()
    grouped = receipts.annotate(hour=TruncHour("at", tzinfo=UTC)).values_list("terminal", "hour")
    printed: dict[int, dict[datetime, int]] = defaultdict(dict)
    last: dict[int, datetime] = {}
    for terminal, hour, count, last_at in grouped.annotate(receipts=Count("*"), last_at=Max("at")):
        printed[terminal][hour] = count
        last[terminal] = max(last_at, last.get(terminal, last_at))
    quiet = [
        QuietRegister(terminal, silence)
        for terminal, hours in printed.items()
        if (silence := find_silence(hours, last[terminal], now, shop.zone)) is not None
    ]
    return sorted(quiet, key=lambda register: (-register.silence.missed, register.terminal))
