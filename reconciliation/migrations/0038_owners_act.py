"""Gives owners what they do themselves: answering, proposing, people, keys, settings; others their part of it."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

OWNERS = "Owners"
CHIEF_ACCOUNTANTS = "Chief accountants"
OF_GROUP = {
    OWNERS: (
        "comment_discrepancy",
        "propose_resolution",
        "manage_people",
        "set_up_shop",
        "add_apikey",
        "change_apikey",
    ),
    groups.ACCOUNTANTS: ("comment_discrepancy",),
    CHIEF_ACCOUNTANTS: ("comment_discrepancy", "manage_people"),
}


def let_owners_act(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    fill_groups(apps.get_model("auth", "Group"), apps.get_model("auth", "Permission"))


def fill_groups(Group, Permission):
    ours = Permission.objects.filter(content_type__app_label__in=groups.APPS)
    for name, codenames in OF_GROUP.items():
        for group in Group.objects.filter(name=name):
            group.permissions.add(*ours.filter(codename__in=codenames))


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0037_letters_about_questions")]

    operations = [migrations.RunPython(let_owners_act, migrations.RunPython.noop)]
