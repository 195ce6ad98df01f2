"""Gives the texts of journal entries a table of their own, on PostgreSQL partitioned by month of UTC.

Nothing large is locked or rewritten: two columns with a default of the database are added, a table and its partitions are
made, and a trigger has programs that still write a text beside its entry write it here as well. The next migration
copies what there is; the one after it, which is for when no process of the former version runs any more, ends the old
columns.
"""

from datetime import UTC, datetime

import django.db.models.deletion
from django.db import migrations, models

MONTHS_AHEAD = 3

TABLE = """
CREATE TABLE shops_exchangebody (
    entry_id bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    body text NOT NULL,
    verbatim bytea NULL,
    PRIMARY KEY (entry_id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX exchange_body_by_time ON shops_exchangebody (occurred_at);
CREATE TABLE shops_exchangebody_default PARTITION OF shops_exchangebody DEFAULT;
"""
PARTITION = """
CREATE TABLE shops_exchangebody_y{0:%Y}m{0:%m}
PARTITION OF shops_exchangebody FOR VALUES FROM ('{0:%Y-%m-%d} 00:00+00') TO ('{1:%Y-%m-%d} 00:00+00')
"""
TRIGGER = """
CREATE FUNCTION shops_keep_body() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.size_bytes = 0 AND (NEW.body <> '' OR NEW.verbatim IS NOT NULL) THEN
        NEW.size_bytes := octet_length(coalesce(NEW.verbatim, convert_to(NEW.body, 'UTF8')));
        INSERT INTO shops_exchangebody VALUES (NEW.id, NEW.occurred_at, NEW.body, NEW.verbatim);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER shops_keep_body BEFORE INSERT ON shops_exchangeevent
FOR EACH ROW EXECUTE FUNCTION shops_keep_body();
"""
END_OF_TRIGGER = "DROP TRIGGER IF EXISTS shops_keep_body ON shops_exchangeevent; DROP FUNCTION IF EXISTS shops_keep_body();"


class CreatePartitionedModel(migrations.CreateModel):
    """Makes the table as Django does, except on PostgreSQL, which Django cannot tell how to divide it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.execute(TABLE)
        for first in list_months(schema_editor):
            schema_editor.execute(PARTITION.format(first, following(first)))


def list_months(schema_editor):
    """From the first month of the journal, if it is one of the last ten years, to some months ahead."""
    now = datetime.now(UTC)
    earliest = now.replace(year=now.year - 10, day=1)
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(occurred_at) FROM shops_exchangeevent WHERE occurred_at >= %s", [earliest])
        (oldest,) = cursor.fetchone()
    month = min(oldest or now, now).astimezone(UTC).date().replace(day=1)
    last = now.date().replace(day=1)
    for _ in range(MONTHS_AHEAD):
        last = following(last)
    while month <= last:
        yield month
        month = following(month)


def following(month):
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def write_twice(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TRIGGER)


def write_once(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(END_OF_TRIGGER)


class Migration(migrations.Migration):
    dependencies = [("shops", "0020_two_step_required")]

    operations = [
        migrations.AddField(
            model_name="exchangeevent",
            name="size_bytes",
            field=models.IntegerField(db_default=0, default=0, verbose_name="size in bytes"),
        ),
        # Who knows the new table alone names the old columns no more.
        migrations.AlterField(
            model_name="exchangeevent",
            name="body",
            field=models.TextField(blank=True, db_default="", verbose_name="body"),
        ),
        CreatePartitionedModel(
            name="ExchangeBody",
            fields=[
                ("entry_id", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="journal entry")),
                ("occurred_at", models.DateTimeField(verbose_name="time")),
                ("body", models.TextField(blank=True, verbose_name="body")),
                (
                    "verbatim",
                    models.BinaryField(
                        help_text="The whole entry, where text cannot hold it or its frame is damaged.",
                        null=True,
                        verbose_name="verbatim bytes",
                    ),
                ),
            ],
            options={
                "verbose_name": "text of a journal entry",
                "verbose_name_plural": "texts of journal entries",
                "default_permissions": (),
                "indexes": [models.Index(fields=["occurred_at"], name="exchange_body_by_time")],
            },
        ),
        # It has no column.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name="exchangeevent",
                    name="contents",
                    field=models.ForeignObject(
                        editable=False,
                        from_fields=("id", "occurred_at"),
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="entry",
                        to="shops.exchangebody",
                        to_fields=("entry_id", "occurred_at"),
                    ),
                ),
            ]
        ),
        migrations.RunPython(write_twice, write_once),
    ]
