"""`manage.py retention`: removes the texts of the journal that shops need not keep, or says what it would remove."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from reconciliation.evidence import OpenBooks
from shops.management.base import DatabaseCommand
from shops.partitions import create_partitions, list_months_ahead
from shops.retention import DueMonth, Part, find_due, remove_due


class Command(DatabaseCommand):
    help = "Removes the texts of the journal that shops need not keep any more (beat does so by itself)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed, and what would not")
        parser.add_argument("--shop", type=int, metavar="NUMBER", help="only this shop")
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="only make the months ahead into which PostgreSQL divides the journal",
        )

    def handle(self, *args: Any, dry_run: bool, shop: int | None, prepare: bool, **options: Any) -> None:
        now = timezone.now()
        if prepare:
            for month in create_partitions(list_months_ahead(now)):
                self.stdout.write(f"{month:%Y-%m}")
            return
        if dry_run:
            for due in find_due(now, OpenBooks(), shop_number=shop):
                for part in due.parts:
                    self.stdout.write(f"{due.month:%Y-%m} {part.shop}: {_describe(due, part)}")
            return
        for run in remove_due(now, OpenBooks(), shop_number=shop):
            self.stdout.write(
                _("%(run)s: %(entries)d texts removed, %(bytes)d bytes")
                % {"run": run, "entries": run.entries, "bytes": run.size_bytes}
            )


def _describe(due: DueMonth, part: Part) -> str:
    if part.is_open:
        return _("kept, for the month is not closed: %(entries)d texts") % {"entries": part.entries}
    return _("%(entries)d texts, %(bytes)d bytes; needed and kept: %(kept)d; %(how)s") % {
        "entries": part.entries - len(part.needed),
        "bytes": part.size_bytes,
        "kept": len(part.needed),
        "how": _("with the whole month") if due.is_whole else _("row by row"),
    }
