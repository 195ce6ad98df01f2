"""Servers go away for a while: registers are told to try again, workers come back by themselves, nothing is lost."""

import time
from pathlib import Path

import pytest

from tests.faults.load import Registers, check_books
from tests.faults.servers import Books, PostgreSQL, Redis, System, running
from tests.processes import wait_until

NUMBERS = range(1000, 1100)
IN_TIME_SECONDS = 10  # Evotor waits so long
JUDGED_WITHIN_SECONDS = 20


@pytest.fixture
def outage_seconds(heavy: bool) -> float:
    """How long a server is away."""
    return 60 if heavy else 4


def start_all(system: System) -> Registers:
    system.start_web()
    system.start_worker(concurrency=2)
    system.start_beat()
    registers = Registers(system, at_once=3, pause_seconds=0.02)
    registers.state_bills(NUMBERS)
    return registers


def is_judged(books: Books, number: int) -> bool:
    named = f"shops_receipt WHERE receipt_id = 'r-{number}'"
    return books.count(named) == 1 and books.count_waiting() == 0


def check_that_all_runs(system: System, registers: Registers) -> None:
    """A receipt that comes now is acknowledged and judged by the processes that were there before the outage."""
    assert registers.sell(5).status == 200
    assert all(server.process is not None and server.process.poll() is None for server in system.servers)
    wait_until(lambda: is_judged(system.books, 5))


def test_redis_goes_away_and_comes_back_empty(
    books: Books, broker: Redis, tmp_path: Path, outage_seconds: float
) -> None:
    with running(books, tmp_path, broker.url) as system:
        registers = start_all(system)
        with registers:
            time.sleep(2)
            before = len(registers.acknowledged)
            broker.stop()
            time.sleep(outage_seconds)
            during = len(registers.acknowledged) - before
            broker.start()
            time.sleep(2)
        assert set(registers.statuses) == {200}, "a broker that is down fails no receipt"
        assert during > 0
        assert registers.slowest_seconds < IN_TIME_SECONDS
        check_that_all_runs(system, registers)
        check_books(system, registers)
        print(f"\n{during} receipts without Redis, the slowest in {registers.slowest_seconds:.2f} s")


def test_redis_hangs(books: Books, broker: Redis, tmp_path: Path) -> None:
    """A server that accepts connections and says nothing delays a few calls by a second, and none after them."""
    with running(books, tmp_path, broker.url) as system:
        system.start_web(workers=1)
        registers = Registers(system)
        registers.sell(1001)
        with broker.suspended():
            for number in range(1002, 1012):
                registers.sell(number)
            begun = time.monotonic()
            for number in range(1012, 1016):
                registers.sell(number)
            seconds = time.monotonic() - begun
        assert set(registers.statuses) == {200}
        assert seconds < 4
        check_books(system, registers)


@pytest.mark.parametrize("way", ["restarted", "crashed", "stopped for a while"])
def test_postgresql_goes_away(
    postgresql: PostgreSQL, books: Books, broker: Redis, tmp_path: Path, outage_seconds: float, way: str
) -> None:
    with running(books, tmp_path, broker.url) as system:
        registers = start_all(system)
        with registers:
            time.sleep(2)
            postgresql.crash() if way == "crashed" else postgresql.stop()
            try:
                time.sleep(outage_seconds if way == "stopped for a while" else 0)
            finally:
                postgresql.start()
            time.sleep(2)
        if way == "stopped for a while":
            assert registers.statuses[503] > 0
        assert registers.statuses[0] == 0, "a register is always answered"
        assert registers.slowest_seconds < IN_TIME_SECONDS
        check_that_all_runs(system, registers)
        check_books(system, registers)
        print(f"\n{way}: {len(registers.acknowledged)} receipts, {registers.statuses}")
