"""How much sooner two of Celery's workers on different queues have judged many cases than one has.

Each time the same books of one shop, copied, with a Redis and workers of its own; time counts from when the first cases
are judged, for how soon processes start is not the question. Both must find the same. Two free processors are needed.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg import sql

from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import SECONDS, Measured, Row, Side, compare
from tests.benchmarks.filling import fill_with_paid_bills
from tests.faults.filling import FOUND
from tests.faults.servers import Books, Redis, running
from tests.processes import wait_until

ROWS = 100_000
GOAL_RATIO = 0.8  # clearly less time
LOOK_EVERY_SECONDS = 0.1

Queues = Sequence[str]  # of each worker


def compare_workers(ground: Ground) -> list[Row]:
    rows = ground.rows or ROWS
    fill_with_paid_bills(rows)
    connection.close()  # a database in use is no template
    two = _side("two workers", ground.database_url, ("judging", "judging,forwarding"))
    one = _side("one worker", ground.database_url, ("judging",))
    return compare("judging by two workers", SECONDS, two, one, goal=GOAL_RATIO, rounds=ground.rounds)


def _side(name: str, filled_url: str, queues: Queues) -> Side:
    def measure() -> Measured:
        with tempfile.TemporaryDirectory() as folder, _copied(filled_url) as url:
            books = Books(url, {})
            seconds = _judge(books, Path(folder), queues)
            return Measured(seconds, work=books.query(FOUND))

    return Side(name, measure)


def _judge(books: Books, folder: Path, queues: Queues) -> float:
    """How many seconds the workers need until nothing waits."""
    redis = Redis(folder)
    try:
        with running(books, folder, redis.url, LOG_LEVEL="INFO") as system:
            for number, of_worker in enumerate(queues):
                system.start_worker("-Q", of_worker, "--loglevel", "INFO", name=f"worker-{number}")
            system.start_beat()
            wait_until(lambda: books.count("reconciliation_case") > 0)
            began = time.monotonic()
            while books.count_waiting():
                time.sleep(LOOK_EVERY_SECONDS)
            return time.monotonic() - began
    finally:
        redis.stop()


@contextmanager
def _copied(url: str) -> Iterator[str]:
    """A copy of a database, beside it, which is dropped afterwards."""
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    copy = f"{name}_copy"
    execute = _executing(urlunsplit(parts._replace(path="/postgres")))
    execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(copy)))
    execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(copy), sql.Identifier(name)))
    try:
        yield urlunsplit(parts._replace(path=f"/{copy}"))
    finally:
        execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(copy)))


def _executing(url: str) -> Callable[[sql.Composed], None]:
    def execute(statement: sql.Composed) -> None:
        with psycopg.connect(url, autocommit=True) as administration:
            administration.execute(statement)

    return execute
