"""Logs that overlap bring each entry once."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from shops.models import ExchangeEvent

SAMPLE = Path(__file__).parents[2] / "crmpos" / "samples" / "exchange-log.txt"


def import_log(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    call_command("import_exchange_log", str(path), stdout=io.StringIO(), stderr=io.StringIO())


def export_log(path: Path) -> bytes:
    call_command("export_exchange_log", f"--output={path}")
    return path.read_bytes()


@pytest.mark.django_db
@pytest.mark.parametrize("line_ends", [(b"", b"\n"), (b"\n", b""), (b"\n\n", b"\n")])
def test_a_newline_at_the_end_of_a_log_makes_no_other_entry(tmp_path: Path, line_ends: tuple[bytes, bytes]) -> None:
    first, second = (SAMPLE.read_bytes() + line_end for line_end in line_ends)

    import_log(tmp_path / "first.txt", first)
    import_log(tmp_path / "second.txt", second)

    assert ExchangeEvent.objects.count() == 20
    assert export_log(tmp_path / "export.txt") == first
