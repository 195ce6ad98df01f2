"""Lets chief accountants make rules of the house, and accountants and viewers read them."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

CHIEF_ACCOUNTANTS = "Chief accountants"
OF_CHIEFS = ("add_houserule", "change_houserule", "write_off_discrepancy")


def let_chief_accountants_make_rules(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    fill_groups(apps.get_model("auth", "Group"), apps.get_model("auth", "Permission"))


def fill_groups(Group, Permission):
    ours = Permission.objects.filter(content_type__app_label="reconciliation")
    view = ours.filter(codename="view_houserule")
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, groups.VIEWERS)):
        group.permissions.add(*view)
    chiefs, _ = Group.objects.get_or_create(name=CHIEF_ACCOUNTANTS)
    chiefs.permissions.add(*Permission.objects.filter(group__name=groups.ACCOUNTANTS))
    chiefs.permissions.add(*view, *ours.filter(codename__in=OF_CHIEFS))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0015_house_rules")]

    operations = [migrations.RunPython(let_chief_accountants_make_rules, migrations.RunPython.noop)]
