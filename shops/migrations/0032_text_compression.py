"""Compresses the texts of the journal by lz4: a list of 200 bills is stored in less than half of the time.

What is there already stays as it is. A server that was built without lz4 goes on as before.
"""

from functools import partial

from django.db import migrations

from shops.partitions import change_partitions, try_again

TABLE = "shops_exchangebody"
COLUMNS = ["body", "verbatim"]
IS_KNOWN = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
LIST_TABLES = "SELECT to_regclass(%s)::text UNION ALL SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s)"


def compress_by_lz4(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql" and _fetch(schema_editor, IS_KNOWN) == [(True,)]:
        _compress(schema_editor, "lz4")


def compress_as_before(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        _compress(schema_editor, "default")


def _compress(schema_editor, method):
    # The whole table first: months that are made meanwhile are made after it.
    for (table,) in _fetch(schema_editor, LIST_TABLES, [TABLE, TABLE]):
        try_again(partial(_set_method, table, method))


def _set_method(table, method):
    with change_partitions() as cursor:
        for column in COLUMNS:
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION {method}")


def _fetch(schema_editor, query, arguments=()):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("shops", "0031_keys_without_needless_indexes"),
    ]

    operations = [
        migrations.RunPython(compress_by_lz4, compress_as_before),
    ]
