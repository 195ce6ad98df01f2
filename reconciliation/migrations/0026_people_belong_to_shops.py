"""Gives everybody who works here every shop, as it was before people belonged to shops; makes the group of owners.

Who was in a group that a role has now is in it by the role; other groups and permissions stay the person's own.
"""

from importlib import import_module

from django.db import migrations

groups = import_module("reconciliation.migrations.0002_groups")

OWNERS = "Owners"
ROLES = (("chief", "Chief accountants"), ("accountant", groups.ACCOUNTANTS), ("viewer", groups.VIEWERS))


def make_owners(apps, schema_editor):
    groups.make_permissions(apps, schema_editor.connection.alias)
    fill_owners(apps.get_model("auth", "Group"), apps.get_model("auth", "Permission"))


def fill_owners(Group, Permission):
    owners, _ = Group.objects.get_or_create(name=OWNERS)
    ours = Permission.objects.filter(content_type__app_label__in=groups.APPS)
    owners.permissions.add(*ours.filter(codename__startswith="view_"), *ours.filter(codename__in=groups.NAMEABLE))


def let_people_keep_their_shops(apps, schema_editor):
    Membership = apps.get_model("shops", "Membership")
    for person in apps.get_model("auth", "User").objects.filter(is_superuser=False, memberships=None):
        role = pick_role(person)
        if role:
            Membership.objects.create(person=person, shop=None, role=role)


def pick_role(person):
    """Takes the person out of the groups of roles: the first role that fits is what they are from now on."""
    fitting = [(role, name) for role, name in ROLES if person.groups.filter(name=name).exists()]
    has_more = person.user_permissions.exists() or person.groups.exclude(name__in=[name for _, name in ROLES]).exists()
    if not fitting:
        return "groups" if has_more else None
    person.groups.remove(*person.groups.filter(name__in=[name for _, name in fitting]))
    return fitting[0][0]


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0025_case_receipts_fill"), ("shops", "0014_memberships")]

    operations = [
        migrations.RunPython(make_owners, migrations.RunPython.noop),
        migrations.RunPython(let_people_keep_their_shops, migrations.RunPython.noop),
    ]
