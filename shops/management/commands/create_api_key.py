"""`manage.py create_api_key SHOP --role ...`: a key, printed alone on the last line and never again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from shops.access import create_key
from shops.management.base import DatabaseCommand
from shops.models import ApiKey, Shop


class Command(DatabaseCommand):
    help = "Creates an API key of a shop and prints it alone on the last line: it is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shop", type=int, metavar="SHOP")
        parser.add_argument("--role", choices=ApiKey.Role.values, required=True)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, shop: int, role: str, name: str, **options: Any) -> None:
        found = Shop.objects.filter(number=shop).first()
        if found is None:
            raise CommandError(_("There is no shop %(number)s. Create it with create_shop.") % {"number": shop})
        created = create_key(found, role, name=name, now=timezone.now())
        self.stdout.write(_("key of shop %(shop)s for the role %(role)s:") % {"shop": found, "role": role})
        self.stdout.write(created.secret)
