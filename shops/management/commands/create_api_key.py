"""`manage.py create_api_key SHOP --role ...`: a key, printed alone on the last line and never again.

With `--existing` a token that the callers have already, read from standard input, becomes the key.
"""

import sys
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from shops.access import adopt_key, create_key
from shops.management.base import DatabaseCommand
from shops.models import ApiKey, Shop


class Command(DatabaseCommand):
    help = "Creates an API key of a shop and prints it alone on the last line: it is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shop", type=int, metavar="SHOP")
        parser.add_argument("--role", choices=ApiKey.Role.values, required=True)
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--existing",
            action="store_true",
            help="take over the token that the callers send already, read from standard input; it is not printed",
        )

    def handle(self, *args: Any, shop: int, role: str, name: str, existing: bool, **options: Any) -> None:
        found = Shop.objects.filter(number=shop).first()
        if found is None:
            raise CommandError(_("There is no shop %(number)s. Create it with create_shop.") % {"number": shop})
        if existing:
            return self._adopt(found, role, name, timezone.now())
        created = create_key(found, role, name=name, now=timezone.now())
        self.stdout.write(_("key of shop %(shop)s for the role %(role)s:") % {"shop": found, "role": role})
        self.stdout.write(created.secret)

    def _adopt(self, shop: Shop, role: str, name: str, now: datetime) -> None:
        try:
            key = adopt_key(shop, role, sys.stdin.readline().strip(), name=name, now=now)
        except ValueError:
            raise CommandError(_("A token has at least 16 characters of ASCII, and no blanks.")) from None
        if key is None:
            raise CommandError(_("This token opens something already."))
        self.stdout.write(_("key of shop %(shop)s for the role %(role)s: taken over") % {"shop": shop, "role": role})
