"""How many more receipts two of gunicorn's workers take in a second than one does, and what a receipt costs.

Servers and callers share the machine: with too few cores two gain less. So it tells, too, what a receipt costs of a
core's time, in the program and in the database, which does not depend on what else runs.
"""

import os
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import PER_SECOND, Measured, Row, Side, compare
from tests.faults.load import Registers
from tests.faults.servers import Books, Redis, list_children, make_books, running

SECONDS = 10
CALLERS = 8
WARM_UP_SECONDS = 2


def compare_web_workers(ground: Ground) -> list[Row]:
    secrets = make_books(ground.database_url, ground.folder)
    measure = partial(_measure, ground, secrets)
    two, one = (Side(f"{count} worker(s)", partial(measure, count)) for count in (2, 1))
    return compare("receipts with two web workers", PER_SECOND, two, one, rounds=ground.rounds)


def _measure(ground: Ground, secrets: dict[str, str], workers: int) -> Measured:
    """Receipts a second, of bills that nobody has stated, with nobody judging beside."""
    books, redis = Books(ground.database_url, secrets), Redis(ground.folder)
    try:
        with running(books, ground.folder, redis.url) as system:
            web = system.start_web(workers=workers)
            registers = Registers(system, at_once=CALLERS, next_number=books.count("shops_receipt") + 1000)
            with registers:
                time.sleep(WARM_UP_SECONDS)
                costs = Costs({"program": web.pid, "database": _find_server(ground.database_url)})
                before, began = len(registers.acknowledged), time.monotonic()
                time.sleep(ground.seconds or SECONDS)
                done, took = len(registers.acknowledged) - before, time.monotonic() - began
                spent = costs.read_milliseconds(done)
    finally:
        redis.stop()
    assert registers.faults == []
    return Measured(done / took, more=spent)


@dataclass
class Costs:
    """The time of a core that the processes below some have used since it was made."""

    pids: dict[str, int]
    _before: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._before = self._read_seconds()

    def read_milliseconds(self, count: int) -> dict[str, float]:
        """For each of `count`."""
        used = self._read_seconds()
        return {f"{name}, ms of a core": (used[name] - self._before[name]) * 1000 / count for name in used}

    def _read_seconds(self) -> dict[str, float]:
        return {name: sum(map(_read_cpu_seconds, _list_family(pid))) for name, pid in self.pids.items()}


def _find_server(url: str) -> int:
    """The process that all sessions of the server stem from; it must run on this machine."""
    with psycopg.connect(url) as connection:
        status = Path(f"/proc/{connection.info.backend_pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))


def _list_family(pid: int) -> list[int]:
    return [pid, *(member for child in list_children(pid) for member in _list_family(child))]


def _read_cpu_seconds(pid: int) -> float:
    """What the process has used; and those of its children that have ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
