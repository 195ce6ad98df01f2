"""Gives owners the right to erase a customer's names from the books of their shop, and to see what was erased."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

OWNERS = "Owners"
CODENAMES = ("erase_customer", "view_erasure")


def let_owners_erase(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    fill_groups(apps.get_model("auth", "Group"), apps.get_model("auth", "Permission"))


def fill_groups(Group, Permission):
    erasing = Permission.objects.filter(content_type__app_label="shops", codename__in=CODENAMES)
    for group in Group.objects.filter(name=OWNERS):
        group.permissions.add(*erasing)


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0038_owners_act"), ("shops", "0025_erasure")]

    operations = [migrations.RunPython(let_owners_erase, migrations.RunPython.noop)]
