"""The protocol of a closed month as a workbook: the figures, what stayed open, and every document that was counted."""

from collections.abc import Iterator
from decimal import Decimal
from typing import IO

from django.utils.translation import gettext as _

from reconciliation.models import KindChoice, Period
from reconciliation.period_protocol import read_figures
from reconciliation.period_tables import in_batches, list_rows, list_unbilled, show_day, show_month
from shops.presentation import show_second
from shops.spreadsheets import Cell, Sheet, write_workbook

ENTRIES_PER_QUERY = 2000

Cells = list[Cell]


def write_period(file: IO[bytes], period: Period) -> None:
    """The workbook of a closed month, a sheet a subject. Raises TooManyRows."""
    write_workbook(
        file,
        [
            Sheet(
                ["", _("Outstanding of bills"), _("Of the month"), _("Adjustments"), _("Total")],
                _list_figures(period),
                _("Protocol"),
            ),
            Sheet(
                [_("Discrepancy"), _("Document"), _("Difference"), _("Acknowledged by"), _("Comment")],
                _list_open(period),
                _("Left open"),
            ),
            Sheet(
                [
                    _("What"),
                    _("Part"),
                    _("Date of the document"),
                    _("Document"),
                    _("Bill"),
                    _("Customer"),
                    _("Payment"),
                    _("Changes outstanding by"),
                ],
                _list_documents(period),
                _("Documents"),
            ),
            Sheet(["", ""], _describe(period), _("About")),
        ],
    )


def _list_figures(period: Period) -> Iterator[Cells]:
    figures = read_figures(period.protocol)
    for row in (*list_rows(figures), *list_unbilled(figures)):
        indent = "   " if row.level == "part" else ""
        yield [row.sign, f"{indent}{row.label}", row.month, row.adjustments, row.total]


def _list_open(period: Period) -> Iterator[Cells]:
    for row in period.protocol["open"]:
        amount = None if row["amount"] is None else Decimal(row["amount"])
        kind = str(KindChoice(row["kind"]).label)
        yield [kind, row["document"], amount, row["acknowledged_by"], row["comment"]]


def _list_documents(period: Period) -> Iterator[Cells]:
    for row in in_batches(period.entries.iterator(ENTRIES_PER_QUERY), ENTRIES_PER_QUERY):
        customer = row.bill.customer_name if row.bill else ""
        day = show_day(row.dated_at, period.shop)
        bill = str(row.bill) if row.bill else ""
        yield [row.what, row.part, day, str(row.document), bill, customer, row.payment, row.amount]


def _describe(period: Period) -> Iterator[Cells]:
    zone = period.shop.zone
    yield [_("Shop"), str(period.shop)]
    yield [_("Month"), show_month(period.month)]
    yield [_("Time zone"), period.protocol["time_zone"]]
    yield [_("Closed"), show_second(period.closed_at, zone)]
    yield [_("Closed by"), str(period.closed_by)]
    if period.reopened_at is not None:
        yield [_("Opened again"), show_second(period.reopened_at, zone)]
        yield [_("Opened again by"), str(period.reopened_by)]
        yield [_("Why it was opened again"), period.reopening_comment]
    yield [_("Digest of the protocol"), period.digest]
