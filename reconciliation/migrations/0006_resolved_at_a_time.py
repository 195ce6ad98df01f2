from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0005_resolved_at")]

    operations = [
        migrations.AddConstraint(
            model_name='discrepancy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'resolved'), ('resolved_at__isnull', False)), models.Q(models.Q(('status', 'resolved'), _negated=True), ('resolved_at', None)), _connector='OR'), name='discrepancy_is_resolved_at_a_time'),
        ),
    ]
