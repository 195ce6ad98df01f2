"""Metrics of several processes: each writes files of its own in one folder, and whoever is asked adds them up.

The files of a process that has ended are added to one, under a lock, lest a server that replaces its workers now and
then leaves a folder of thousands. Loads no Django: gunicorn's master calls it.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
ENDED = "ended"
LOCK = "lock"


def share_metrics(folder: str) -> Path:
    """From now on the metrics of this process and of its children are written into the folder, which is made."""
    path = Path(folder).absolute()
    path.mkdir(parents=True, exist_ok=True)
    os.environ[VARIABLE] = str(path)
    # Containers that share the folder have the same process numbers.
    values.ValueClass = values.MultiProcessValue(name_process)
    return path


def name_process() -> str:
    return f"{_name_host()}-{os.getpid()}"


def retire_ended_processes(folder: Path) -> int:
    """Adds up the files of this machine's processes that have ended; how many there were."""
    retired = 0
    with locked(folder):
        for path in sorted(folder.glob(f"*_{_name_host()}-*.db")):
            kind, _, process = path.stem.partition("_")
            number = process.rpartition("-")[2]
            if number.isdigit() and not _is_running(int(number)):
                _add_up(path, folder / f"{kind}_{_name_host()}-{ENDED}.db")
                path.unlink()
                retired += 1
    return retired


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While it is held, no file of the folder goes into another."""
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _add_up(source: Path, target: Path) -> None:
    sums = MmapedDict(str(target))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(source)):
            held, _ = sums.read_value(key)
            sums.write_value(key, held + value, 0)
    finally:
        sums.close()


@cache
def _name_host() -> str:
    return socket.gethostname().replace("_", "-").partition(".")[0]


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
