"""Lets the groups see the documents of registers, and the messages that wait for a shop."""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

SEEN = ("view_registerdocument", "view_unassignedmessage", "view_installationevent")


def let_groups_see(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    seen = Permission.objects.filter(content_type__app_label="shops", codename__in=SEEN)
    for group in Group.objects.filter(name__in=(groups.ACCOUNTANTS, groups.VIEWERS)):
        group.permissions.add(*seen)


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0002_groups"),
        ("shops", "0006_evotor"),
    ]

    operations = [migrations.RunPython(let_groups_see, migrations.RunPython.noop)]
