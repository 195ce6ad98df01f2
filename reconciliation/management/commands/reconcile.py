"""`manage.py reconcile`: judges the cases that changed."""

import sys
from datetime import datetime
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from reconciliation.services import reconcile
from shops.management.arguments import parse_time
from shops.management.base import DatabaseCommand


class Command(DatabaseCommand):
    help = "Compares bills with receipts: judges the cases that changed since they were last judged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shop", type=int, metavar="NUMBER", help="only this shop")
        parser.add_argument(
            "--as-of", type=parse_time, metavar="TIME", help="hold deadlines against this time, not now"
        )
        parser.add_argument("--all", action="store_true", help="judge every case, changed or not")

    def handle(self, *args: Any, shop: int | None, as_of: datetime | None, **options: Any) -> None:
        now = timezone.now()
        with tqdm(unit=" cases", desc="reconcile", disable=not sys.stderr.isatty()) as bar:
            report = reconcile(
                as_of=as_of or now,
                now=now,
                shop_number=shop,
                everything=options["all"],
                on_progress=partial(_show, bar),
            )
        self.stdout.write(
            _(
                "cases judged: %(judged)d; discrepancies found: %(opened)d, reopened: %(reopened)d, "
                "changed: %(changed)d, resolved by later documents: %(closed)d"
            )
            % {
                "judged": report.judged,
                "opened": report.opened,
                "reopened": report.reopened,
                "changed": report.changed,
                "closed": report.closed,
            }
        )


def _show(bar: "tqdm[Any]", count: int) -> None:
    bar.update(count)
