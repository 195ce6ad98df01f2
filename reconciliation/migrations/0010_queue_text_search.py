"""Lets PostgreSQL find parts of the texts of cases by an index, where its extension for that may be used.

Without it, and on SQLite, the texts are read from end to end: a narrow table, and still less than a second for a
million of them.
"""

from django.db import migrations, transaction
from django.db.utils import Error

INDEX = "case_text_by_parts"


def index_texts(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except Error:
        return  # Not installed, or this user may not: an administrator can make both later.
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE INDEX {INDEX} ON reconciliation_casetext USING gin (words gin_trgm_ops, amounts gin_trgm_ops)"
        )


def forget_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {INDEX}")


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0009_queue_shop_and_indexes")]

    operations = [migrations.RunPython(index_texts, forget_index)]
