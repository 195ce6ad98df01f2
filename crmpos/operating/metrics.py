"""What Prometheus is told: requests as they come, and the state of the books at the moment of the question.

The state is asked of the database every half a minute at the most, however often is scraped, and never waited for long.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from crmpos.celery import app
from crmpos.operating.health import Check
from crmpos.operating.metrics_files import locked
from crmpos.operating.waiting import count_waiting, find_oldest_unjudged
from reconciliation.models import Discrepancy

KEPT_SECONDS = 30
STATE_LIMIT_SECONDS = 5
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "crmpos_requests", "Requests answered, by what they were for and the status.", ["kind", "method", "status"]
)
REQUEST_TIME = Histogram("crmpos_request_seconds", "How long requests took.", ["kind"], buckets=REQUEST_SECONDS)


@dataclass(frozen=True, slots=True)
class State:
    """The books at one moment. `queues` is empty where no broker is set up, or it does not answer."""

    waiting: dict[str, int]
    oldest_seconds: int
    discrepancies: dict[tuple[str, str], int]
    queues: dict[str, int]


def read_state() -> State:
    """As it is now."""
    oldest = find_oldest_unjudged()
    return State(
        count_waiting(),
        max(0, int((timezone.now() - oldest).total_seconds())) if oldest else 0,
        _count_discrepancies(),
        {} if settings.TASKS_RUN_IN_PROCESS else count_tasks(),
    )


def count_tasks() -> dict[str, int]:
    """How many tasks wait in each queue of the broker, and how many workers have taken and not finished (`taken`)."""
    queues = app.conf.task_queues or [app.conf.task_default_queue]
    names = sorted(getattr(queue, "name", queue) for queue in queues)
    with app.connection_for_read(connect_timeout=STATE_LIMIT_SECONDS) as broker:
        channel: Any = broker.channel()  # of kombu's transport for Redis
        waiting = {name: channel.client.llen(name) for name in names}
        waiting["taken"] = channel.client.hlen(channel.unacked_key)
        channel.close()
    return waiting


@dataclass(slots=True)
class Remembered:
    """A state that is not older than a few seconds, for all who ask."""

    read: Callable[[], State] = read_state
    _check: Check = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _state: State | None = None
    _read_at: float = 0

    def __post_init__(self) -> None:
        self._check = Check("metrics", self._refresh)

    def get(self) -> State | None:
        """None where the database or the broker does not answer."""
        with self._lock:
            if time.monotonic() - self._read_at > KEPT_SECONDS or self._state is None:
                self._state = None
                answer = self._check.start()
                if answer is not None:
                    try:
                        answer.result(STATE_LIMIT_SECONDS)
                    except Exception:  # told by `crmpos_state_known`
                        return None
            return self._state

    def _refresh(self) -> dict[str, int | str]:
        self._state, self._read_at = self.read(), time.monotonic()
        return {}


class StateCollector(Collector):
    """The state as gauges."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    def collect(self) -> Iterator[Metric]:
        state = self._remembered.get()
        yield GaugeMetricFamily(
            "crmpos_state_known", "Whether database and broker said how things stand.", value=int(state is not None)
        )
        if state is None:
            return
        yield _gauge("crmpos_waiting_rows", "Rows that wait for somebody to work on them.", "what", state.waiting)
        yield GaugeMetricFamily(
            "crmpos_oldest_unjudged_seconds", "How long the oldest unjudged case waits.", value=state.oldest_seconds
        )
        discrepancies = GaugeMetricFamily(
            "crmpos_discrepancies", "Discrepancies by kind and status.", labels=["kind", "status"]
        )
        for labels, count in sorted(state.discrepancies.items()):
            discrepancies.add_metric(labels, count)
        yield discrepancies
        yield _gauge("crmpos_queued_tasks", "Tasks in the queues of the broker.", "queue", state.queues)


REMEMBERED = Remembered()


def write_metrics() -> bytes:
    """The text that Prometheus scrapes: of all processes that share a folder, or of this one alone."""
    state = CollectorRegistry()
    state.register(StateCollector(REMEMBERED))
    if settings.METRICS_DIR is None:
        return generate_latest(REGISTRY) + generate_latest(state)
    shared = CollectorRegistry()
    MultiProcessCollector(shared, str(settings.METRICS_DIR))
    with locked(settings.METRICS_DIR):
        written = generate_latest(shared)
    return written + generate_latest(state)


def _gauge(name: str, meaning: str, label: str, figures: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, count in sorted(figures.items()):
        family.add_metric([value], count)
    return family


def _count_discrepancies() -> dict[tuple[str, str], int]:
    counted = Discrepancy.objects.order_by().values_list("kind", "status").annotate(count=Count("pk"))
    return {(kind, status): count for kind, status, count in counted}
