"""VAT by rate: billed against received.

The VAT of a bill's line is computed as a register does it, that of a receipt's line is what the register said.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reconciliation.reports.parameters import describe_choices, describe_period
from reconciliation.reports.scope import Scope
from reconciliation.reports.values import Cell, Chart, Column, ColumnType, Link, Report, Row, Series, add_up
from reconciliation.rules.observations import read_rate
from shops.bill_values import current_lines
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Bill, BillLine, ReceiptLine
from shops.money import ZERO, multiply, tax_inside
from shops.payment.values import PAYBACK, SELL
from shops.presentation import show_percent

NAME = "vat"
TITLE = gettext_lazy("VAT billed and received")

ROWS_PER_QUERY = 5000
PRINTED = Coalesce("receipt__printed_at", "receipt__received_at")

Key = tuple[int, Decimal | None]  # shop number, rate; None: the bill does not say a rate that is known


@dataclass(slots=True)
class Figures:
    billed: Decimal = ZERO
    billed_vat: Decimal = ZERO
    received: Decimal = ZERO
    received_vat: Decimal = ZERO


def make_report(scope: Scope) -> Report:
    found: dict[Key, Figures] = defaultdict(Figures)
    _add_billed(scope, found)
    _add_unknown_contents(scope, found)
    _add_received(scope, found)
    columns = (
        Column(_("Shop"), ColumnType.TEXT),
        Column(_("VAT rate"), ColumnType.PERCENT),
        Column(_("Billed"), ColumnType.AMOUNT),
        Column(_("VAT billed"), ColumnType.AMOUNT),
        Column(_("Received"), ColumnType.AMOUNT),
        Column(_("VAT received"), ColumnType.AMOUNT),
        Column(_("VAT received less billed"), ColumnType.AMOUNT, signed=True),
    )
    keys = sorted(found, key=lambda key: (key[0], key[1] is None, -(key[1] or ZERO)))
    rows = tuple(_row(scope, key, found[key]) for key in keys)
    return Report(
        name=NAME,
        title=str(TITLE),
        parameters=(describe_period(scope), *describe_choices(scope)),
        columns=columns,
        rows=rows,
        totals=(_("Total"), *add_up(columns, rows)[1:]),
        chart=_draw(found) if rows else None,
        notes=(
            _("Billed: bills dated in the period and not cancelled, as they were last stated."),
            _("Received: fiscal receipts printed in the period, sales less refunds, whether they name a bill or not."),
            _("Without a rate: bills whose contents are unknown, and lines whose rate is not understood."),
        ),
    )


def _add_billed(scope: Scope, found: dict[Key, Figures]) -> None:
    """Lines of the same price, quantity and rate have the same VAT: each kind of line is computed once."""
    lines: QuerySet[BillLine] = current_lines().filter(
        scope.during("version__bill__issued_at", shop="version__bill__shop"), version__bill__cancelled_at=None
    )
    alike = lines.order_by().values_list("version__bill__shop", "tax_rate", "price", "quantity")
    for shop, text, price, quantity, count in alike.annotate(count=Count("pk")).iterator(ROWS_PER_QUERY):
        rate, total = read_rate(text), multiply(price, quantity)
        figures = found[shop, rate]
        figures.billed += total * count
        figures.billed_vat += tax_inside(total, rate or ZERO) * count


def _add_unknown_contents(scope: Scope, found: dict[Key, Figures]) -> None:
    bills = Bill.objects.filter(scope.during("issued_at"), cancelled_at=None, version=0).order_by()
    for shop, total in bills.values_list("shop").annotate(sum=sum_kopecks("total")):
        found[shop, None].billed += read_sum(total)


def _add_received(scope: Scope, found: dict[Key, Figures]) -> None:
    for shop, rate, sold, given_back, tax_sold, tax_given_back in _group_received(scope):
        figures = found[shop, rate]
        figures.received += read_sum(sold) - read_sum(given_back)
        figures.received_vat += read_sum(tax_sold) - read_sum(tax_given_back)


def _group_received(scope: Scope) -> Iterator[tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal]]:
    lines = ReceiptLine.objects.annotate(printed=PRINTED).filter(
        scope.during("printed", shop="receipt__shop"), receipt__informational=False
    )
    sales, paybacks = Q(receipt__type=SELL), Q(receipt__type=PAYBACK)
    yield from (
        lines.filter(sales | paybacks)
        .order_by()
        .values_list("receipt__shop", "tax_percent")
        .annotate(
            sold=sum_kopecks("total", filter=sales),
            given_back=sum_kopecks("total", filter=paybacks),
            tax_sold=sum_kopecks("tax", filter=sales),
            tax_given_back=sum_kopecks("tax", filter=paybacks),
        )
    )


def _row(scope: Scope, key: Key, figures: Figures) -> Row:
    number, rate = key
    cells: tuple[Cell, ...] = (
        str(scope.by_number[number]),
        rate,
        figures.billed,
        figures.billed_vat,
        figures.received,
        figures.received_vat,
        figures.received_vat - figures.billed_vat,
    )
    return Row(
        cells, {2: _link(number, "bills", "issued_at", scope), 4: _link(number, "receipts", "printed_at", scope)}
    )


def _link(number: int, page: str, moment: str, scope: Scope) -> Link:
    first, last = scope.query.first_day.isoformat(), scope.query.last_day.isoformat()
    return Link(page, (("shop__number__exact", str(number)), (f"{moment}_from", first), (f"{moment}_to", last)))


def _draw(found: dict[Key, Figures]) -> Chart:
    """VAT of all shops by rate."""
    rates = sorted({rate for _number, rate in found if rate is not None})
    sums = {rate: Figures() for rate in rates}
    for (_number, rate), figures in found.items():
        if rate is not None:
            sums[rate].billed_vat += figures.billed_vat
            sums[rate].received_vat += figures.received_vat
    return Chart(
        str(TITLE),
        tuple(show_percent(rate) for rate in rates),
        (
            Series(_("VAT billed"), tuple(sums[rate].billed_vat for rate in rates)),
            Series(_("VAT received"), tuple(sums[rate].received_vat for rate in rates)),
        ),
        stacked=False,
    )
