"""Takes the number of the other shop out of what is kept of a receipt of a store of another shop."""

from django.db import migrations

ROWS_AT_ONCE = 500


def forget_shops(apps, schema_editor):
    Discrepancy = apps.get_model("reconciliation", "Discrepancy")
    held = []
    for row in Discrepancy.objects.filter(kind="wrong_store").only("evidence").iterator(chunk_size=ROWS_AT_ONCE):
        for receipt in row.evidence.get("receipts", ()):
            receipt.pop("shop", None)
        held.append(row)
    Discrepancy.objects.bulk_update(held, ["evidence"], batch_size=ROWS_AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0026_people_belong_to_shops")]

    operations = [migrations.RunPython(forget_shops, migrations.RunPython.noop)]
