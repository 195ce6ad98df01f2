"""What waits for judgement is found shop by shop: one shop's backlog is not read through for another's receipt."""

from django.db import migrations, models

from shops.live_indexes import AddIndexBesideWriters, RemoveIndexBesideWriters

WAITS = models.Q(('unjudged_since__isnull', False))
MODELS = (('bill', 'bill'), ('exchangeevent', 'event'), ('receipt', 'receipt'), ('shift', 'shift'))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('shops', '0018_last_receipt_of_shop'),
    ]

    operations = [
        *(
            AddIndexBesideWriters(
                model_name=model,
                index=models.Index(condition=WAITS, fields=['shop', 'id'], name=f'{name}_unjudged_of_shop'),
            )
            for model, name in MODELS
        ),
        *(RemoveIndexBesideWriters(model_name=model, name=f'{name}_unjudged') for model, name in MODELS),
    ]
