"""`manage.py generate_history`: writes an invented exchange log, the same for the same seed on every machine."""

import gzip
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from crmpos.history import DEFAULT_END, Planted, generate_history, write_log
from shops.management.arguments import parse_time
from shops.money import format_plain


class Command(BaseCommand):
    help = "Writes the invented exchange log of several shops, newest first, to be imported like any other."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bills", type=int, required=True, metavar="COUNT", help="how many bills the CRMs issue")
        parser.add_argument("--seed", type=int, required=True, help="the same seed gives the same log")
        parser.add_argument("--shops", type=int, default=5, metavar="COUNT")
        parser.add_argument("--days", type=int, default=90, metavar="COUNT")
        parser.add_argument("--end", type=parse_time, default=DEFAULT_END, metavar="TIME", help="default: %(default)s")
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="instead of standard output; compressed where it ends in .gz"
        )
        parser.add_argument(
            "--planted", type=Path, metavar="FILE", help="also write the discrepancies that were planted, as JSON"
        )

    def handle(self, *args: Any, output: Path | None, planted: Path | None, end: datetime, **options: Any) -> None:
        for name, least in (("bills", 0), ("shops", 1), ("days", 1)):
            if options[name] < least:
                raise CommandError(_("--%(name)s must be at least %(least)d") % {"name": name, "least": least})
        found: list[Planted] = []
        entries = generate_history(
            bills=options["bills"],
            seed=options["seed"],
            shops=options["shops"],
            days=options["days"],
            end=end,
            on_planted=found.append if planted else None,
        )
        try:
            with _open_output(output) as file:
                write_log(tqdm(entries, unit=" entries", disable=not sys.stderr.isatty()), file)
            if planted:
                planted.write_text(_write_planted(found), encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{error.filename or output}: {error.strerror or error}") from None


@contextmanager
def _open_output(path: Path | None) -> Iterator[BinaryIO]:
    """A compressed file carries neither name nor time, so that it too depends on nothing but the seed."""
    if path is None:
        yield sys.stdout.buffer
    elif path.suffix == ".gz":
        with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as compressed:
            yield cast(BinaryIO, compressed)
    else:
        with path.open("wb") as file:
            yield file


def _write_planted(found: list[Planted]) -> str:
    rows = [
        {
            "shop": planted.shop,
            "bill": planted.bill,
            "receipt": planted.receipt,
            "kind": planted.kind,
            "amount": None if planted.amount is None else format_plain(planted.amount),
        }
        for planted in found
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
