"""Copies the texts of journal entries into their own table, in short transactions of its own, while work goes on.

It may be broken off, and goes on where it was when it is done again.
"""

from django.db import migrations, transaction
from django.db.models import Max

ENTRIES_PER_BATCH = 2000

COPY = """
INSERT INTO shops_exchangebody (entry_id, occurred_at, body, verbatim)
SELECT id, occurred_at, body, verbatim FROM shops_exchangeevent
WHERE id > %s AND id <= %s AND size_bytes = 0 AND (body <> '' OR verbatim IS NOT NULL)
"""
MEASURE = """
UPDATE shops_exchangeevent SET size_bytes = {length}
WHERE id > %s AND id <= %s AND size_bytes = 0 AND (body <> '' OR verbatim IS NOT NULL)
"""
LENGTHS = {
    "postgresql": "octet_length(coalesce(verbatim, convert_to(body, 'UTF8')))",
    "sqlite": "coalesce(length(verbatim), length(CAST(body AS BLOB)))",
}


def copy_texts(apps, schema_editor):
    connection = schema_editor.connection
    last = apps.get_model("shops", "ExchangeEvent").objects.aggregate(last=Max("id"))["last"] or 0
    measure = MEASURE.format(length=LENGTHS[connection.vendor])
    for first in range(0, last, ENTRIES_PER_BATCH):
        batch = [first, min(first + ENTRIES_PER_BATCH, last)]
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(COPY, batch)
            cursor.execute(measure, batch)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("shops", "0021_exchange_body")]

    operations = [migrations.RunPython(copy_texts, migrations.RunPython.noop)]
