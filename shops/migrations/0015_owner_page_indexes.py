"""What a shop billed, took and sold on some days is read off an index each: the owner's page waits for no table."""

from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):

    dependencies = [
        ('shops', '0014_memberships'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(fields=['shop', 'issued_at'], include=('id', 'total', 'prepayment', 'cancelled_at'), name='bill_billed'),
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(condition=models.Q(('issued_at', None)), fields=['shop'], name='bill_without_date'),
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(condition=models.Q(('cancelled_at__isnull', False)), fields=['shop', 'issued_at'], name='bill_cancelled'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(models.F('shop'), Coalesce('printed_at', 'received_at'), condition=models.Q(('informational', False), ('type__in', ('SELL', 'PAYBACK')), models.Q(('settlement_method', 'Lend'), _negated=True)), include=('printed_at', 'received_at', 'type', 'payment_source', 'store', 'terminal', 'employee', 'total'), name='receipt_takings'),
        ),
        migrations.AddIndex(
            model_name='receiptline',
            index=models.Index(fields=['receipt'], include=('product_external_id', 'quantity', 'total'), name='receipt_line_sold'),
        ),
    ]
