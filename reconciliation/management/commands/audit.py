"""`manage.py audit`: proves the books."""

from datetime import datetime
from itertools import chain
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from reconciliation import auditing, auditing_periods, auditing_totals
from shops import auditing as fact_auditing
from shops import auditing_derived
from shops.management.arguments import parse_time
from shops.management.base import DatabaseCommand

DIFFERENCES_SHOWN = 100


class Command(DatabaseCommand):
    help = (
        "Derives every stored fact from the journal, and every figure and finding from the facts, "
        "and fails when anything is stored otherwise."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", type=int, metavar="NUMBER", help="only this shop")
        parser.add_argument("--as-of", type=parse_time, metavar="TIME", help="count deadlines as of this time, not now")

    def handle(self, *args: Any, shop: int | None, as_of: datetime | None, **options: Any) -> None:
        count = 0
        for count, difference in enumerate(
            chain(
                fact_auditing.find_differences(shop),
                auditing_derived.find_differences(shop),
                auditing.find_differences(shop),
                auditing_periods.find_differences(shop),
                auditing_totals.find_differences(shop),
            ),
            start=1,
        ):
            if count <= DIFFERENCES_SHOWN:
                self.stderr.write(difference)
        waiting = auditing.count_waiting(as_of or timezone.now(), shop)
        if waiting:
            self.stdout.write(_("waiting to be judged: %(count)d") % {"count": waiting})
        if count:
            raise CommandError(_("%(count)d differences between the books and the facts") % {"count": count})
        self.stdout.write(_("the books agree with the facts"))
