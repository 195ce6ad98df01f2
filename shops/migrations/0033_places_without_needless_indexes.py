"""Terminals and employees are found in their shop by the constraint that they are there once.

While PostgreSQL knew of few, it read all of a shop's by the other index, at every receipt.
"""

import django.db.models.deletion
from django.db import migrations, models

from shops.live_indexes import remove_key_indexes

INDEXES = {
    "shops_employee_shop_id_0cbc9355": ("shops_employee", "shop_id"),
    "shops_terminal_shop_id_6d610597": ("shops_terminal", "shop_id"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('shops', '0032_text_compression'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='employee',
                    name='shop',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='employees', to='shops.shop', verbose_name='shop'),
                ),
                migrations.AlterField(
                    model_name='terminal',
                    name='shop',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='terminals', to='shops.shop', verbose_name='shop'),
                ),
            ],
            database_operations=[remove_key_indexes(INDEXES)],
        ),
    ]
