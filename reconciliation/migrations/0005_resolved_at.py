"""Says of what is resolved already when it was, and gives the first write-off accounts and the permission to use them."""

from importlib import import_module

from django.db import migrations
from django.db.models import F

groups = import_module("reconciliation.migrations.0002_groups")

ACCOUNTS = ("Округление", "Недостача в кассе", "Излишек в кассе", "Скидка покупателю", "Прочее")


def say_when_resolved(apps, schema_editor):
    rows = apps.get_model("reconciliation", "Discrepancy").objects.filter(status="resolved", resolved_at=None)
    rows.update(resolved_at=F("changed_at"))


def make_accounts(apps, schema_editor):
    accounts = apps.get_model("reconciliation", "WriteOffAccount").objects
    for name in ACCOUNTS:
        accounts.get_or_create(shop=None, code="", name=name)


def let_accountants_write_off(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ours = Permission.objects.filter(content_type__app_label="reconciliation")
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, groups.VIEWERS)):
        group.permissions.add(*ours.filter(codename="view_writeoffaccount"))
    for group in Group.objects.filter(name=groups.ACCOUNTANTS):
        group.permissions.add(*ours.filter(codename="write_off_discrepancy"))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0004_write_offs")]

    operations = [
        migrations.RunPython(say_when_resolved, migrations.RunPython.noop),
        migrations.RunPython(make_accounts, migrations.RunPython.noop),
        migrations.RunPython(let_accountants_write_off, migrations.RunPython.noop),
    ]
