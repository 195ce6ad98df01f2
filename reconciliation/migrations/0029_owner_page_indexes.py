"""What remains of unpaid bills and what was found on some days are read off an index each, for the owner's page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0028_rules_of_places_have_a_shop'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('bill__isnull', False), ('fully_paid', False)), fields=['bill'], include=('due', 'received'), name='case_unpaid'),
        ),
        migrations.AddIndex(
            model_name='discrepancy',
            index=models.Index(fields=['shop', 'opened_at'], include=('status', 'kind', 'amount'), name='discrepancy_found'),
        ),
    ]
