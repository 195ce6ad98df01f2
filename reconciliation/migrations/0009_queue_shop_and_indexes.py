import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0008_queue_fill"),
        ("shops", "0009_write_off_limit"),
    ]

    operations = [
        migrations.AlterField(
            model_name='discrepancy',
            name='shop',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='discrepancies', to='shops.shop', verbose_name='shop'),
        ),
        migrations.AddIndex(
            model_name='discrepancy',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['-magnitude', 'severity', 'opened_at', 'id'], name='discrepancy_worst_first'),
        ),
        migrations.AddIndex(
            model_name='discrepancy',
            index=models.Index(condition=models.Q(('resolved_at__isnull', False)), fields=['-resolved_at', '-id'], name='discrepancy_last_resolved'),
        ),
        migrations.AddIndex(
            model_name='discrepancy',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['shop', 'kind', 'status', 'assignee', 'amount', 'opened_at'], name='discrepancy_queue_figures'),
        ),
        migrations.AddIndex(
            model_name='discrepancy',
            index=models.Index(condition=models.Q(('resolved_at__isnull', False)), fields=['shop', 'kind', 'amount'], name='discrepancy_resolved_figures'),
        ),
    ]
