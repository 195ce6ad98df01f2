"""Lets the groups see closed months, and makes the group of those who close them and open them again."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

CHIEF_ACCOUNTANTS = "Chief accountants"
SEEN = ("view_period", "view_periodentry", "view_periodacknowledgement")
CLOSING = ("close_period", "reopen_period")


def make_chief_accountants(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    fill_chief_accountants(apps.get_model("auth", "Group"), apps.get_model("auth", "Permission"))


def fill_chief_accountants(Group, Permission):
    ours = Permission.objects.filter(content_type__app_label="reconciliation")
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, groups.VIEWERS)):
        group.permissions.add(*ours.filter(codename__in=SEEN))
    chiefs, _ = Group.objects.get_or_create(name=CHIEF_ACCOUNTANTS)
    chiefs.permissions.add(*Permission.objects.filter(group__name=groups.ACCOUNTANTS))
    chiefs.permissions.add(*ours.filter(codename__in=SEEN + CLOSING))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0019_periods")]

    operations = [migrations.RunPython(make_chief_accountants, migrations.RunPython.noop)]
