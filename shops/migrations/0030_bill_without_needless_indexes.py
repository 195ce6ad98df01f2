"""Bills are never looked up by the messages that state, list and open them, and a shop leads several indexes."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

INDEXES = {
    "shops_bill_listed_by_id_57fc62a4": "listed_by_id",
    "shops_bill_opened_by_id_b4145c77": "opened_by_id",
    "shops_bill_shop_id_3fc14812": "shop_id",
    "shops_bill_stated_by_id_c658990f": "stated_by_id",
    "shops_bill_upstream_listed_by_id_e4f1baa1": "upstream_listed_by_id",
}


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """`AlterField` would check the foreign keys anew, under a lock."""
    beside_writers = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX {beside_writers} IF EXISTS {name}")


def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    drop(apps, schema_editor)  # what an interrupted one has left
    beside_writers = "CONCURRENTLY" if schema_editor.connection.vendor == "postgresql" else ""
    for name, column in INDEXES.items():
        schema_editor.execute(f"CREATE INDEX {beside_writers} {name} ON shops_bill ({column})")


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
            database_operations=[migrations.RunPython(drop, make)],
        ),
    ]
