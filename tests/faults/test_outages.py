"""Servers go away for a while: registers are told to try again, workers come back by themselves, nothing is lost."""

import time
from pathlib import Path

import pytest

from tests.faults.load import Registers, check_books
from tests.faults.servers import Books, PostgreSQL, Redis, System, running
from tests.processes import wait_until

NUMBERS = range(1000, 1100)
IN_TIME_SECONDS = 10  # Evotor waits so long


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
    assert [server.log.name for server in system.servers if not server.is_running] == []
    wait_until(lambda: is_judged(system.books, 5))


def test_redis_goes_away_and_comes_back_empty(
    books: Books, broker: Redis, tmp_path: Path, outage_seconds: float
) -> None:
    with running(books, tmp_path, broker.url) as system:
        registers = start_all(system)
        with registers:
            time.sleep(2)
            broker.stop()
            before = len(registers.acknowledged)
            time.sleep(outage_seconds)
            during = len(registers.acknowledged) - before
            broker.start()
            time.sleep(2)
        assert set(registers.statuses) == {200}, "a broker that is down fails no receipt"
        assert during > 0
        check_that_all_runs(system, registers)
        assert registers.median_seconds < IN_TIME_SECONDS
        print(f"\nwithout Redis: {during} receipts, half of all within {registers.median_seconds:.2f} s")
        with broker.suspended():
            # It accepts connections and says nothing: a call that meets it waits a second, and those after it do not.
            registers.seconds.clear()
            for number in range(100, 120):
                assert registers.sell(number).status == 200
            assert registers.median_seconds < 1
        check_books(system, registers)


def test_postgresql_goes_away(
    postgresql: PostgreSQL, books: Books, broker: Redis, tmp_path: Path, outage_seconds: float
) -> None:
    with running(books, tmp_path, broker.url) as system:
        registers = start_all(system)
        with registers:
            for end in (postgresql.stop, postgresql.crash):
                time.sleep(2)
                end()
                postgresql.start()
            time.sleep(2)
            postgresql.stop()
            before = registers.statuses[503]
            time.sleep(outage_seconds)
            assert registers.statuses[503] > before
            postgresql.start()
            time.sleep(2)
        assert registers.statuses[0] == 0, "a register is always answered"
        assert registers.median_seconds < IN_TIME_SECONDS
        check_that_all_runs(system, registers)
        check_books(system, registers)
        print(f"\nPostgreSQL stopped three times: {registers.statuses}")
