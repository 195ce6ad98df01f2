"""Lets chief accountants do all that accountants may: what came after their group was made was given to those only."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

CHIEF_ACCOUNTANTS = "Chief accountants"


def give_what_accountants_have(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for accountants in Group.objects.filter(name=groups.ACCOUNTANTS):
        for chief in Group.objects.filter(name=CHIEF_ACCOUNTANTS):
            chief.permissions.add(*accountants.permissions.all())


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0022_groups_see_shifts")]

    operations = [migrations.RunPython(give_what_accountants_have, migrations.RunPython.noop)]
