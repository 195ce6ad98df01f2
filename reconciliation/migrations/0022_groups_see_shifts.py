"""Lets the groups see the shifts of registers."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")


def let_groups_see(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    seen = Permission.objects.filter(content_type__app_label="shops", codename="view_shift")
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, groups.VIEWERS)):
        group.permissions.add(*seen)


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0021_shifts"), ("shops", "0013_shifts_known")]

    operations = [migrations.RunPython(let_groups_see, migrations.RunPython.noop)]
