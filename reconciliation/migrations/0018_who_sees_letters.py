"""Lets people see the letters that they were sent, and chief accountants those of everybody."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

CHIEF_ACCOUNTANTS = "Chief accountants"


def let_people_see_letters(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    ours = Permission.objects.filter(content_type__app_label="reconciliation")
    chief, is_new = Group.objects.get_or_create(name=CHIEF_ACCOUNTANTS)
    for accountants in Group.objects.filter(name=groups.ACCOUNTANTS):
        if is_new:
            chief.permissions.add(*accountants.permissions.all())
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, groups.VIEWERS, CHIEF_ACCOUNTANTS)):
        group.permissions.add(*ours.filter(codename="view_letter"))
    chief.permissions.add(*ours.filter(codename="send_letter"))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0017_letters")]

    operations = [migrations.RunPython(let_people_see_letters, migrations.RunPython.noop)]
