"""Registers that send receipts until each is acknowledged, as Evotor's cloud does. Used by tests."""

import json
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.utils import timezone

from shops.wire_writer import write_json
from tests.faults.servers import SMALL_SHOP, Books, System
from tests.logs import line, make_bill, make_receipt
from tests.protocol.conftest import make_event

TIMEOUT_SECONDS = 60  # a busy machine is slow, and that is no fault
GIVE_UP_SECONDS = 180
LONGEST_PAUSE_SECONDS = 0.3
PARTLY_PAID_EVERY = 5
BILLS_AT_ONCE = 20
TEA, CUP = line("tea", 100), line("cup", 50)

PROVE = """
import io, sys
import django
django.setup()
from django.core.management import call_command
as_of = f"--as-of={sys.argv[1]}"
silent = io.StringIO()
call_command("reconcile", as_of, stdout=silent)
call_command("audit", as_of, stdout=silent)
call_command("discrepancies", "--format=json")
"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` 0: no answer came. A 503 says when to try again."""

    status: int
    body: bytes
    seconds: float
    retry_after: str = ""


def call(port: int, method: str, path: str, secret: str, body: bytes = b"") -> Reply:
    """One attempt."""
    begun = time.monotonic()
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)) as connection:
            connection.request(method, path, body, {"Authorization": f"Bearer {secret}"})
            response = connection.getresponse()
            content = response.read()
            after = response.headers.get("Retry-After", "")
            return Reply(response.status, content, time.monotonic() - begun, after)
    except (OSError, HTTPException):
        return Reply(0, b"", time.monotonic() - begun)


def make_paid_bill(number: int) -> Json:
    return make_bill(str(number), [TEA, CUP])


def is_partly_paid(number: int) -> bool:
    return number % PARTLY_PAID_EVERY == 0


def make_payment(number: int) -> Json:
    """The one receipt of a bill: every fifth leaves the cup unpaid."""
    lines = [TEA] if is_partly_paid(number) else [TEA, CUP]
    receipt = make_receipt(f"r-{number}", lines, make_paid_bill(number))
    return make_event(receipt | {"dateTime": timezone.now().isoformat()}, f"event-{number}")


@dataclass
class Registers:
    """Several registers of a shop, each with one receipt at a time in its hand."""

    system: System
    shop: int = SMALL_SHOP
    at_once: int = 6
    pause_seconds: float = 0
    acknowledged: list[int] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # that each answer took
    next_number: int = 1000  # of the bill that was sold last
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def state_bills(self, numbers: Sequence[int]) -> None:
        """The CRM states the bills that will be paid."""
        parts = [numbers[begin : begin + BILLS_AT_ONCE] for begin in range(0, len(numbers), BILLS_AT_ONCE)]
        with ThreadPoolExecutor(self.at_once) as pool:
            for codes in pool.map(self._state, parts):
                assert codes <= {200, 201}

    def _state(self, numbers: Sequence[int]) -> set[int]:
        body = write_json([make_paid_bill(number) for number in numbers])
        reply = call(self.system.port, "POST", "/api/v2/bills", self._secret("crm"), body)
        return {item["code"] for item in json.loads(reply.body)}

    def __enter__(self) -> "Registers":
        """Begins to sell, without end."""
        self._threads = [threading.Thread(target=self._sell, daemon=True) for _ in range(self.at_once)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Sells no more; what is in hand is sent until it is acknowledged."""
        self._stop.set()
        for thread in self._threads:
            thread.join(GIVE_UP_SECONDS)
        assert not any(thread.is_alive() for thread in self._threads)

    @property
    def median_seconds(self) -> float:
        return statistics.median(self.seconds)

    def sell(self, number: int) -> Reply:
        """Sends the receipt of a bill again and again until it is acknowledged; the last reply."""
        body = write_json(make_payment(number))
        give_up = time.monotonic() + GIVE_UP_SECONDS
        while True:
            reply = call(self.system.port, "POST", "/api/v2/receipts", self._secret("register"), body)
            with self._lock:
                self.statuses[reply.status] += 1
                self.seconds.append(reply.seconds)
                if reply.status == 200:
                    self.acknowledged.append(number)
                elif fault := _find_fault(reply):
                    self.faults.append(fault)
            if reply.status == 200 or time.monotonic() > give_up:
                return reply
            time.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))

    def _sell(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                self.next_number += 1
                number = self.next_number
            self.sell(number)
            time.sleep(self.pause_seconds)

    def _secret(self, role: str) -> str:
        return self.system.books.secrets[f"{role} {self.shop}"]


def _find_fault(reply: Reply) -> str:
    """What a register must never be answered: anything but 200, no answer, or a 503 in the protocol's form."""
    if reply.status == 0:
        return ""
    if reply.status != 503:
        return f"{reply.status}: {reply.body[:300]!r}"
    if not reply.retry_after.isdigit() or "errors" not in json.loads(reply.body):
        return f"503 without Retry-After or in another form: {reply.body[:300]!r}"
    return ""


def check_books(system: System, registers: Registers) -> None:
    """Every acknowledged receipt is on the books exactly once, each is judged rightly, and the audit finds nothing."""
    books, acknowledged = system.books, registers.acknowledged
    assert registers.faults == []
    assert len(set(acknowledged)) == len(acknowledged) > 0
    stored = dict(books.query("SELECT receipt_id, count(*) FROM shops_receipt GROUP BY receipt_id"))
    assert stored == {f"r-{number}": 1 for number in acknowledged}
    lines = sum(1 if is_partly_paid(number) else 2 for number in acknowledged)
    assert books.count("shops_receiptline") == lines
    # Requests whose answer never came are judged a minute later.
    as_of = timezone.now() + timedelta(minutes=3)
    rows = json.loads(system.run(PROVE, as_of.isoformat()))
    # That somebody was left without an answer is true, and no matter.
    found = [(row["bill"] or row["receipt"], row["kind"]) for row in rows if row["kind"] != "unanswered"]
    assert len(found) == len(set(found))
    assert set(found) == find_expected(books, acknowledged)


def find_expected(books: Books, acknowledged: Sequence[int]) -> set[tuple[str, str]]:
    """Bills that were paid in part, and receipts whose bill nobody has stated."""
    stated = {row[0] for row in books.query("SELECT external_id FROM shops_bill WHERE version > 0")}
    return {
        (str(number), "partial_receipt") if str(number) in stated else (f"r-{number}", "unknown_bill")
        for number in acknowledged
        if str(number) not in stated or is_partly_paid(number)
    }
