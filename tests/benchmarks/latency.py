"""From the moment a receipt is sent to the moment its discrepancy can be seen, while receipts come at a steady rate.

The whole program at work: gunicorn, Celery's worker and beat, PostgreSQL, Redis and the callers, all on this machine.
Receipts are sent when they are due, whether those before them are answered or not, and time counts from when one was
due: a program that falls behind cannot hide it.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection

import psycopg
from django.utils import timezone

from reconciliation.services import Reconciliation
from shops.wire_writer import write_json
from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import MILLISECONDS, Row, percentile
from tests.benchmarks.databases import settle
from tests.benchmarks.filling import fill_with_paid_bills
from tests.faults.load import PARTLY_PAID_EVERY, Registers, make_payment
from tests.faults.servers import SMALL_SHOP, Books, Redis, System, make_books, running
from tests.processes import wait_until

RECEIPTS_PER_SECOND = 200
SECONDS = 15
CALLERS = 32
GOAL_MILLISECONDS = 2000
LOOK_EVERY_SECONDS = 0.02
GIVE_UP_SECONDS = 120
ID_GAP = 1000  # transactions that began earlier may be seen later

SEEN = """
SELECT discrepancy.id, bill.external_id FROM reconciliation_discrepancy discrepancy
JOIN reconciliation_case "case" ON "case".id = discrepancy.case_id JOIN shops_bill bill ON bill.id = "case".bill_id
WHERE discrepancy.id > %s
"""


@dataclass
class Watch:
    """Looks into the database again and again, and notes when the discrepancy of one of these bills was there."""

    url: str
    bills: frozenset[str]
    seen: dict[str, float] = field(default_factory=dict)
    _last_id: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self._stop.wait(LOOK_EVERY_SECONDS):
                found = connection.execute(SEEN, [self._last_id - ID_GAP]).fetchall()
                now = time.monotonic()
                for pk, bill in found:
                    self._last_id = max(self._last_id, pk)
                    if bill in self.bills:
                        self.seen.setdefault(bill, now)

    def stop(self) -> None:
        self._stop.set()


def measure(ground: Ground) -> list[Row]:
    seconds = ground.seconds or SECONDS
    count = RECEIPTS_PER_SECOND * seconds
    secrets = make_books(ground.database_url, ground.folder)
    if ground.rows:
        _judge_others(ground.rows)
    books, redis = Books(ground.database_url, secrets), Redis(ground.folder)
    try:
        with running(books, ground.folder, redis.url, LOG_LEVEL="INFO") as system:
            system.start_web(workers=2)
            # Every receipt leaves something unpaid, so that every one has a discrepancy.
            numbers = [PARTLY_PAID_EVERY * (1000 + number) for number in range(count)]
            Registers(system).state_bills(numbers)
            system.start_worker("-Q", "judging")
            system.start_beat()
            wait_until(lambda: books.count_waiting() == 0)
            settle()
            due, answered, seen = _sell(system, numbers)
    finally:
        redis.stop()
    waits = [(seen[number] - due[number]) * 1000 for number in due]
    answers = [(answered[number] - due[number]) * 1000 for number in due]
    more = {
        "discrepancy seen, median": percentile(waits, 0.5),
        "answer, median": percentile(answers, 0.5),
        "answer, p99": percentile(answers, 0.99),
        "receipts/s answered": count / (max(answered.values()) - min(due.values())),
    }
    title = f"receipt to discrepancy at {RECEIPTS_PER_SECOND}/s, p99"
    return [Row(title, MILLISECONDS, percentile(waits, 0.99), goal=GOAL_MILLISECONDS, more=more)]


def _judge_others(bills: int) -> None:
    """Another shop has so many bills that were paid and judged before."""
    fill_with_paid_bills(bills)
    now = timezone.now()
    Reconciliation(as_of=now, now=now).run()


def _sell(system: System, numbers: list[int]) -> tuple[dict[int, float], dict[int, float], dict[int, float]]:
    """When each receipt was due, when it was answered, and when its discrepancy was seen."""
    watch = Watch(system.books.url, frozenset(map(str, numbers)))
    watching = threading.Thread(target=watch.run, daemon=True)
    watching.start()
    bodies = {number: write_json(make_payment(number)) for number in numbers}
    caller = _Caller(system.port, system.books.secrets[f"register {SMALL_SHOP}"])
    begin = time.monotonic() + 1
    due = {number: begin + place / RECEIPTS_PER_SECOND for place, number in enumerate(numbers)}
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = []
        for number in numbers:
            time.sleep(max(due[number] - time.monotonic(), 0))
            answers.append(pool.submit(caller.send, bodies[number]))
        answered = {number: answer.result() for number, answer in zip(numbers, answers, strict=True)}
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while len(watch.seen) < len(numbers):
        assert time.monotonic() < give_up, f"of {len(numbers)} discrepancies {len(watch.seen)} were found"
        time.sleep(LOOK_EVERY_SECONDS)
    watch.stop()
    watching.join()
    return due, answered, {number: watch.seen[str(number)] for number in numbers}


class _Caller(threading.local):
    """Sends receipts; a connection for each thread."""

    def __init__(self, port: int, secret: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def send(self, body: bytes) -> float:
        """When the answer, which must be 200, was there."""
        self.connection.request("POST", "/api/v2/receipts", body, self.headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return time.monotonic()
