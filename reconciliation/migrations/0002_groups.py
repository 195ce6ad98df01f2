"""Makes the groups of people who work here. An administrator may change them; they are made once."""

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.models import Q

ACCOUNTANTS = "Accountants"
VIEWERS = "Viewers"
APPS = ("shops", "reconciliation")
NAMEABLE = ("change_store", "change_terminal", "change_employee")


def make_groups(apps, schema_editor):
    make_permissions(apps, schema_editor.connection.alias)
    fill_groups(apps.get_model("auth", "Group"), apps.get_model("auth", "Permission"))


def fill_groups(Group, Permission):
    ours = Permission.objects.filter(content_type__app_label__in=APPS)
    view = Q(codename__startswith="view_")
    work = Q(codename="work_discrepancy") | Q(codename__in=NAMEABLE)
    for name, chosen in ((ACCOUNTANTS, view | work), (VIEWERS, view)):
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*ours.filter(chosen))


def make_permissions(apps, alias):
    """Django makes permissions after the last migration only; here they are needed before."""
    for label in APPS:
        app_config = apps.get_app_config(label)
        app_config.models_module = True
        create_permissions(app_config, verbosity=0, interactive=False, using=alias, apps=apps)
        app_config.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0001_initial"),
        ("shops", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
