"""How long what was accepted waits for its judgement. Only measured: nothing depends on it."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import Histogram

SECONDS = (0.5, 1, 2, 3, 5, 10, 30, 60, 300, 1800, 7200, 86400)

JUDGEMENT_DELAY = Histogram(
    "crmpos_judgement_delay_seconds",
    "From when a document was accepted, or its case had to be judged again, until it was judged.",
    ["subject"],
    buckets=SECONDS,
)


def note_judged(subject: str, waited_since: Iterable[datetime | None], now: datetime) -> None:
    """Notes that these rows were judged just now; those that did not wait are left out."""
    delays = JUDGEMENT_DELAY.labels(subject)
    for since in waited_since:
        if since is not None:
            delays.observe(max(0, (now - since).total_seconds()))
