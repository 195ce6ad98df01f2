"""A rule of the house for one store, terminal or cashier is a rule of their shop, not of every shop."""

from django.db import migrations

PLACES = ("store", "terminal", "employee")


def give_shops(apps, schema_editor):
    HouseRule = apps.get_model("reconciliation", "HouseRule")
    for rule in HouseRule.objects.filter(shop=None).select_related(*PLACES):
        place = next((place for name in PLACES if (place := getattr(rule, name)) is not None), None)
        if place is not None:
            rule.shop_id = place.shop_id
            rule.save(update_fields=["shop"])


class Migration(migrations.Migration):
    dependencies = [("reconciliation", "0027_whose_store_is_not_told")]

    operations = [migrations.RunPython(give_shops, migrations.RunPython.noop)]
