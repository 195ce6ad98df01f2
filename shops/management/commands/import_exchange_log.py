"""`manage.py import_exchange_log FILE...`: brings the journal of other programs into this one."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from shops.batches import cut_into_batches
from shops.exchange_log import read_oldest_first
from shops.log_source import STANDARD_INPUT, LogSource
from shops.management.base import DatabaseCommand
from shops.services import ImportReport, LogImporter

DAMAGES_SHOWN = 50
INTERRUPTED = 130  # as a shell has it: 128 and the number of the signal


class Command(DatabaseCommand):
    help = "Imports exchange logs (plain or gzip; - is standard input). Importing one again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")

    def handle(self, *args: Any, files: list[str], **options: Any) -> None:
        for path in files:
            try:
                self._import(path)
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror or error}") from None
            except KeyboardInterrupt:
                raise CommandError(
                    _("interrupted; what was imported is kept: import the file again to go on"),
                    returncode=INTERRUPTED,
                ) from None

    def _import(self, path: str) -> None:
        name = "stdin" if path == STANDARD_INPUT else path
        importer = LogImporter(source=name)
        with (
            LogSource(path) as source,
            tqdm(total=source.size_bytes, unit="B", unit_scale=True, desc=name, disable=not sys.stderr.isatty()) as bar,
        ):
            items = read_oldest_first(source.file, on_progress=bar.update)
            for batch in cut_into_batches(items):
                importer.import_batch(batch, now=timezone.now())
            truncated = source.truncated
        self._report(name, importer.report, truncated=truncated)

    def _report(self, name: str, report: ImportReport, *, truncated: bool) -> None:
        for damage in sorted(report.damages, key=lambda damage: damage.line_number)[:DAMAGES_SHOWN]:
            self.stderr.write(f"{name}:{damage.line_number}: {damage.reason}")
        if len(report.damages) > DAMAGES_SHOWN:
            self.stderr.write(
                _("%(name)s: and %(count)d more") % {"name": name, "count": len(report.damages) - DAMAGES_SHOWN}
            )
        if truncated:
            self.stderr.write(
                _("%(name)s: the compressed file is cut off; what came before was imported") % {"name": name}
            )
        self.stdout.write(
            _(
                "%(name)s: %(entries)d entries (%(known)d known before), %(exchanges)d new exchanges; "
                "new bills: %(bills)d, new receipts: %(receipts)d, receipts delivered again: %(again)d; "
                "damaged: %(damaged)d"
            )
            % {
                "name": name,
                "entries": report.entries,
                "known": report.entries_known,
                "exchanges": report.exchanges,
                "bills": report.bills_new,
                "receipts": report.receipts_new,
                "again": report.receipts_again,
                "damaged": len(report.damages),
            }
        )
