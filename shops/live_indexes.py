"""Indexes on tables that registers write to at every moment. Used by migrations of all apps.

PostgreSQL keeps writers waiting while it makes an index, minutes on a large table, unless it is told to work beside
them, which it does outside of a transaction only: a migration with such an operation has `atomic = False`.
"""

from collections.abc import Mapping

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex, RemoveIndex, RunPython
from django.db.migrations.state import ProjectState, StateApps


class AddIndexBesideWriters(NotInTransactionMixin, AddIndex):
    """`AddIndex` that keeps no writer waiting; an index that an interrupted migration left behind is made anew."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            name = schema_editor.quote_name(self.index.name)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.add_index(model, self.index, concurrently=True)  # type: ignore[call-arg]


class RemoveIndexBesideWriters(NotInTransactionMixin, RemoveIndex):
    """`RemoveIndex` that keeps no writer waiting."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        self._ensure_not_in_transaction(schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            schema_editor.remove_index(model, index, concurrently=True)  # type: ignore[call-arg]


def remove_key_indexes(indexes: Mapping[str, tuple[str, str]]) -> RunPython:
    """Removes indexes that Django made of foreign keys: by their names, each with its table and column.

    What the models say is another operation's: `AlterField` in the database would check the keys anew, under a lock.
    """

    def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for name in indexes:
            schema_editor.execute(f"DROP INDEX {_beside_writers(schema_editor)} IF EXISTS {name}")

    def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        drop(apps, schema_editor)  # what an interrupted one has left
        for name, (table, column) in indexes.items():
            schema_editor.execute(f"CREATE INDEX {_beside_writers(schema_editor)} {name} ON {table} ({column})")

    return RunPython(drop, make)


def _beside_writers(schema_editor: BaseDatabaseSchemaEditor) -> str:
    return "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
