"""Imports that are broken off, and imports at the same time: nothing is lost, nothing is doubled."""

import io
import re
import signal
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from crmpos.history import Planted, generate_history, write_log
from shops.management.commands.import_exchange_log import INTERRUPTED
from shops.models import ExchangeEvent
from shops.money import format_plain
from tests.logs import export_log, read_discrepancies, run
from tests.processes import finish, start_command, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

AS_OF = "--as-of=2026-03-31T21:00:00+03:00"


History = tuple[Path, list[Planted]]


def write_history(folder: Path, bills: int) -> History:
    """A log of some megabytes, and what is to be found in it."""
    path, planted = folder / "log.txt", list[Planted]()
    with path.open("wb") as file:
        write_log(generate_history(bills=bills, seed=4, days=9, on_planted=planted.append), file)
    return path, planted


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return write_history(tmp_path_factory.mktemp("history"), bills=220)


@pytest.fixture(scope="module")
def long_history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Long enough that an import is still at work when its first batch can be seen."""
    return write_history(tmp_path_factory.mktemp("history"), bills=800)


def assert_whole(path: Path, planted: list[Planted]) -> None:
    """The journal is the log, the facts are those of the journal, and what was planted is found."""
    assert export_log() == path.read_bytes()
    run("reconcile", AS_OF)
    call_command("audit", AS_OF, stdout=io.StringIO())
    found = [(row["shop"], row["bill"], row["receipt"], row["kind"], row["amount"]) for row in read_discrepancies()]
    expected = [(p.shop, p.bill, p.receipt, p.kind, p.amount and format_plain(p.amount)) for p in planted]
    assert sorted(found, key=str) == sorted(expected, key=str)


def wait_for_news(process: "subprocess.Popen[str]", last_pk: int) -> None:
    """Until the import has stored something, or is over."""
    wait_until(lambda: process.poll() is not None or ExchangeEvent.objects.filter(pk__gt=last_pk).exists())


def test_an_import_that_was_broken_off_is_done_again(long_history: History) -> None:
    path, planted = long_history
    entries = len(re.findall(rb"^\| 20", path.read_bytes(), re.MULTILINE))
    broken_off, last_pk = 0, 0
    for number in (signal.SIGINT, signal.SIGKILL, signal.SIGINT):
        process = start_command("import_exchange_log", str(path))
        wait_for_news(process, last_pk)
        process.send_signal(number)
        code, _, errors = finish(process)
        if ExchangeEvent.objects.count() == entries:
            break  # it was done before the signal came
        broken_off, last_pk = broken_off + 1, ExchangeEvent.objects.latest("pk").pk

        assert code == (INTERRUPTED if number == signal.SIGINT else -signal.SIGKILL), errors
        assert "Traceback" not in errors
        if number == signal.SIGINT:
            assert errors.splitlines()[-1] == (
                "CommandError: interrupted; what was imported is kept: import the file again to go on"
            )
    assert broken_off
    held = ExchangeEvent.objects.count()
    code, output, errors = finish(start_command("import_exchange_log", str(path)))

    assert code == 0, errors
    assert f"({held} known before)" in output
    assert_whole(path, planted)


def test_two_imports_of_one_log_at_the_same_time(history: History) -> None:
    path, planted = history
    processes = [start_command("import_exchange_log", str(path)) for _ in range(2)]

    assert [(code, errors) for code, _, errors in map(finish, processes) if code] == []
    assert_whole(path, planted)


def test_imports_and_the_judge_at_the_same_time(history: History, tmp_path: Path) -> None:
    path, planted = history
    log = path.read_bytes()
    middle = log.index(b"\n| 20", len(log) // 2)
    second = log.index(b"\n| 20", len(log) * 2 // 3)
    (tmp_path / "newer.txt").write_bytes(log[:second])
    (tmp_path / "older.txt").write_bytes(log[middle + 1 :])
    processes = [
        start_command("import_exchange_log", str(tmp_path / "newer.txt")),
        start_command("import_exchange_log", str(tmp_path / "older.txt")),
        start_command("reconcile", AS_OF),
        start_command("reconcile", AS_OF),
    ]

    assert [(code, errors) for code, _, errors in map(finish, processes) if code] == []
    assert_whole(path, planted)
