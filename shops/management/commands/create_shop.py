"""`manage.py create_shop NUMBER --name ...`: a new shop."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from shops.management.base import DatabaseCommand
from shops.models import Shop
from shops.models.shop import DEFAULT_TIME_ZONE


class Command(DatabaseCommand):
    help = "Creates a shop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int)
        parser.add_argument("--name", default="")
        parser.add_argument("--time-zone", default=DEFAULT_TIME_ZONE)

    def handle(self, *args: Any, number: int, name: str, time_zone: str, **options: Any) -> None:
        shop = Shop(number=number, name=name, time_zone=time_zone)
        try:
            shop.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        shop.save(force_insert=True)
        self.stdout.write(_("shop %(shop)s created") % {"shop": shop})
