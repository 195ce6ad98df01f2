"""What the queue tells of the open discrepancies of certain cases, searched for or with a certain receipt, in one index."""

from django.db import migrations, models

from shops.live_indexes import AddIndexBesideWriters


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('reconciliation', '0041_owners_erase_customers'),
    ]

    operations = [
        AddIndexBesideWriters(
            model_name='discrepancy',
            index=models.Index(condition=models.Q(('resolved_at', None)), fields=['case'], include=('shop', 'kind', 'status', 'assignee', 'amount', 'magnitude', 'severity', 'opened_at', 'id'), name='discrepancy_open_of_case'),
        ),
    ]
