"""Bills that were judged as paid are marked as paid. One that waits for its judgement is marked by that."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def mark_paid(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    paid = apps.get_model("reconciliation", "Case").objects.filter(bill__isnull=False, fully_paid=True)
    apps.get_model("shops", "Bill").objects.filter(pk__in=paid.values("bill")).update(is_paid=True)


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0029_owner_page_indexes'),
        ('shops', '0016_bill_is_paid'),
    ]

    operations = [
        migrations.RunPython(mark_paid, migrations.RunPython.noop),
    ]
