"""Tells PostgreSQL how large tables have become. Used by the services that write many rows at once, of all apps.

Until autovacuum comes by, within a minute or more, PostgreSQL plans with what it last knew. A table that it knew as
empty is read from end to end for every row of another one, and an import that takes seconds takes hours.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model

FIRST_REFRESH_ROWS = 500  # below it, the worst plan is quick


@dataclass(slots=True)
class PlannerStatistics:
    """Brings the statistics of some models' tables up to date whenever the rows written have doubled."""

    models: Collection[type[Model]]
    refresh_at_rows: int = FIRST_REFRESH_ROWS

    def wrote(self, rows: int) -> None:
        """To be called after each batch, with the number of rows written so far."""
        if rows >= self.refresh_at_rows:
            self.refresh_at_rows = 2 * rows
            refresh_statistics(self.models)


def refresh_statistics(models: Collection[type[Model]]) -> None:
    """Has the tables counted now. SQLite plans by the indexes alone and needs nothing."""
    if connection.vendor != "postgresql":
        return
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        # A table that autovacuum or another import has in hand is being counted anyway.
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {tables}")
