"""Has the cases with discrepancies judged again: the judge writes down where their receipts were paid."""

from importlib import import_module

from django.db import migrations

queue_fill = import_module("reconciliation.migrations.0008_queue_fill")


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0024_case_receipts")]

    operations = [migrations.RunPython(queue_fill.have_them_judged_again, migrations.RunPython.noop)]
