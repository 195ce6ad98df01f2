"""Times the judging of many cases by one Celery worker, and by two.

    uv run python tests/benchmarks/judging_with_two_workers.py --cases 100000

It starts a PostgreSQL, a Redis and the workers of its own, fills the books of one shop with bills and their receipts
(`--cases`, every tenth paid in part), and prints how long each way took and how many times as long one worker needed
as two. Both must have found the same. Absolute figures are this machine's; the ratio needs two free processors.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")

from tests.faults.filling import FILL, FOUND  # noqa: E402
from tests.faults.servers import Books, PostgreSQL, Redis, find_postgresql, make_books, running  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    options = parser.parse_args()
    programs = find_postgresql()
    assert programs is not None, "the programs of a PostgreSQL server are not installed"
    postgresql = PostgreSQL(programs)
    try:
        postgresql.start()
        compare(postgresql, options.cases)
    finally:
        postgresql.remove()


def compare(postgresql: PostgreSQL, cases: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        postgresql.execute("CREATE DATABASE filled")
        filled = Books(postgresql.url("filled"), make_books(postgresql.url("filled"), folder))
        with running(filled, folder) as system:
            system.run(FILL, str(cases))
        filled.query("ANALYZE")
        times: list[float] = []
        found: list[object] = []
        for workers in (1, 2):
            postgresql.execute(f"CREATE DATABASE judged_by_{workers} TEMPLATE filled")
            books = Books(postgresql.url(f"judged_by_{workers}"), {})
            times.append(judge(books, folder / str(workers), workers))
            found.append(books.query(FOUND))
            print(f"{workers} worker(s): {cases / times[-1]:.0f} cases a second ({times[-1]:.1f} s)", flush=True)
        assert found[0] == found[1], "one worker and two have not found the same"
    print(f"one worker needs {times[0] / times[1]:.2f} times as long as two; both found the same: {found[0]}")


def judge(books: Books, folder: Path, workers: int) -> float:
    """How many seconds workers need until nothing waits."""
    folder.mkdir()
    redis = Redis(folder)
    try:
        with running(books, folder, redis.url, LOG_LEVEL="WARNING") as system:
            for number in range(workers):
                system.start_worker("-Q", "judging", "--loglevel", "INFO", name=f"worker-{number}")
            begun = time.monotonic()
            system.start_beat()
            while books.count_waiting():
                time.sleep(0.5)
            return time.monotonic() - begun
    finally:
        redis.stop()


if __name__ == "__main__":
    main()
