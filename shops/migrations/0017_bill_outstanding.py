"""The bills that are not paid, by their date."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('shops', '0016_bill_is_paid'),
        # The bills that are paid already are marked before the index is built.
        ('reconciliation', '0030_bill_is_paid_fill'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(condition=models.Q(('cancelled_at', None), ('closed_at', None), ('is_paid', False)), fields=['shop', 'issued_at'], include=('id', 'total', 'prepayment'), name='bill_outstanding'),
        ),
    ]
