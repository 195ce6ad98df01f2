"""Makes the group of those who keep the write-off accounts, beside all that accountants do."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

CHIEF_ACCOUNTANTS = "Chief accountants"
ACCOUNTS = ("add_writeoffaccount", "change_writeoffaccount")


def let_chief_accountants_keep_accounts(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    chiefs, _ = Group.objects.get_or_create(name=CHIEF_ACCOUNTANTS)
    chiefs.permissions.add(*Permission.objects.filter(group__name=groups.ACCOUNTANTS))
    ours = Permission.objects.filter(content_type__app_label="reconciliation")
    chiefs.permissions.add(*ours.filter(codename__in=ACCOUNTS))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0011_attachments")]

    operations = [migrations.RunPython(let_chief_accountants_keep_accounts, migrations.RunPython.noop)]
