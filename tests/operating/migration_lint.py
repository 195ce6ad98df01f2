"""Whether a migration may run on a large database while the former version of the program goes on. Used by a test.

It reads the operations, not the SQL, so that it says the same wherever it runs. django-migration-linter and squawk know
neither which tables are large here nor the operations of `shops.live_indexes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.state import ProjectState
from django.db.models import CharField, ForeignKey, GeneratedField, Value

from shops.live_indexes import AddIndexBesideWriters, RemoveIndexBesideWriters

# Millions of rows, and written to at every moment.
BIG = {
    "shops": {
        "bill",
        "billline",
        "billversion",
        "exchangebody",
        "exchangeevent",
        "forward",
        "journalfragment",
        "product",
        "receipt",
        "receiptdelivery",
        "receiptline",
        "registerdocument",
        "webhookmessage",
    },
    "reconciliation": {"case", "casereceipt", "casetext", "discrepancy", "discrepancystep", "letter"},
    "crmpos": set(),
}

BESIDE_WRITERS = (AddIndexBesideWriters, RemoveIndexBesideWriters, AddIndexConcurrently, RemoveIndexConcurrently)
RENAMING = (ops.RenameField, ops.RenameModel, ops.AlterModelTable)
REMOVING = (ops.RemoveField, ops.DeleteModel)
DATA = (ops.RunPython, ops.RunSQL)
LOCKING_SQL = (
    "set not null",
    "create index",
    "create unique index",
    "alter column",
    "lock table",
    "vacuum full",
    "cluster ",
)


@dataclass(frozen=True, slots=True)
class Lint:
    """Goes through the operations of one migration, each with the state of the models before it."""

    app: str
    migration: Migration
    state: ProjectState

    def find_faults(self) -> Iterator[str]:
        state = self.state.clone()
        for operation in self.migration.operations:
            yield from self._of_operation(operation, state)
            operation.state_forwards(self.app, state)
        yield from self._of_all()

    def _of_all(self) -> Iterator[str]:
        operations = list(flatten(self.migration.operations))
        data = [operation for operation in operations if isinstance(operation, DATA)]
        if data and len(data) < len(operations):
            yield "data and schema are changed in one migration: divide it"
        if any(isinstance(operation, ops.RunPython) for operation in data) and self.migration.atomic:
            yield "RunPython in one transaction holds its locks until the end: atomic = False, and commit in batches"
        if any(isinstance(operation, BESIDE_WRITERS) for operation in operations) and self.migration.atomic:
            yield "an index beside writers cannot be made in a transaction: atomic = False"
        steps = {type(operation) for operation in operations}
        if {AddConstraintNotValid, ValidateConstraint} <= steps:
            yield "a constraint is validated in the transaction that adds it: do so in a further migration"

    def _of_operation(self, operation: Any, state: ProjectState) -> Iterator[str]:
        if isinstance(operation, ops.SeparateDatabaseAndState):
            for inner in operation.database_operations:
                yield from self._of_operation(inner, state)
        elif isinstance(operation, RENAMING):
            yield f"{name_of(operation)}: the former version still uses the old name"
        elif isinstance(operation, REMOVING):
            yield f"{name_of(operation)}: the former version still uses it; remove it from the state one release before"
        elif isinstance(operation, DATA) and not operation.reversible:
            yield f"{name_of(operation)}: cannot be undone"
        if isinstance(operation, ops.RunSQL):
            yield from self._of_sql(operation)
        model = str(getattr(operation, "model_name_lower", "") or getattr(operation, "model_name", "")).lower()
        if model in BIG[self.app]:
            yield from self._of_big(operation, model, state)

    def _of_sql(self, operation: ops.RunSQL) -> Iterator[str]:
        text = str(operation.sql).lower()
        tables = [f"{app}_{model}" for app, models in BIG.items() for model in models]
        is_of_big = any(table in text for table in tables)
        if is_of_big and any(word in text for word in LOCKING_SQL) and "concurrently" not in text:
            yield f"{name_of(operation)}: locks a large table"

    def _of_big(self, operation: Any, model: str, state: ProjectState) -> Iterator[str]:
        name = name_of(operation)
        if isinstance(operation, ops.AddField):
            yield from (f"{name}: {fault}" for fault in find_faults_of_new(operation.field))
        elif isinstance(operation, ops.AlterField):
            old = state.models[self.app, model].fields[operation.name]
            if is_rewritten(old, operation.field):
                yield f"{name}: changes the column, which rewrites or locks a large table"
        elif isinstance(operation, ops.AddIndex | ops.RemoveIndex) and not isinstance(operation, BESIDE_WRITERS):
            yield f"{name}: keeps writers waiting; AddIndexBesideWriters and RemoveIndexBesideWriters do not"
        elif isinstance(operation, ops.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
            yield f"{name}: reads the whole table under a lock; AddConstraintNotValid, then ValidateConstraint"
        elif isinstance(operation, ops.AlterUniqueTogether | ops.AlterIndexTogether):
            yield f"{name}: makes an index under a lock"


def find_faults_of_new(field: Any) -> Iterator[str]:
    """What is wrong with a new column of a large table."""
    if isinstance(field, GeneratedField):
        yield "a generated column rewrites the table"
        return
    if not field.null and not field.has_db_default():
        yield "the former version writes rows without it: null=True or a constant db_default"
    if field.has_db_default() and not isinstance(field.db_default, str | int | bool | Value):
        yield "a default that is worked out row by row rewrites the table"
    if field.unique or field.db_index:
        yield "makes an index under a lock: without it here, and AddIndexBesideWriters in a further migration"
    if isinstance(field, ForeignKey) and getattr(field, "db_constraint", True):
        yield "a foreign key is checked under a lock on both tables: db_constraint=False first"


def is_rewritten(old: Any, new: Any) -> bool:
    """Whether the column itself is changed by more than a longer limit of its text."""
    for field in (old, new):
        if field.name is None:
            field.set_attributes_from_name("column")
    editor: Any = connection.schema_editor(collect_sql=True)
    if not editor._field_should_be_altered(old, new):
        return False
    is_longer = type(old) is type(new) is CharField and (new.max_length or 0) >= (old.max_length or 0)
    return not (is_longer and old.null == new.null and old.unique == new.unique and old.db_index == new.db_index)


def flatten(operations: Any) -> Iterator[Any]:
    for operation in operations:
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from flatten(operation.database_operations)
        else:
            yield operation


def name_of(operation: Any) -> str:
    words = [str(getattr(operation, name, "")) for name in ("model_name", "name")]
    return " ".join([type(operation).__name__, *(word for word in words if word)])
