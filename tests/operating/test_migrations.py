"""Each migration is safe on a large live database: the former version of the program goes on while it runs, and after.

Those up to BEFORE_FIRST_RELEASE were made when there was nothing to be live. A migration that is safe although the lint
thinks otherwise says why in a constant of its module, SAFE_BECAUSE.
"""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.functions import Now, Upper

from shops.live_indexes import AddIndexBesideWriters, RemoveIndexBesideWriters
from tests.operating.migration_lint import BIG, Lint

# The last number of each app that was made before the first release.
BEFORE_FIRST_RELEASE = {"shops": 60, "reconciliation": 60, "crmpos": 20}

INDEX = models.Index(fields=["total"], name="by_total")
CHECK = models.CheckConstraint(condition=models.Q(total__gte=0), name="total_is_not_negative")


def list_new() -> list[tuple[str, str]]:
    keys = MigrationLoader(None).graph.nodes
    return sorted(key for key in keys if key[0] in BEFORE_FIRST_RELEASE and is_new(*key))


def is_new(app: str, name: str) -> bool:
    return int(name.partition("_")[0]) > BEFORE_FIRST_RELEASE[app]


def test_every_new_migration_is_safe_on_a_large_live_database() -> None:
    loader = MigrationLoader(None)
    faults = {}
    for app, name in list_new():
        node = (app, name)
        if getattr(importlib.import_module(f"{app}.migrations.{name}"), "SAFE_BECAUSE", ""):
            continue
        state = loader.project_state(node, at_end=False)
        found = list(Lint(app, loader.graph.nodes[node], state).find_faults())
        if found:
            faults[f"{app}.{name}"] = found
    assert faults == {}


def test_every_app_with_migrations_has_its_baseline() -> None:
    ours = {key[0] for key in MigrationLoader(None).graph.nodes} & {"shops", "reconciliation", "crmpos"}
    assert ours == set(BEFORE_FIRST_RELEASE) == set(BIG)
    assert not is_new("shops", "0060_last") and is_new("shops", "0061_next")


def test_the_large_tables_are_there() -> None:
    for app, names in BIG.items():
        assert names <= {model._meta.model_name for model in apps.get_app_config(app).get_models()}, app


def lint(*operations: Any, atomic: bool = True) -> list[str]:
    """What is found in a made-up migration of the bills, a large table, and the shops, a small one."""
    state = ProjectState()
    for model in ("bill", "shop"):
        fields = {"id": models.BigAutoField(primary_key=True), "total": models.IntegerField()}
        name = {"name": models.CharField(max_length=20, verbose_name="name")}
        state.add_model(ModelState("shops", model, [*(fields | name).items()]))
    made_up = type("MadeUp", (migrations.Migration,), {"operations": list(operations), "atomic": atomic})
    migration = made_up("0099_made_up", "shops")
    return list(Lint("shops", migration, state).find_faults())


def add(field: Any, model: str = "bill") -> Any:
    return migrations.AddField(model, "column", field)


def work(*args: Any) -> None:
    """A change of data."""


@pytest.mark.parametrize(
    "operation",
    [
        add(models.IntegerField(null=True)),
        add(models.IntegerField(default=0, db_default=0)),
        add(models.CharField(max_length=5, db_default=models.Value(""))),
        add(models.IntegerField(), "shop"),
        migrations.AddIndex("shop", INDEX),
        migrations.AddConstraint("shop", CHECK),
        AddConstraintNotValid("bill", CHECK),
        migrations.AlterField("bill", "name", models.CharField(max_length=20, verbose_name="another")),
        migrations.AlterField("bill", "name", models.CharField(max_length=40)),
        migrations.CreateModel("new", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunSQL("SELECT 1", "SELECT 1"),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("bill", "total")]),
        migrations.AlterModelOptions("bill", {"verbose_name": "bill"}),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_is_safe(operation: Any) -> None:
    assert lint(operation) == []


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        (add(models.IntegerField(default=0)), "the former version writes rows without it"),
        (add(models.DateTimeField(db_default=Now())), "row by row"),
        (add(models.IntegerField(null=True, db_index=True)), "makes an index under a lock"),
        (add(models.IntegerField(null=True, unique=True)), "makes an index under a lock"),
        (add(models.ForeignKey("shops.shop", models.PROTECT, null=True)), "a foreign key is checked under a lock"),
        (
            add(models.GeneratedField(expression=Upper("name"), output_field=models.TextField(), db_persist=True)),
            "a generated column rewrites",
        ),
        (migrations.AddIndex("bill", INDEX), "keeps writers waiting"),
        (migrations.RemoveIndex("bill", "by_total"), "keeps writers waiting"),
        (migrations.AddConstraint("bill", CHECK), "reads the whole table under a lock"),
        (migrations.AlterField("bill", "total", models.BigIntegerField()), "changes the column"),
        (migrations.AlterField("bill", "name", models.CharField(max_length=10)), "changes the column"),
        (migrations.AlterField("bill", "name", models.CharField(max_length=20, null=True)), "changes the column"),
        (migrations.RemoveField("shop", "total"), "the former version still uses it"),
        (migrations.RenameField("shop", "total", "sum"), "still uses the old name"),
        (migrations.DeleteModel("shop"), "the former version still uses it"),
        (migrations.RunSQL("SELECT 1"), "cannot be undone"),
        (migrations.RunPython(work), "cannot be undone"),
        (migrations.RunPython(work, work), "holds its locks until the end"),
        (migrations.RunSQL("ALTER TABLE shops_bill ALTER COLUMN total SET NOT NULL", ""), "locks a large table"),
        (
            migrations.SeparateDatabaseAndState(database_operations=[migrations.AddIndex("bill", INDEX)]),
            "keeps writers waiting",
        ),
        (AddIndexBesideWriters("bill", INDEX), "atomic = False"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.describe(),
)
def test_what_is_not(operation: Any, fault: str) -> None:
    state_has_index = isinstance(operation, migrations.RemoveIndex)
    before = [AddIndexBesideWriters("bill", INDEX)] if state_has_index else []
    assert [found for found in lint(*before, operation) if fault in found]


def test_an_index_beside_writers_is_safe_outside_of_a_transaction() -> None:
    assert lint(AddIndexBesideWriters("bill", INDEX), atomic=False) == []
    both = (AddIndexBesideWriters("bill", INDEX), RemoveIndexBesideWriters("bill", "by_total"))
    assert lint(*both, atomic=False) == []


def test_data_is_changed_by_itself_and_in_batches() -> None:
    change = migrations.RunPython(work, migrations.RunPython.noop)
    assert lint(change, atomic=False) == []
    assert lint(change, add(models.IntegerField(null=True)), atomic=False) == [
        "data and schema are changed in one migration: divide it"
    ]


def test_a_constraint_is_validated_by_itself() -> None:
    found = lint(AddConstraintNotValid("bill", CHECK), ValidateConstraint("bill", CHECK.name))
    assert found == ["a constraint is validated in the transaction that adds it: do so in a further migration"]
