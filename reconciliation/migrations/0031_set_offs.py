"""Advances that settlement receipts show once more, for the sums of what came in."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0030_bill_is_paid_fill'),
        ('shops', '0017_bill_outstanding'),
    ]

    operations = [
        migrations.CreateModel(
            name='SetOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dated_at', models.DateTimeField(verbose_name='date')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=15, verbose_name='amount')),
                ('case', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='set_offs', to='reconciliation.case', verbose_name='case')),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='shops.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'advance set off',
                'verbose_name_plural': 'advances set off',
                'default_permissions': (),
                'indexes': [models.Index(fields=['shop', 'dated_at'], include=('amount',), name='set_off_by_time')],
                'constraints': [models.UniqueConstraint(fields=('case', 'dated_at'), name='advance_is_set_off_once_at_a_time')],
            },
        ),
    ]
