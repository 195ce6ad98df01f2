"""Records the erasures of customers, and lets somebody do them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shops', '0024_retention'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(help_text="Number and date of the customer's request.", max_length=100, verbose_name='request')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('since', models.DateTimeField(blank=True, null=True, verbose_name='of this time or later')),
                ('before', models.DateTimeField(verbose_name='before')),
                ('made_at', models.DateTimeField(verbose_name='erased')),
                ('name_hashes', models.JSONField(verbose_name='hashes of the names')),
                ('entries_count', models.PositiveIntegerField(verbose_name='entries of the journal')),
                ('changed', models.JSONField(verbose_name='changed rows')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='erased by')),
                ('shop', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='shops.shop', verbose_name='shop')),
            ],
            options={
                'verbose_name': 'erasure of a customer',
                'verbose_name_plural': 'erasures of customers',
                'ordering': ('-made_at', '-pk'),
                'permissions': [('erase_customer', "Can erase customers' names from the books")],
            },
        ),
        migrations.CreateModel(
            name='ErasedEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=32, verbose_name='digest afterwards')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='shops.exchangeevent', verbose_name='journal entry')),
                ('erasure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erased_entries', to='shops.erasure', verbose_name='erasure')),
            ],
            options={
                'verbose_name': 'erased entry',
                'verbose_name_plural': 'erased entries',
                'ordering': ('pk',),
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('erasure', 'event'), name='entry_is_erased_once')],
            },
        ),
    ]
