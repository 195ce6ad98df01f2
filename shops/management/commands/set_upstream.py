"""`manage.py set_upstream SHOP ADDRESS`: the shop keeps its old v2 CRM, and crmpos stands in front of it."""

import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from shops.management.base import DatabaseCommand
from shops.models import Shop, Upstream
from shops.models.relay import TIMEOUT_SECONDS


class Command(DatabaseCommand):
    help = "Puts crmpos in front of the v2 CRM that a shop has, or takes it away again (--none)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shop", type=int, metavar="SHOP")
        parser.add_argument(
            "address", nargs="?", default="", help="https://crm.example/ or https://crm.example/index.php"
        )
        parser.add_argument("--token", action="store_true", help="read the token for the CRM from standard input")
        parser.add_argument("--timeout-seconds", type=int, default=TIMEOUT_SECONDS, metavar="SECONDS", help="1 to 9")
        parser.add_argument("--none", action="store_true", help="the shop keeps no CRM of its own any more")

    def handle(
        self, *args: Any, shop: int, address: str, token: bool, timeout_seconds: int, none: bool, **options: Any
    ) -> None:
        found = Shop.objects.filter(number=shop).first()
        if found is None:
            raise CommandError(_("There is no shop %(number)s. Create it with create_shop.") % {"number": shop})
        Upstream.objects.filter(shop=found).delete() if none else self._set(found, address, token, timeout_seconds)

    def _set(self, shop: Shop, address: str, token: bool, timeout_seconds: int) -> None:
        secret = sys.stdin.readline().strip() if token else ""
        values = {"address": address, "token": secret, "timeout_seconds": timeout_seconds}
        try:
            Upstream(shop=shop, **values).full_clean(validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from None
        Upstream.objects.update_or_create(shop=shop, defaults={**values, "failures": 0, "next_attempt_at": None})
        self.stdout.write(_("shop %(shop)s: bills are asked of %(address)s") % {"shop": shop, "address": address})
