"""A transaction that is done again when another one was in its way. Used by the services of this app."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction

ATTEMPTS = 3

Result = TypeVar("Result")


def commit(work: Callable[[], Result]) -> Result:
    """Does the work in a transaction of its own, once more where the same row was written, or locked, meanwhile."""
    for _ in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return work()
        except (IntegrityError, OperationalError):
            continue
    with transaction.atomic():
        return work()
