"""A backup that is made while registers send receipts, restored elsewhere: whole, audited, and fit to go on with.

The commands are those of the README.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.load import PROVE, Registers
from tests.faults.servers import Books, PostgreSQL, System, find_postgresql, running
from tests.processes import ROOT

FAR_AHEAD = "2099-01-01T00:00:00Z"
NUMBERS = range(1000, 1100)

# What a process notes of itself while it lives is not of the books.
NOT_COMPARED = {"django_session"}


def back_up_under_load(system: System, back_up: Callable[[], None]) -> tuple[list[int], list[int]]:
    """The receipts that were acknowledged before the backup began, and all that were sent until registers stopped."""
    system.start_web()
    registers = Registers(system, at_once=3, pause_seconds=0.01)
    registers.state_bills(NUMBERS)
    with registers:
        time.sleep(2)
        before = list(registers.acknowledged)
        back_up()
        time.sleep(1)
    assert registers.faults == [] and len(registers.acknowledged) > len(before) > 0
    return before, list(registers.acknowledged)


def check_restored(restored: Books, before: list[int], sent: list[int], folder: Path) -> None:
    """All that was safe before the backup is there once, nothing is there that was never sent, the audit is clean,
    and the books go on."""
    assert {f"r-{number}" for number in before} <= read_receipts(restored) <= {f"r-{number}" for number in sent}
    with running(restored, folder) as system:
        # What was journaled and not yet recorded at the moment of the backup is recorded now.
        system.run(PROVE, FAR_AHEAD)
        system.start_web()
        registers = Registers(system)
        registers.state_bills([5])
        assert registers.sell(5).status == 200
    assert "r-5" in read_receipts(restored) <= {f"r-{number}" for number in (5, *sent)}


def read_receipts(books: Books) -> set[str]:
    """The ids of the receipts on the books, each of which is there once."""
    stored = [row[0] for row in books.query("SELECT receipt_id FROM shops_receipt")]
    assert len(stored) == len(set(stored))
    return set(stored)


def count_all(books: Books) -> dict[str, int]:
    if books.url.startswith("sqlite"):
        names = books.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    else:
        names = books.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name: books.count(f'"{name}"') for (name,) in names if name not in NOT_COMPARED}


def run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_postgresql_is_dumped_and_restored_into_a_new_database(
    books: Books, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    programs = find_postgresql()
    assert programs is not None

    def dump(file: Path) -> None:
        run(programs / "pg_dump", "--format=custom", f"--file={file}", f"--dbname={books.url}")

    def restore(file: Path, name: str) -> Books:
        postgresql.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        postgresql.execute(f"CREATE DATABASE {name}")
        url = postgresql.url(name)
        run(programs / "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", file)
        return Books(url, books.secrets)

    (tmp_path / "live").mkdir()
    with running(books, tmp_path / "live") as system:
        before, sent = back_up_under_load(system, lambda: dump(tmp_path / "busy.dump"))
    dump(tmp_path / "idle.dump")
    assert count_all(restore(tmp_path / "idle.dump", "idle_copy")) == count_all(books)
    (tmp_path / "again").mkdir()
    check_restored(restore(tmp_path / "busy.dump", "busy_copy"), before, sent, tmp_path / "again")
    for name in ("idle_copy", "busy_copy"):
        postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


def back_up_embedded(system: System, file: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", "backup", str(file)]
    return subprocess.run(command, cwd=ROOT, env=system.environment, capture_output=True, text=True, check=False)


def test_embedded_books_are_copied_while_they_are_written(embedded_books: Books, tmp_path: Path) -> None:
    file, live = tmp_path / "backup.sqlite3", tmp_path / "live"
    live.mkdir()

    def back_up() -> None:
        done = back_up_embedded(system, file)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == f"{file}: {file.stat().st_size} bytes"

    with running(embedded_books, live) as system:
        before, sent = back_up_under_load(system, back_up)
        again = back_up_embedded(system, file)
        assert (again.returncode, again.stderr.strip()) == (
            1,
            f"CommandError: {file} is there already: name a new file.",
        )
        idle = tmp_path / "idle.sqlite3"
        back_up_embedded(system, idle)
    assert count_all(Books(f"sqlite:///{idle}", {})) == count_all(embedded_books)
    assert os.stat(file).st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("*.copying")] == []
    restored = tmp_path / "restored" / "crmpos.sqlite3"
    restored.parent.mkdir()
    shutil.copy(file, restored)
    check_restored(Books(f"sqlite:///{restored}", embedded_books.secrets), before, sent, restored.parent)


def test_a_copy_that_cannot_be_written_leaves_nothing(embedded_books: Books, tmp_path: Path) -> None:
    with running(embedded_books, tmp_path) as system:
        done = back_up_embedded(system, tmp_path / "nowhere" / "backup.sqlite3")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: The copy cannot be written: ")


def test_a_server_is_told_to_dump_itself(books: Books, tmp_path: Path) -> None:
    with running(books, tmp_path) as system:
        done = back_up_embedded(system, tmp_path / "backup")
    assert (done.returncode, "use pg_dump" in done.stderr) == (1, True)
