"""Keeps a periodic task from running beside itself in one process. Used by the task modules of all apps."""

import threading
from collections.abc import Callable
from functools import wraps


def one_at_a_time(work: Callable[[], None]) -> Callable[[], None]:
    """`work`, left out while it still runs in this process: it takes up what is new, and other tasks have room."""
    is_free = threading.Lock()

    @wraps(work)
    def run() -> None:
        if is_free.acquire(blocking=False):
            try:
                work()
            finally:
                is_free.release()

    return run
