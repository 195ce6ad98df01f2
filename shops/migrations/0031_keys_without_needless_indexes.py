"""Keys that another index begins with need none of their own, and every receipt and bill wrote into all of them."""

import django.db.models.deletion
from django.db import migrations, models

from shops.live_indexes import remove_key_indexes

INDEXES = {
    "shops_billline_version_id_81c0f2cb": ("shops_billline", "version_id"),
    "shops_billversion_bill_id_233cc45f": ("shops_billversion", "bill_id"),
    "shops_exchangeevent_shop_id_0b50412b": ("shops_exchangeevent", "shop_id"),
    "shops_product_shop_id_b4feef5b": ("shops_product", "shop_id"),
    "shops_receipt_shop_id_d7998fcc": ("shops_receipt", "shop_id"),
    "shops_receiptdelivery_receipt_id_ea330b07": ("shops_receiptdelivery", "receipt_id"),
    "shops_receiptline_receipt_id_1c570e15": ("shops_receiptline", "receipt_id"),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('shops', '0030_bill_without_needless_indexes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='billline',
                    name='version',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='shops.billversion', verbose_name='version'),
                ),
                migrations.AlterField(
                    model_name='billversion',
                    name='bill',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='shops.bill', verbose_name='bill'),
                ),
                migrations.AlterField(
                    model_name='exchangeevent',
                    name='shop',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='exchange_events', to='shops.shop', verbose_name='shop'),
                ),
                migrations.AlterField(
                    model_name='product',
                    name='shop',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='shops.shop', verbose_name='shop'),
                ),
                migrations.AlterField(
                    model_name='receipt',
                    name='shop',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='shops.shop', verbose_name='shop'),
                ),
                migrations.AlterField(
                    model_name='receiptdelivery',
                    name='receipt',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='shops.receipt', verbose_name='receipt'),
                ),
                migrations.AlterField(
                    model_name='receiptline',
                    name='receipt',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='shops.receipt', verbose_name='receipt'),
                ),
            ],
            database_operations=[remove_key_indexes(INDEXES)],
        ),
    ]
