"""Whether this installation can do its work: `check_all`, for whoever watches over it.

Each check has a thread and a time limit of its own: a database that hangs is told as such, and holds up nobody. What is
told names no host, no user and no text of an error; those go into the log.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from crmpos.celery import app
from crmpos.operating.waiting import find_oldest_unjudged

logger = logging.getLogger(__name__)

TIME_LIMIT_SECONDS = 3
NO_ANSWER = "no answer in time"

Details = dict[str, int | str]


class Unhealthy(Exception):
    """What a check found, in words that anybody may read; `details` are its figures."""

    def __init__(self, reason: str, **details: int | str) -> None:
        super().__init__(reason)
        self.reason, self.details = reason, details


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check went: `fault` is empty where all is well."""

    name: str
    fault: str
    milliseconds: int
    details: Details

    def describe(self) -> dict[str, Any]:
        told = {"status": "failed", "fault": self.fault} if self.fault else {"status": "ok"}
        return told | {"milliseconds": self.milliseconds} | self.details


@dataclass(slots=True)
class Check:
    """A question that may hang. While it does, it is not asked again."""

    name: str
    ask: Callable[[], Details]
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> "Future[Details] | None":
        """What will be answered; None while an earlier question still waits."""
        if not self._busy.acquire(blocking=False):
            return None
        answer: Future[Details] = Future()
        threading.Thread(target=self._run, args=(answer,), name=f"check {self.name}", daemon=True).start()
        return answer

    def _run(self, answer: "Future[Details]") -> None:
        details, fault = Details(), None
        try:
            details = self.ask()
        except Exception as error:  # whatever it is, it is unhealthy
            fault = error
        finally:
            connections.close_all()
            # Before the answer is told: whoever gets it may ask again at once.
            self._busy.release()
        if fault is None:
            answer.set_result(details)
        else:
            answer.set_exception(fault)


def check_database() -> Details:
    """The database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {}


def check_broker() -> Details:
    """The broker takes tasks."""
    with app.connection_for_write(connect_timeout=TIME_LIMIT_SECONDS) as broker:
        channel: Any = broker.channel()
        channel.close()
    return {}


def check_migrations() -> Details:
    """The database has the tables that this version of the program needs."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    missing = [key for key in _list_migrations() if key not in applied]
    if missing:
        raise Unhealthy("run manage.py migrate", unapplied=len(missing))
    return {}


def check_judgement() -> Details:
    """What is accepted is judged, before long."""
    limit_seconds: int = settings.READY_UNJUDGED_LIMIT_SECONDS
    oldest = find_oldest_unjudged()
    age = _age_seconds(oldest, timezone.now()) if oldest else 0
    if age > limit_seconds:
        raise Unhealthy("cases wait too long for judgement", oldest_seconds=age, limit_seconds=limit_seconds)
    return {"oldest_seconds": age, "limit_seconds": limit_seconds}


DATABASE = Check("database", check_database)
BROKER = Check("broker", check_broker)
MIGRATIONS = Check("migrations", check_migrations)
JUDGEMENT = Check("judgement", check_judgement)


def list_checks() -> list[Check]:
    """Those that make sense here: without a broker there is none to ask."""
    return [DATABASE, *([] if settings.TASKS_RUN_IN_PROCESS else [BROKER]), MIGRATIONS, JUDGEMENT]


def check_all(checks: Sequence[Check], *, limit_seconds: float = TIME_LIMIT_SECONDS) -> list[Outcome]:
    """How each check went, after `limit_seconds` at the most, for they run at the same time."""
    began = time.monotonic()
    started = [(check, check.start()) for check in checks]
    return [_await(check.name, answer, began, began + limit_seconds) for check, answer in started]


def _await(name: str, answer: "Future[Details] | None", began: float, deadline: float) -> Outcome:
    fault, details = NO_ANSWER, {}
    if answer is not None:
        try:
            details = answer.result(timeout=max(0, deadline - time.monotonic()))
            fault = ""
        except TimeoutError:
            logger.error("The check %s: %s", name, NO_ANSWER)
        except Unhealthy as unhealthy:
            fault, details = unhealthy.reason, dict(unhealthy.details)
        except Exception as error:
            logger.error("The check %s failed: %s", name, error)
            fault = "failed"
    return Outcome(name, fault, int((time.monotonic() - began) * 1000), details)


def _age_seconds(since: datetime, now: datetime) -> int:
    return max(0, (now - since) // timedelta(seconds=1))


@cache
def _list_migrations() -> list[tuple[str, str]]:
    """All of this version of the program, which is the same as long as the process lives."""
    loader = MigrationLoader(None)
    return sorted(key for key in loader.graph.nodes)
