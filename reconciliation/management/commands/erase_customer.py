"""`manage.py erase_customer SHOP --name ...`: erases a customer's names from the books, on request, with a record."""

import sys
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from reconciliation.erasing import erase, find_erasures, preview
from shops.erasing import ErasureRefused, Wanted, check_names
from shops.management.arguments import parse_time
from shops.management.base import DatabaseCommand
from shops.models import Shop

A_DAY = timedelta(days=1)


class Command(DatabaseCommand):
    help = "Erases a customer's names, telephones and addresses from a shop's books; without --request only counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shop", type=int, metavar="SHOP")
        parser.add_argument(
            "--name",
            action="append",
            default=[],
            help="a name, telephone or e-mail address as it is written; repeatable; none: one a line on standard input",
        )
        parser.add_argument("--since", type=parse_time, metavar="TIME", help="from what is of this time or later")
        parser.add_argument("--before", type=parse_time, metavar="TIME", help="from what is older (a day ago)")
        parser.add_argument("--request", default="", help="number and date of the request: erases, and records it")
        parser.add_argument("--comment", default="")
        parser.add_argument("--was-erased", action="store_true", help="only say which erasures erased these names")

    def handle(
        self,
        *args: Any,
        shop: int,
        name: list[str],
        since: datetime | None,
        before: datetime | None,
        request: str,
        comment: str,
        was_erased: bool,
        **options: Any,
    ) -> None:
        now = timezone.now()
        found = Shop.objects.filter(number=shop).first()
        if found is None:
            raise CommandError(_("There is no shop %(number)s. Create it with create_shop.") % {"number": shop})
        try:
            wanted = Wanted(found, check_names(name or sys.stdin), before or now - A_DAY, since)
            if was_erased:
                self._prove(wanted)
            elif request:
                self._erase(wanted, request, comment, now)
            else:
                self._preview(wanted)
        except ErasureRefused as refusal:
            raise CommandError(str(refusal)) from None

    def _preview(self, wanted: Wanted) -> None:
        told = preview(wanted)
        self._tell(told.entries, told.rows)
        if told.files:
            told_of_files = _("files of these cases, to be looked through by a person: %(count)d")
            self.stdout.write(told_of_files % {"count": told.files})
        self.stdout.write(_("nothing was changed; with --request it is erased"))

    def _erase(self, wanted: Wanted, request: str, comment: str, now: datetime) -> None:
        erasure = erase(wanted, reference=request, comment=comment, now=now)
        self._tell(erasure.entries_count, erasure.changed)
        self.stdout.write(_("erased and recorded as number %(number)d") % {"number": erasure.pk})

    def _tell(self, entries: int, rows: dict[str, int]) -> None:
        self.stdout.write(_("entries of the journal: %(count)d") % {"count": entries})
        for table, count in sorted(rows.items()):
            self.stdout.write(f"{table}: {count}")

    def _prove(self, wanted: Wanted) -> None:
        for erasure in find_erasures(wanted):
            self.stdout.write(f"{erasure.pk}: {erasure} ({erasure.made_at:%Y-%m-%d})")
