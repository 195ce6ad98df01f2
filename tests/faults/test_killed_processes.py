"""Processes are killed at random while registers send receipts: what was acknowledged is on the books, once."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.faults.load import Registers, check_books
from tests.faults.servers import BIG_SHOP, Books, Redis, Server, running
from tests.processes import wait_until

BILLS = range(1000, 1400)


def kill_children(server: Server, *, times: int, every_seconds: float) -> int:
    """Kills the workers of a server, one at a time and any of them; how many."""
    killed = 0
    while killed < times:
        time.sleep(random.uniform(0.2, 1.8) * every_seconds)
        children = server.list_children()
        if children:
            with suppress(ProcessLookupError):
                os.kill(random.choice(children), signal.SIGKILL)
                killed += 1
    return killed


def test_web_workers_are_killed(books: Books, broker: Redis, tmp_path: Path, heavy: bool) -> None:
    with running(books, tmp_path, broker.url) as system:
        web = system.start_web()
        registers = Registers(system)
        registers.state_bills(BILLS)
        with registers:
            assert kill_children(web, times=50, every_seconds=0.5 if heavy else 0.1) == 50
        web.stop()
        assert registers.statuses[0] > 0, "nobody was cut off: the test tries nothing"
        check_books(system, registers)
        print(f"\n50 web workers killed; {len(registers.acknowledged)} receipts, {registers.statuses}")


def test_web_workers_with_embedded_books_are_killed(embedded_books: Books, tmp_path: Path, heavy: bool) -> None:
    """Each web worker runs its own tasks, which die with it."""
    with running(embedded_books, tmp_path) as system:
        web = system.start_web(workers=2)
        registers = Registers(system, at_once=3)
        registers.state_bills(BILLS)
        with registers:
            kill_children(web, times=50 if heavy else 4, every_seconds=1.5)
        web.stop()
        check_books(system, registers)
        print(f"\nembedded; {len(registers.acknowledged)} receipts, {registers.statuses}")


def test_a_celery_worker_is_killed_in_the_middle_of_a_task(
    books: Books, broker: Redis, tmp_path: Path, heavy: bool
) -> None:
    with running(books, tmp_path, broker.url) as system:
        system.start_web(workers=2)
        system.start_beat()
        registers = Registers(system, BIG_SHOP, at_once=2)
        registers.state_bills(range(1000, 5000) if heavy else BILLS)
        worker = system.start_worker(concurrency=2)
        with registers:
            kill_children(worker, times=50 if heavy else 6, every_seconds=0.5)
            for _ in range(10 if heavy else 1):
                worker.kill()  # the whole of it, as a power cut would
                worker.start()
                time.sleep(random.uniform(2, 4))
        wait_until(lambda: books.count_waiting() == 0)
        check_books(system, registers)
        print(f"\nCelery workers killed; {len(registers.acknowledged)} receipts, {registers.statuses}")
