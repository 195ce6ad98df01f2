"""Transactions that run beside a test's own, each in a thread with its own connection. For PostgreSQL alone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from django.db import connection, transaction

PATIENCE_SECONDS = 30


@contextmanager
def another_transaction(write: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """One that has written already; it is committed when that is called for."""
    has_written, may_commit = Event(), Event()

    def run() -> None:
        try:
            with transaction.atomic():
                write()
                has_written.set()
                assert may_commit.wait(PATIENCE_SECONDS)
        finally:
            has_written.set()
            connection.close()

    with ThreadPoolExecutor(1) as others:
        running = others.submit(run)
        assert has_written.wait(PATIENCE_SECONDS)

        def commit() -> None:
            may_commit.set()
            running.result()

        try:
            yield commit
        finally:
            may_commit.set()
        running.result()  # whoever waited for it until it gave up is told so
