"""Ends the columns that held the texts of journal entries before they had a table of their own.

For a time at which no process of the former version runs any more. The columns are emptied first, in short transactions, so
that PostgreSQL can use their room again: it never gives back that of a column that is merely dropped. Dropping them
then touches no row.
"""

from django.db import migrations, transaction
from django.db.models import Max

ENTRIES_PER_BATCH = 2000

EMPTY = """
UPDATE shops_exchangeevent SET body = '', verbatim = NULL
WHERE id > %s AND id <= %s AND (body <> '' OR verbatim IS NOT NULL)
"""
REFILL = """
UPDATE shops_exchangeevent SET body = kept.body, verbatim = kept.verbatim
FROM shops_exchangebody AS kept
WHERE kept.entry_id = shops_exchangeevent.id AND shops_exchangeevent.id > %s AND shops_exchangeevent.id <= %s
"""
TRIGGER_ENDS = "DROP TRIGGER IF EXISTS shops_keep_body ON shops_exchangeevent; DROP FUNCTION IF EXISTS shops_keep_body();"


def empty_columns(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":  # SQLite writes the table anew when a column ends
        _in_batches(apps, schema_editor, EMPTY)


def fill_columns(apps, schema_editor):
    _in_batches(apps, schema_editor, REFILL)


def _in_batches(apps, schema_editor, statement):
    connection = schema_editor.connection
    last = apps.get_model("shops", "ExchangeEvent").objects.aggregate(last=Max("id"))["last"] or 0
    for first in range(0, last, ENTRIES_PER_BATCH):
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(statement, [first, min(first + ENTRIES_PER_BATCH, last)])


def write_once(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(TRIGGER_ENDS)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shops", "0022_exchange_body_fill")]

    operations = [
        migrations.RunPython(empty_columns, fill_columns),
        migrations.RunPython(write_once, migrations.RunPython.noop),
        migrations.RemoveField(model_name="exchangeevent", name="body"),
        migrations.RemoveField(model_name="exchangeevent", name="verbatim"),
    ]
