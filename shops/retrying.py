"""A transaction that is done again when another one was in its way, or its connection broke. Used by all services."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

ATTEMPTS = 3
LONGEST_PAUSE_SECONDS = 0.1  # two that were in each other's way do not meet again

Result = TypeVar("Result")


def commit(
    work: Callable[[], Result], *, find_outcome: Callable[[], Result | None] = lambda: None, is_repetition: bool = False
) -> Result:
    """Does the work in a transaction of its own, once more where the same row was written, or locked, meanwhile.

    Where the connection broke, nobody knows whether the work was committed. Work that may not be done twice says by
    `find_outcome` what an earlier attempt has come to, or None.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                outcome = find_outcome() if attempt > 1 or is_repetition else None
                return work() if outcome is None else outcome
        except (IntegrityError, InterfaceError, OperationalError):
            if attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))
    raise AssertionError("unreachable")
