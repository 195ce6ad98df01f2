"""The disk of the database is full: registers are told to try again, and as soon as there is room all goes on."""

import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import TEMPLATE
from tests.faults.load import Registers, check_books
from tests.faults.servers import Books, PostgreSQL, Redis, Server, running
from tests.processes import wait_until

DISK_MEGABYTES = 64
NO_SMALL_DISK = "no disk that may be filled up: mounting one needs an administrator's rights"
DATABASE = "books_on_a_small_disk"
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def small_disk(postgresql: PostgreSQL) -> Iterator[Path]:
    """A disk of its own for tables."""
    folder = postgresql.folder / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip(NO_SMALL_DISK)
    try:
        if postgresql.user:
            shutil.chown(folder, postgresql.user, postgresql.user)
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture
def books_on_small_disk(postgresql: PostgreSQL, template: dict[str, str], small_disk: Path) -> Iterator[Books]:
    postgresql.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    postgresql.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} TABLESPACE small")
    yield Books(postgresql.url(DATABASE), template)
    postgresql.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    postgresql.execute("DROP TABLESPACE small")


def fill(disk: Path) -> Path:
    """A file that takes all the room that is left."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 65536)
    except OSError:
        return ballast


def test_the_disk_of_postgresql_is_full(
    books_on_small_disk: Books, small_disk: Path, broker: Redis, tmp_path: Path
) -> None:
    with running(books_on_small_disk, tmp_path, broker.url) as system:
        system.start_web()
        system.start_worker(concurrency=2)
        system.start_beat()
        registers = Registers(system, at_once=4)
        registers.state_bills(range(1000, 1100))
        with registers:
            time.sleep(1)
            ballast = fill(small_disk)
            wait_until(lambda: registers.statuses[503] > 20)
            ballast.unlink()
            before = len(registers.acknowledged)
            wait_until(lambda: len(registers.acknowledged) > before + 10)
        assert registers.statuses[0] == 0
        wait_until(lambda: books_on_small_disk.count_waiting() == 0)
        check_books(system, registers)
        print(f"\nfull disk: {len(registers.acknowledged)} receipts, {registers.statuses}")


def test_the_disk_of_embedded_books_is_full(embedded_books: Books, tmp_path: Path) -> None:
    """A limit for the size of files is met as a full disk is: in the middle of a write."""
    with running(embedded_books, tmp_path) as system:
        web = system.start_web(workers=2)
        registers = Registers(system, at_once=3)
        with registers:
            time.sleep(1)
            limit_files(web, 256 << 10)
            wait_until(lambda: registers.statuses[503] > 10)
            limit_files(web, None)
            before = len(registers.acknowledged)
            wait_until(lambda: len(registers.acknowledged) > before + 5)
        assert registers.statuses[0] == 0
        web.stop()
        check_books(system, registers)
        print(f"\nembedded, full: {len(registers.acknowledged)} receipts, {registers.statuses}")


def limit_files(web: Server, size_bytes: int | None) -> None:
    """How large a file the web workers may write; None: as large as they like."""
    for pid in web.list_children():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, UNLIMITED[1]) if size_bytes else UNLIMITED)
