"""Bills that may have set an advance off are judged again: the judge writes down what they set off."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q
from django.utils import timezone

PREPAYMENTS = ("PartialPrepayment", "AdvancePayment", "FullPrepayment")


def judge_prepaid_again(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    prepaid = apps.get_model("shops", "Receipt").objects.filter(settlement_method__in=PREPAYMENTS)
    parts = apps.get_model("shops", "AllocatedPart").objects.filter(
        allocation__receipt__settlement_method__in=PREPAYMENTS, bill__isnull=False
    )
    bills = apps.get_model("shops", "Bill").objects.filter(
        Q(pk__in=prepaid.filter(bill__isnull=False).values("bill")) | Q(pk__in=parts.values("bill"))
    )
    bills.update(unjudged_since=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0031_set_offs'),
        ('shops', '0017_bill_outstanding'),
    ]

    operations = [
        migrations.RunPython(judge_prepaid_again, migrations.RunPython.noop),
    ]
