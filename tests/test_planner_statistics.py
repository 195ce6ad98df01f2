"""PostgreSQL learns the size of what was just written, though it knew the tables as empty."""

from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.models import Model

from crmpos.history import DEFAULT_END, generate_history, write_log
from reconciliation.models import Case, Discrepancy
from reconciliation.services import FINDINGS
from shops.models import Bill, BillLine, BillVersion, ExchangeEvent, Receipt, ReceiptDelivery, ReceiptLine
from shops.planner_statistics import refresh_statistics
from shops.services import FACTS
from tests.logs import MOSCOW, run

AS_OF = f"--as-of={DEFAULT_END.isoformat()}{MOSCOW}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.txt"
    with path.open("wb") as file:
        write_log(generate_history(bills=600, seed=5, days=30), file)
    return path


@pytest.fixture
def tables_known_as_empty(transactional_db: None, log: Path) -> None:
    """What PostgreSQL knows after an import that failed: tables of many pages, and no row in any of them."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite plans without a count of rows")
    with transaction.atomic():
        run("import_exchange_log", str(log))
        run("reconcile", AS_OF)
        transaction.set_rollback(True)
    refresh_statistics((*FACTS, *FINDINGS))


@pytest.mark.usefixtures("tables_known_as_empty")
def test_planner_knows_how_much_was_imported_and_found(log: Path) -> None:
    assert _believed_rows(BillLine) == 0

    run("import_exchange_log", str(log))
    run("reconcile", AS_OF)

    written = (ExchangeEvent, Bill, BillVersion, BillLine, Receipt, ReceiptLine, ReceiptDelivery, Case, Discrepancy)
    for model in written:
        # Counted whenever the rows had doubled, so what is known is never less than half of what is there.
        assert model._default_manager.count() / 2 <= _believed_rows(model) <= model._default_manager.count(), model


def _believed_rows(model: type[Model]) -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return float(cursor.fetchone()[0])
