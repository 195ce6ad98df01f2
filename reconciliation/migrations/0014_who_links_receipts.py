"""Lets accountants say which bills a receipt pays."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")


def let_accountants_link(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ours = Permission.objects.filter(content_type__app_label="reconciliation")
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, "Chief accountants")):
        group.permissions.add(*ours.filter(codename="link_receipt"))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0013_linked_steps")]

    operations = [migrations.RunPython(let_accountants_link, migrations.RunPython.noop)]
