"""How long a log takes to be imported, held against `json.loads` of the bodies of its messages and nothing else.

The import is the command itself, from its start to its end, in a process of its own, into an empty database. That it
brought everything is told by the export, which gives the log again, byte for byte.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path

from django.core.management import call_command

from crmpos.history import generate_history, write_log
from shops.exchange_log import Entry, read_oldest_first
from shops.models import ExchangeEvent
from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import SECONDS, Measured, Row, Side, compare

BILLS = 18_500  # about 100 MB; ten times as many are 1 GB, and take some minutes to be invented
SEED = 7
GOAL = 6


def compare_import(ground: Ground) -> list[Row]:
    """The command against the limit; memory is the most that its process had at once."""
    log = ground.folder / "log.txt"
    with log.open("wb") as file:
        write_log(generate_history(bills=ground.rows or BILLS, seed=SEED), file)
    ours, limit = Side("crmpos", lambda: _import(log)), Side("json.loads", lambda: _decode(log))
    return compare("import", SECONDS, ours, limit, goal=GOAL, rounds=ground.rounds)


def _import(log: Path) -> Measured:
    call_command("flush", interactive=False, verbosity=0)
    command = [sys.executable, "manage.py", "import_exchange_log", str(log)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    exported = log.with_suffix(".exported")
    call_command("export_exchange_log", output=exported)
    more = {
        "log, MB": log.stat().st_size / 1_000_000,
        "peak memory, MB": usage.ru_maxrss / 1024,
        "processor, s": usage.ru_utime + usage.ru_stime,
    }
    return Measured(seconds, (ExchangeEvent.objects.count(), _digest(exported)), more)


def _decode(log: Path) -> Measured:
    seconds, entries = 0.0, 0
    for body in _read_bodies(log):
        began = time.perf_counter()
        with suppress(ValueError):  # a few are damaged on purpose
            json.loads(body or b"null")
        seconds += time.perf_counter() - began
        entries += 1
    return Measured(seconds, (entries, _digest(log)))


def _read_bodies(log: Path) -> Iterator[bytes]:
    with log.open("rb") as file:
        for item in read_oldest_first(file):
            if isinstance(item, Entry):
                yield item.body


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
