"""The journal of three shops: what it hides, exactly, and nothing that a second import would change."""

import json
from typing import Any

import pytest
from django.apps import apps

from tests.factories import SAMPLE, SAMPLE_AS_OF
from tests.logs import export_log, run

pytestmark = pytest.mark.django_db


def read_everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the two apps."""
    models = [model for app in ("shops", "reconciliation") for model in apps.get_app_config(app).get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def test_the_sample_hides_two_discrepancies() -> None:
    run("import_exchange_log", str(SAMPLE))
    run("reconcile", f"--as-of={SAMPLE_AS_OF}")
    output, _ = run("discrepancies", "--format=json")
    rows = json.loads(output)

    assert [(row["shop"], row["bill"], row["receipt"], row["kind"], row["amount"], row["status"]) for row in rows] == [
        (40, "137456", None, "partial_receipt", "-31040.00", "open"),
        (171, "49152", None, "listed_after_receipt", None, "open"),
    ]
    run("audit", f"--as-of={SAMPLE_AS_OF}")


def test_what_was_imported_comes_out_byte_for_byte() -> None:
    run("import_exchange_log", str(SAMPLE))

    assert export_log() == SAMPLE.read_bytes()


def test_a_second_import_changes_nothing() -> None:
    run("import_exchange_log", str(SAMPLE))
    run("reconcile", f"--as-of={SAMPLE_AS_OF}")
    before = read_everything()
    output, errors = run("import_exchange_log", str(SAMPLE))
    run("reconcile", f"--as-of={SAMPLE_AS_OF}")

    assert read_everything() == before
    assert errors == ""
    assert "20" in output
