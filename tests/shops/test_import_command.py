"""What `import_exchange_log` takes, and what it says."""

import gzip
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils.translation import override

from shops.models import ExchangeEvent, JournalFragment
from tests.factories import SAMPLE
from tests.logs import Log, export_log, import_log, line, make_bill, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


def test_it_says_what_came_of_a_log() -> None:
    output, errors = run("import_exchange_log", str(SAMPLE))

    assert output == (
        f"{SAMPLE}: 20 entries (0 known before), 10 new exchanges; new bills: 16, new receipts: 3, "
        "receipts delivered again: 0; damaged: 0\n"
    )
    assert errors == ""


def test_a_compressed_log_is_taken_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    run("import_exchange_log", str(path))

    assert export_log() == SAMPLE.read_bytes()


def test_a_compressed_log_that_is_cut_off_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    whole = gzip.compress(SAMPLE.read_bytes(), compresslevel=0)
    path.write_bytes(whole[: len(whole) // 2])
    _, errors = run("import_exchange_log", str(path))

    assert 0 < ExchangeEvent.objects.count() < 20
    assert "the compressed file is cut off; what came before was imported" in errors


def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SAMPLE.read_bytes())))
    output, _ = run("import_exchange_log", "-")

    assert output.startswith("stdin: 20 entries")
    assert export_log() == SAMPLE.read_bytes()


def test_several_files_are_taken_in_turn(tmp_path: Path) -> None:
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    for path, hour in ((first, "10:00"), (second, "11:00")):
        log = Log()
        log.ask_bill(make_bill("501", [line("tea", 100)]), at=hour)
        path.write_bytes(log.write())
    output, _ = run("import_exchange_log", str(first), str(second))

    assert [text.split(":")[0] for text in output.splitlines()] == [str(first), str(second)]
    assert ExchangeEvent.objects.count() == 4


def test_the_bar_in_a_terminal_ends_where_the_log_does(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("shops.exchange_log.PROGRESS_BYTES", 1000)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    run("import_exchange_log", str(SAMPLE))
    last = terminal.getvalue().rpartition("\r")[2]
    assert "100%" in last


def test_an_empty_file_holds_nothing() -> None:
    output, errors = import_log(b"")

    assert "0 entries" in output
    assert errors == ""


@pytest.mark.parametrize(("name", "reason"), [("nothing.txt", "No such file or directory"), (".", "Is a directory")])
def test_what_is_no_file_is_named(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run("import_exchange_log", str(tmp_path / name))


def test_damage_is_reported_with_its_line_and_kept_as_it_was(tmp_path: Path) -> None:
    log = Log()
    log.ask_bill(make_bill("501", [line("tea", 100)]))
    log.say("LIST", "Ответ", '[\n{\n"id": 5')
    log.say("PING", "Запрос", "{}")
    top, *others = log.write().split(b"\n")
    text = b"\n".join([top, b"what is this \xff", *others])
    path = tmp_path / "log.txt"
    path.write_bytes(text)
    _, errors = run("import_exchange_log", str(path))

    assert errors.splitlines() == [
        f"{path}:1: unknown kind PING",
        f"{path}:2: text that belongs to no entry",
        f"{path}:3: not JSON: Input data was truncated",
    ]
    assert JournalFragment.objects.get().line_number == 2
    assert export_log() == text
    assert import_log(text)[1] == ""
    assert export_log() == text


def test_only_the_first_of_many_damages_are_shown() -> None:
    log = Log()
    for _ in range(60):
        log.say("PING", "Запрос", "{}")
    _, errors = import_log(log)

    assert len(errors.splitlines()) == 51
    assert errors.splitlines()[-1].endswith("and 10 more")


@pytest.mark.parametrize(
    "body",
    ["{}", '{\n"id": 1e400\n}', "[" * 3000, '"\\ud800"', "\x00", "null", '{"id":"' + "9" * 5000 + '"}', "0" * 400],
)
@pytest.mark.parametrize("kind", ["LIST", "BILL", "RECEIPT"])
@pytest.mark.parametrize("direction", ["Запрос", "Ответ"])
def test_nothing_that_a_message_says_breaks_an_import(kind: str, direction: str, body: str) -> None:
    log = Log()
    log.say(kind, direction, body)
    text = log.write()
    import_log(text)

    assert ExchangeEvent.objects.count() == 1
    assert export_log() == text
    run("reconcile")
    run("audit")
