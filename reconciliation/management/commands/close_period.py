"""`manage.py close_period`: closes a month of a shop, or shows what it would come to."""

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from reconciliation import months, periods
from reconciliation.period_protocol import Figures, read_figures
from reconciliation.period_readiness import list_open
from reconciliation.period_tables import Row, list_rows, list_unbilled
from reconciliation.permissions import CLOSE_PERIOD_PERMISSION
from shops.management.base import DatabaseCommand
from shops.models import Shop
from shops.money import format_plain

LABEL_WIDTH, FIGURE_WIDTH = 48, 16


class Command(DatabaseCommand):
    help = "Closes a month of a shop with a protocol of what was billed, received and left outstanding."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("shop", type=int, metavar="SHOP", help="number of the shop")
        parser.add_argument("month", type=parse_month, metavar="MONTH", help="like 2026-03")
        parser.add_argument("--preview", action="store_true", help="show the protocol as it would be, close nothing")
        parser.add_argument("--by", metavar="USER", help="who closes it: a user who may")
        parser.add_argument(
            "--not-ours",
            type=int,
            action="append",
            default=[],
            metavar="NUMBER",
            help="a message without a shop that is not of this one",
        )

    def handle(self, *args: Any, shop: int, month: date, preview: bool, by: str | None, **options: Any) -> None:
        found = Shop.objects.filter(pk=shop).first()
        if found is None:
            raise CommandError(_("There is no shop %(number)d.") % {"number": shop})
        not_ours: list[int] = options["not_ours"]
        try:
            if preview:
                self._show_preview(found, month, not_ours)
            else:
                period = periods.close_period(
                    shop=found,
                    month=month,
                    actor=_find_person(by, found),
                    now=timezone.now(),
                    messages_of_others=not_ours,
                )
                self._show(read_figures(period.protocol))
        except periods.ClosingRefused as refusal:
            raise CommandError(str(refusal)) from None

    def _show_preview(self, shop: Shop, month: date, not_ours: list[int]) -> None:
        preview = periods.preview_closing(shop=shop, month=month, now=timezone.now())
        self._show(preview.figures)
        for obstacle in preview.list_obstacles(not_ours):
            self.stderr.write(str(obstacle))
        unseen = list_open(shop, month).filter(acknowledged=False).count()
        if unseen:
            self.stderr.write(_("open discrepancies that nobody has acknowledged: %(count)d") % {"count": unseen})

    def _show(self, figures: Figures) -> None:
        self.stdout.write(_line("", _("Of the month"), _("Adjustments"), _("Total")))
        for row in (*list_rows(figures), *list_unbilled(figures)):
            self.stdout.write(_show_row(row))


def parse_month(text: str) -> date:
    try:
        return months.parse_month(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no month. Write it like 2026-03.") from None


def _find_person(name: str | None, shop: Shop) -> User:
    person = User.objects.filter(username=name, is_active=True).first() if name else None
    if person is None:
        raise CommandError(_("Say who closes the month: --by and the name of a user."))
    if not person.has_perm(CLOSE_PERIOD_PERMISSION, shop):
        raise CommandError(_("%(name)s may not close months.") % {"name": name})
    return person


def _show_row(row: Row) -> str:
    indent = "    " if row.level == "part" else ""
    amounts = ("" if amount is None else format_plain(amount) for amount in (row.month, row.adjustments, row.total))
    return _line(f"{row.sign:2}{indent}{row.label}", *amounts)


def _line(label: str, *figures: str) -> str:
    return label.ljust(LABEL_WIDTH) + "".join(figure.rjust(FIGURE_WIDTH) for figure in figures)
