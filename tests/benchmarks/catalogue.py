"""The benchmarks that `manage.py benchmark` knows, and the ground they stand on."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.benchmarks.comparing import ROUNDS, Row


@dataclass(frozen=True, slots=True)
class Ground:
    """What a benchmark works on: a fresh, migrated database of its own, which the settings name as well, and a folder.

    `rows` and `seconds` are None where the benchmark is to take its own.
    """

    database_url: str
    folder: Path
    rounds: int = ROUNDS
    rows: int | None = None
    seconds: int | None = None

    @property
    def is_postgresql(self) -> bool:
        return self.database_url.startswith("postgres")


Run = Callable[[Ground], list[Row]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`place` is `module:function` under tests/benchmarks; it is loaded only when it runs."""

    place: str
    what: str
    needs_postgresql: bool = False

    def load(self) -> Run:
        module, _, function = self.place.partition(":")
        return cast(Run, getattr(importlib.import_module(f"tests.benchmarks.{module}"), function))


BENCHMARKS = {
    "judging": Benchmark("judging:compare_judging", "a million new cases, and once more when nothing has changed"),
    "two-workers": Benchmark(
        "two_workers:compare_workers", "a hundred thousand cases by two workers and by one", needs_postgresql=True
    ),
    "receipt": Benchmark("serving:compare_receipts", "RECEIPT over HTTP", needs_postgresql=True),
    "list": Benchmark("serving:compare_list", "LIST over HTTP, of a shop of a million bills", needs_postgresql=True),
    "bill": Benchmark("serving:compare_bill", "BILL over HTTP, of a shop of a million bills", needs_postgresql=True),
    "web-workers": Benchmark(
        "web_workers:compare_web_workers", "RECEIPT by two web workers and by one", needs_postgresql=True
    ),
    "latency": Benchmark(
        "latency:measure", "from a receipt to its discrepancy at 200 receipts a second", needs_postgresql=True
    ),
    "import": Benchmark("importing:compare_import", "a log of 100 MB against json.loads of its messages"),
    "queue": Benchmark("pages:compare_queue", "the queue, its filters and its search among a million discrepancies"),
    "owner": Benchmark("pages:compare_owner", "the owner's page among a million receipts"),
}
