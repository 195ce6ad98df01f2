"""Bills are never looked up by the messages that state, list and open them, and a shop leads several indexes."""

import django.db.models.deletion
from django.db import migrations, models

from shops.live_indexes import remove_key_indexes

INDEXES = {
    "shops_bill_listed_by_id_57fc62a4": ("shops_bill", "listed_by_id"),
    "shops_bill_opened_by_id_b4145c77": ("shops_bill", "opened_by_id"),
    "shops_bill_shop_id_3fc14812": ("shops_bill", "shop_id"),
    "shops_bill_stated_by_id_c658990f": ("shops_bill", "stated_by_id"),
    "shops_bill_upstream_listed_by_id_e4f1baa1": ("shops_bill", "upstream_listed_by_id"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('shops', '0027_exchange_request_id'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='bill',
                    name='listed_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.exchangeevent', verbose_name='last LIST answer with it'),
                ),
                migrations.AlterField(
                    model_name='bill',
                    name='opened_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.exchangeevent', verbose_name='first opened by'),
                ),
                migrations.AlterField(
                    model_name='bill',
                    name='shop',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='bills', to='shops.shop', verbose_name='shop'),
                ),
                migrations.AlterField(
                    model_name='bill',
                    name='stated_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.exchangeevent', verbose_name='last BILL answer'),
                ),
                migrations.AlterField(
                    model_name='bill',
                    name='upstream_listed_by',
                    field=models.ForeignKey(blank=True, db_index=False, help_text='What the CRM tells crmpos is not what a register was offered.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.exchangeevent', verbose_name='last news of it in a LIST of the CRM'),
                ),
            ],
            database_operations=[remove_key_indexes(INDEXES)],
        ),
    ]
