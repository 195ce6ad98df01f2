"""A discrepancy is found by its case through the constraint that it is there once of each kind."""

import django.db.models.deletion
from django.db import migrations, models

from shops.live_indexes import remove_key_indexes

INDEXES = {
    "reconciliation_discrepancy_case_id_804585de": ("reconciliation_discrepancy", "case_id"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('reconciliation', '0042_open_of_case'),
        ('shops', '0031_keys_without_needless_indexes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='discrepancy',
                    name='case',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='discrepancies', to='reconciliation.case', verbose_name='case'),
                ),
            ],
            database_operations=[remove_key_indexes(INDEXES)],
        ),
    ]
