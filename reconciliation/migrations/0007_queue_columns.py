import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0006_resolved_at_a_time"),
        ("shops", "0009_write_off_limit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseText',
            fields=[
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='text', serialize=False, to='reconciliation.case', verbose_name='case')),
                ('words', models.TextField(blank=True, verbose_name='words')),
                ('amounts', models.TextField(blank=True, verbose_name='amounts')),
            ],
            options={
                'verbose_name': 'text of a case',
                'verbose_name_plural': 'texts of cases',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(blank=True, max_length=1000, verbose_name='filter')),
                ('is_shared', models.BooleanField(default=False, verbose_name='for everybody')),
                ('created_at', models.DateTimeField(verbose_name='saved')),
            ],
            options={
                'verbose_name': 'saved filter',
                'verbose_name_plural': 'saved filters',
                'ordering': ('name', 'pk'),
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('owner', 'name'), name='saved_view_is_named_once'),
        ),
        migrations.AddField(
            model_name='discrepancy',
            name='shop',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='discrepancies', to='shops.shop', verbose_name='shop'),
        ),
        migrations.AddField(
            model_name='discrepancy',
            name='magnitude',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(django.db.models.functions.math.Abs('amount'), 0, output_field=models.DecimalField(decimal_places=2, max_digits=15)), output_field=models.DecimalField(decimal_places=2, max_digits=15), verbose_name='size of the difference'),
        ),
        migrations.AddField(
            model_name='discrepancy',
            name='severity',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(kind='listed_after_receipt', then=0), models.When(kind='conflicting_receipt', then=1), models.When(kind='unreadable', then=2), models.When(kind='unanswered', then=3), models.When(kind='wrong_store', then=4), models.When(kind='reference_mismatch', then=5), models.When(kind='not_fiscal', then=6), models.When(kind='opened_not_paid', then=7), models.When(kind='list_total_mismatch', then=8), models.When(kind='tax_mismatch', then=9), models.When(kind='invalid_mark', then=10), models.When(kind='late_receipt', then=11), default=12), output_field=models.SmallIntegerField(), verbose_name='severity'),
        ),
    ]
