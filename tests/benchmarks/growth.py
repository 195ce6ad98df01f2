"""How much more two processes do than one, on PostgreSQL and Redis of its own:

    uv run python -m tests.benchmarks.growth --seconds 20 --bills 20000

Receipts that gunicorn acknowledges in a second, and cases that Celery's workers judge in a second. Servers and callers
share the machine: on one that is busy, or has too few cores, two gain less. So it tells, too, what a receipt or a case
costs of a core's time, in the program and in the database, which does not depend on what else runs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")
django.setup()

from tests.faults.load import Registers  # noqa: E402
from tests.faults.servers import Books, PostgreSQL, Redis, find_postgresql, list_children, make_books, running  # noqa: E402
from tests.processes import ROOT, bare_environment  # noqa: E402

CALLERS = 8
TEMPLATE = "grown"
JUDGED = "reconciliation_case"


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    programs = find_postgresql()
    assert programs is not None, "PostgreSQL is not installed"
    server = PostgreSQL(programs)
    server.start()
    try:
        yield server
    finally:
        server.remove()


def copy(server: PostgreSQL, secrets: dict[str, str], name: str) -> Books:
    server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return Books(server.url(name), secrets)


@dataclass
class Costs:
    """The time of a core that the processes below some have used since it was made."""

    pids: dict[str, int]
    _before: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        self._before = self._read()

    def describe(self, count: int) -> str:
        """Milliseconds for each of `count`."""
        used = {name: seconds - self._before[name] for name, seconds in self._read().items()}
        return ", ".join(f"{name} {used[name] * 1000 / count:.1f} ms" for name in used)

    def _read(self) -> dict[str, float]:
        return {name: sum(map(read_cpu_seconds, list_family(pid))) for name, pid in self.pids.items()}


def list_family(pid: int) -> list[int]:
    return [pid, *(member for child in list_children(pid) for member in list_family(child))]


def read_cpu_seconds(pid: int) -> float:
    """What the process has used; and those of its children that have ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def measure_receipts(
    books: Books, folder: Path, broker: Redis, server: PostgreSQL, workers: int, seconds: int
) -> tuple[float, str]:
    """Receipts a second, with nobody judging beside, and what one costs."""
    with running(books, folder, broker.url) as system:
        web = system.start_web(workers=workers)
        registers = Registers(system, at_once=CALLERS)
        with registers:
            time.sleep(2)
            before, began = len(registers.acknowledged), time.monotonic()
            costs = Costs({"program": web.pid, "database": server.server.pid})
            time.sleep(seconds)
            done, took = len(registers.acknowledged) - before, time.monotonic() - began
            told = costs.describe(done)
    assert registers.faults == []
    return done / took, told


def measure_judging(books: Books, folder: Path, broker: Redis, server: PostgreSQL, workers: int) -> tuple[float, str]:
    """Cases a second, from the first to the last, and what one costs."""
    with running(books, folder, broker.url) as system:
        names = [f"judge{number}" for number in range(workers)]
        judges = {name: system.start_worker("-Q", "judging", name=name).pid for name in names}
        costs, began = Costs(judges | {"database": server.server.pid}), time.monotonic()
        system.start_beat()
        while books.count_waiting():
            time.sleep(0.2)
        took = time.monotonic() - began
        cases = books.count(JUDGED)
        return cases / took, costs.describe(cases)


def import_history(books: Books, folder: Path, bills: int) -> None:
    environment = bare_environment(DATABASE_URL=books.url, CRMPOS_DATA=str(folder))
    log = folder / "history.txt"
    for command in (
        ("generate_history", "--bills", str(bills), "--seed", "7", "--output", str(log)),
        ("import_exchange_log", str(log)),
    ):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)


def tell_load() -> str:
    return f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--bills", type=int, default=20_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crmpos-growth-"))
    with postgresql() as server:
        broker = Redis(folder)
        try:
            server.execute(f"CREATE DATABASE {TEMPLATE}")
            secrets = make_books(server.url(TEMPLATE), folder)
            for workers in (1, 2):
                books = copy(server, secrets, f"receipts_{workers}")
                rate, told = measure_receipts(books, folder, broker, server, workers, options.seconds)
                print(f"gunicorn with {workers}: {rate:.0f} receipts/s; {told}; {tell_load()}", flush=True)
            import_history(Books(server.url(TEMPLATE), secrets), folder, options.bills)
            for workers in (1, 2):
                books = copy(server, secrets, f"judged_{workers}")
                rate, told = measure_judging(books, folder, broker, server, workers)
                print(f"{workers} judging: {rate:.0f} cases/s; {told}; {tell_load()}", flush=True)
        finally:
            broker.stop()


if __name__ == "__main__":
    main()
