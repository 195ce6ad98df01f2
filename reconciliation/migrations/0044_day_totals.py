"""The totals of days, kept; and the days whose documents have changed since."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0043_case_without_needless_index'),
        ('shops', '0033_places_without_needless_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayTotals',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('time_zone', models.CharField(max_length=64, verbose_name='time zone')),
                ('bills', models.PositiveIntegerField(verbose_name='bills')),
                ('billed_kopecks', models.BigIntegerField(verbose_name='billed, in kopecks')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shops.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'totals of a day',
                'verbose_name_plural': 'totals of days',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='DayTakings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payment_source', models.CharField(max_length=200, verbose_name='payment')),
                ('type', models.CharField(max_length=200, verbose_name='type')),
                ('receipts', models.PositiveIntegerField(verbose_name='receipts')),
                ('kopecks', models.BigIntegerField(verbose_name='sum, in kopecks')),
                ('employee', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shops.employee', verbose_name='employee')),
                ('store', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shops.store', verbose_name='store')),
                ('terminal', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='shops.terminal', verbose_name='terminal')),
                ('totals', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='takings', to='reconciliation.daytotals', verbose_name='totals of a day')),
            ],
            options={
                'verbose_name': 'takings of a day',
                'verbose_name_plural': 'takings of days',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='DaySales',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product_external_id', models.CharField(max_length=200, verbose_name='product id')),
                ('quantity', models.DecimalField(decimal_places=3, max_digits=20, verbose_name='quantity')),
                ('kopecks', models.BigIntegerField(verbose_name='sum, in kopecks')),
                ('totals', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sales', to='reconciliation.daytotals', verbose_name='totals of a day')),
            ],
            options={
                'verbose_name': 'sales of a day',
                'verbose_name_plural': 'sales of days',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ChangedDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('changed_by', models.BigIntegerField(verbose_name='transaction')),
                ('shop', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='shops.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'changed day',
                'verbose_name_plural': 'changed days',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('shop', 'day', 'changed_by'), name='day_is_changed_once_by_each')],
            },
        ),
        migrations.AddConstraint(
            model_name='daytotals',
            constraint=models.UniqueConstraint(fields=('shop', 'day'), name='day_totals_are_kept_once'),
        ),
        migrations.AddIndex(
            model_name='daytakings',
            index=models.Index(fields=['totals'], include=('store', 'terminal', 'employee', 'payment_source', 'type', 'receipts', 'kopecks'), name='day_takings'),
        ),
        migrations.AddIndex(
            model_name='daysales',
            index=models.Index(fields=['totals'], include=('product_external_id', 'quantity', 'kopecks'), name='day_sales'),
        ),
    ]
