"""Gives pieces of work to whichever worker is free. Used by the task modules of all apps.

Nothing depends on a message that is sent here: what is to be done stands in the database, and is found there again.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, ParamSpec

from celery import shared_task
from celery.app.task import Task
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")

AGAIN: dict[str, Any] = {
    "autoretry_for": (OperationalError, InterfaceError),
    "max_retries": 5,
    "retry_backoff": 2,
    "retry_backoff_max": 60,
    "retry_jitter": True,
}


def repeated_task(work: Callable[Arguments, None]) -> "Task[Arguments, None]":
    """A shared task that is done again when its database failed: later each time, and not all at the same moment."""
    task: Task[Arguments, None] = shared_task(**AGAIN)(work)
    return task


def hand_out(task: "Task[Any, Any]", keys: Iterable[int], *, lifetime: timedelta, priority: int = 0) -> None:
    """Sends a task for each key; one that nobody has begun within its lifetime is dropped.

    Without a broker nothing is sent: the next periodic task finds the same work.
    """
    try:
        for key in keys:
            task.apply_async((key,), expires=lifetime.total_seconds(), priority=priority)
    except (BrokerError, RedisError, ConnectionError) as error:
        logger.warning("The broker does not answer, and tasks wait for it: %s", error)
