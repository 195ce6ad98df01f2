"""Says of every discrepancy what shop it is of, and has the cases judged again: the judge writes by what they are found."""

from django.db import migrations
from django.db.models import OuterRef, Subquery
from django.utils import timezone


def say_whose_they_are(apps, schema_editor):
    Case = apps.get_model("reconciliation", "Case")
    shop = Case.objects.filter(pk=OuterRef("case")).values("shop")[:1]
    apps.get_model("reconciliation", "Discrepancy").objects.filter(shop=None).update(shop=Subquery(shop))


def have_them_judged_again(apps, schema_editor):
    disputed = apps.get_model("reconciliation", "Case").objects.filter(discrepancies__isnull=False)
    for name in ("bill", "receipt"):
        rows = apps.get_model("shops", name.capitalize()).objects.filter(unjudged_since=None)
        rows.filter(pk__in=disputed.filter(**{f"{name}__isnull": False}).values(name)).update(
            unjudged_since=timezone.now()
        )


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0007_queue_columns")]

    operations = [
        migrations.RunPython(say_whose_they_are, migrations.RunPython.noop),
        migrations.RunPython(have_them_judged_again, migrations.RunPython.noop),
    ]
