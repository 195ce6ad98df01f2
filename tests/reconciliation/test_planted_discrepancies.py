"""An invented history through the commands: every discrepancy that was planted is found, and nothing else."""

from pathlib import Path

import pytest
from django.core.management import call_command

from crmpos.history import DEFAULT_END, Planted, generate_history, write_log
from shops.money import format_plain
from tests.logs import MOSCOW, export_log, read_discrepancies, run


@pytest.mark.django_db
def test_what_was_planted_is_found_and_nothing_else(tmp_path: Path) -> None:
    log, planted = tmp_path / "log.txt", list[Planted]()
    with log.open("wb") as file:
        write_log(generate_history(bills=800, seed=21, days=30, on_planted=planted.append), file)
    as_of = f"--as-of={DEFAULT_END.isoformat()}{MOSCOW}"

    run("import_exchange_log", str(log))
    run("reconcile", as_of)

    found = [(row["shop"], row["bill"], row["receipt"], row["kind"], row["amount"]) for row in read_discrepancies()]
    expected = [
        (one.shop, one.bill, one.receipt, one.kind, None if one.amount is None else format_plain(one.amount))
        for one in planted
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert export_log() == log.read_bytes()
    call_command("audit", as_of)
