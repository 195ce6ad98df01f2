"""`manage.py generate_history`, and what the program makes of the log: every discrepancy found, none invented."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crmpos.history import generate_history, write_log


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command(*arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def expected_log(bills: int, seed: int) -> bytes:
    output = io.BytesIO()
    write_log(generate_history(bills=bills, seed=seed), output)
    return output.getvalue()


def test_the_log_goes_to_a_file(tmp_path: Path) -> None:
    run("generate_history", "--bills=30", "--seed=5", f"--output={tmp_path / 'journal.txt'}")

    assert (tmp_path / "journal.txt").read_bytes() == expected_log(bills=30, seed=5)


def test_a_name_that_ends_in_gz_is_compressed_and_depends_on_the_seed_alone(tmp_path: Path) -> None:
    for name in ("one.gz", "two.gz"):
        run("generate_history", "--bills=30", "--seed=5", f"--output={tmp_path / name}")

    assert gzip.decompress((tmp_path / "one.gz").read_bytes()) == expected_log(bills=30, seed=5)
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_without_a_file_the_log_goes_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    run("generate_history", "--bills=30", "--seed=5")

    assert capfdbinary.readouterr().out == expected_log(bills=30, seed=5)


@pytest.mark.parametrize("wrong", ["--shops=0", "--days=0", "--bills=-1"])
def test_numbers_that_make_no_history_are_refused(wrong: str) -> None:
    arguments = ["--bills=1", "--seed=1", wrong]
    with pytest.raises(CommandError):
        run("generate_history", *arguments)


def test_a_folder_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        run("generate_history", "--bills=1", "--seed=1", f"--output={tmp_path / 'nowhere' / 'journal.txt'}")


@pytest.mark.django_db
@pytest.mark.parametrize("as_of", ["2026-03-31T21:00:00+03:00", "2026-05-31T21:00:00+03:00"])
def test_every_planted_discrepancy_is_found_and_none_is_invented(tmp_path: Path, as_of: str) -> None:
    journal, planted = tmp_path / "journal.txt", tmp_path / "planted.json"
    run("generate_history", "--bills=700", "--seed=11", f"--output={journal}", f"--planted={planted}")

    run("import_exchange_log", str(journal))
    run("reconcile", "--as-of", as_of)

    found = json.loads(run("discrepancies", "--format", "json"))
    assert sorted(map(identity, found)) == sorted(map(identity, json.loads(planted.read_text("utf-8"))))
    assert len(found) > 30


def identity(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("shop", "bill", "receipt", "kind", "amount"))
