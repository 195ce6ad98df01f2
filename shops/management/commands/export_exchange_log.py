"""`manage.py export_exchange_log`: writes the journal in the form in which it is imported."""

import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from shops.exchange_log import write_newest_first
from shops.journal_export import count_removed, export_entries
from shops.management.arguments import parse_time
from shops.management.base import DatabaseCommand


class Command(DatabaseCommand):
    help = "Writes the exchange journal, newest first: what was imported comes out byte for byte."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", type=int, metavar="NUMBER", help="only this shop")
        parser.add_argument("--since", type=parse_time, metavar="TIME", help="from this time on")
        parser.add_argument("--until", type=parse_time, metavar="TIME", help="before this time")
        parser.add_argument(
            "--with-upstream",
            action="store_true",
            help="what crmpos and the CRMs behind shops said to each other too: to be read, not to be imported",
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="instead of standard output")

    def handle(
        self,
        *args: Any,
        shop: int | None,
        since: datetime | None,
        until: datetime | None,
        with_upstream: bool,
        output: Path | None,
        **options: Any,
    ) -> None:
        entries = export_entries(shop_number=shop, since=since, until=until, with_upstream=with_upstream)
        with output.open("wb") if output else nullcontext(sys.stdout.buffer) as file:
            write_newest_first(entries, file)
        removed = count_removed(shop_number=shop, since=since, until=until, with_upstream=with_upstream)
        if removed:
            self.stderr.write(
                _("left out, for retention has removed their texts: %(count)d entries") % {"count": removed}
            )
