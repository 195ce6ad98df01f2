"""The page's tables: the same on the screen, on paper and in files. Every figure knows the rows behind it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reconciliation.explanations import explain
from reconciliation.owner.days import Days
from reconciliation.owner.outstanding import UNDATED
from reconciliation.owner.page import ShopPage
from reconciliation.owner.takings import Takings
from reconciliation.owner.wording import CHOICES, word_comparison, word_days, word_next, word_silence, word_subject
from reconciliation.reports.aging import name_buckets
from reconciliation.reports.values import Cell, Column, ColumnType, Link, Report, Row, add_up
from shops.presentation import NOTHING

Filters = tuple[tuple[str, str], ...]

RECEIPTS, BILLS, DISCREPANCIES, LINES = "receipts", "bills", "discrepancies", "lines"
NOWHERE = "none"  # of a receipt that names no place, or no person


def list_tables(page: ShopPage) -> list[Report]:
    """Everything on the page, in its order."""
    return [
        make_figures(page),
        make_discrepancies(page),
        make_quiet(page),
        make_days(page),
        make_ages(page),
        make_open_bills(page),
        *(make_places(page, place) for place in PLACE_TITLES),
        make_products(page),
    ]


def filter_days(days: Days) -> Filters:
    return ("from", days.first.isoformat()), ("to", days.last.isoformat())


def make_figures(page: ShopPage) -> Report:
    days = filter_days(page.comparison.days)
    taken, before = page.taken, page.taken_before
    sales = (*days, ("type", "sale"))
    refunds = (*days, ("type", "refund"))
    billed = Link(BILLS, (*days, ("what", "billed")))
    missing, beyond = (Link(DISCREPANCIES, (*days, ("sign", sign))) for sign in ("missing", "beyond"))
    figures: tuple[tuple[str, Decimal, Decimal | None, Link], ...] = (
        (_("Billed"), page.billed.amount, page.billed_before.amount, billed),
        (_("Received"), taken.received, before.received, Link(RECEIPTS, sales)),
        (_("Received in cash"), taken.cash, before.cash, Link(RECEIPTS, (*sales, ("means", "cash")))),
        (_("Received by card"), taken.card, before.card, Link(RECEIPTS, (*sales, ("means", "card")))),
        (_("Received otherwise"), taken.other, before.other, Link(RECEIPTS, (*sales, ("means", "other")))),
        (_("Of it advances shown again"), page.set_off, None, Link(BILLS, (*days, ("what", "set_off")))),
        (_("Refunded"), taken.refunded, before.refunded, Link(RECEIPTS, refunds)),
        (_("Missing, not yet cleared up"), page.found.open.missing, None, missing),
        (_("Too much, not yet cleared up"), page.found.open.beyond, None, beyond),
        (_("Outstanding of these days"), page.debt_of_days.amount, None, Link(BILLS, (*days, ("what", "outstanding")))),
        (_("Outstanding in all"), page.debt.amount, None, Link(BILLS, (("what", "outstanding"),))),
    )
    columns = (
        Column(_("Figure"), ColumnType.TEXT),
        Column(_("Amount"), ColumnType.AMOUNT),
        Column(pgettext("an amount of the period before", "Before"), ColumnType.AMOUNT),
    )
    rows = tuple(Row((name, amount, earlier), {1: link}) for name, amount, earlier, link in figures)
    return _report(page, "figures", _("Figures"), columns, rows, is_summed=False)


def make_days(page: ShopPage) -> Report:
    columns = (
        Column(_("Day"), ColumnType.TEXT),
        Column(_("Billed"), ColumnType.AMOUNT),
        Column(_("Received"), ColumnType.AMOUNT),
        Column(_("Refunded"), ColumnType.AMOUNT),
    )
    rows = []
    for item in page.days:
        day = filter_days(Days(item.day, item.day))
        links = {
            1: Link(BILLS, (*day, ("what", "billed"))),
            2: Link(RECEIPTS, (*day, ("type", "sale"))),
            3: Link(RECEIPTS, (*day, ("type", "refund"))),
        }
        rows.append(Row((show_day(item.day), item.billed.amount, item.taken.received, item.taken.refunded), links))
    return _report(page, "days", _("Billed and received by day"), columns, tuple(rows))


def show_day(day: date) -> str:
    return date_format(day, pgettext("a day of a table", "D, j M"))


PLACE_TITLES: Mapping[str, str] = {"store": "stores", "terminal": "registers", "employee": "employees"}


def make_places(page: ShopPage, place: str) -> Report:
    titles = {
        "store": (_("Sales by store"), _("Store")),
        "terminal": (_("Sales by register"), _("Register")),
        "employee": (_("Sales by employee"), _("Employee")),
    }
    title, first = titles[place]
    columns = (
        Column(first, ColumnType.TEXT),
        Column(_("Receipts"), ColumnType.COUNT),
        Column(_("Received"), ColumnType.AMOUNT),
        Column(_("Refunded"), ColumnType.AMOUNT),
    )
    held = sorted(page.by_place[place].items(), key=lambda item: (-item[1].received, item[0] or 0))
    rows = tuple(_row_of_place(page, place, key, taken) for key, taken in held)
    return _report(page, PLACE_TITLES[place], title, columns, rows)


def _row_of_place(page: ShopPage, place: str, key: int | None, taken: Takings) -> Row:
    name = NOTHING if key is None else page.names[place].get(key, NOTHING)
    there = (*filter_days(page.comparison.days), (place, NOWHERE if key is None else str(key)))
    links = {
        1: Link(RECEIPTS, there),
        2: Link(RECEIPTS, (*there, ("type", "sale"))),
        3: Link(RECEIPTS, (*there, ("type", "refund"))),
    }
    return Row((name, taken.sales + taken.refunds, taken.received, taken.refunded), links)


def make_products(page: ShopPage) -> Report:
    columns = (
        Column(_("Product"), ColumnType.TEXT),
        Column(_("Sold"), ColumnType.QUANTITY),
        Column(_("Amount less refunds"), ColumnType.AMOUNT),
    )
    days = filter_days(page.comparison.days)
    rows = tuple(
        Row(
            (sold.name or _("without a number of the product"), sold.quantity, sold.amount),
            {2: Link(LINES, (*days, ("product", sold.product)))},
        )
        for sold in page.best
    )
    return _report(page, "products", _("Best products"), columns, rows)


def make_ages(page: ShopPage) -> Report:
    columns = (
        Column(_("Open for"), ColumnType.TEXT),
        Column(_("Bills"), ColumnType.COUNT),
        Column(_("Outstanding"), ColumnType.AMOUNT),
    )
    names = (*name_buckets(), _("Date unknown"))
    rows = tuple(
        Row((names[age], debt.count, debt.amount), {2: Link(BILLS, (("what", "outstanding"), ("age", str(age))))})
        for age, debt in enumerate(page.debts)
        if age != UNDATED or debt.count
    )
    return _report(page, "ages", _("Outstanding by age"), columns, rows)


def make_open_bills(page: ShopPage) -> Report:
    columns = (
        Column(_("Bill"), ColumnType.TEXT),
        Column(_("Customer"), ColumnType.TEXT),
        Column(_("Days open"), ColumnType.QUANTITY),
        Column(_("Outstanding"), ColumnType.AMOUNT),
    )
    rows = tuple(
        Row((str(item.bill), item.bill.customer_name.strip() or NOTHING, _days(item.days), item.amount))
        for item in page.open_bills
    )
    return _report(page, "outstanding", _("Greatest outstanding bills"), columns, rows)


def _days(days: int | None) -> Decimal | None:
    return None if days is None else Decimal(days)


def make_discrepancies(page: ShopPage) -> Report:
    columns = (
        Column(_("What"), ColumnType.TEXT),
        Column(_("Discrepancy"), ColumnType.TEXT),
        Column(_("Difference"), ColumnType.AMOUNT, signed=True),
        Column(_("What happens next"), ColumnType.TEXT),
    )
    rows = tuple(Row((word_subject(row), explain(row), row.amount, word_next(row))) for row in page.worst)
    return _report(page, "discrepancies", _("Open discrepancies, worst first"), columns, rows)


def make_quiet(page: ShopPage) -> Report:
    columns = (
        Column(_("Register"), ColumnType.TEXT),
        Column(_("Last receipt"), ColumnType.TIME),
        Column(_("Its habit"), ColumnType.TEXT),
    )
    rows = tuple(
        Row(
            (
                page.names["terminal"].get(item.terminal, NOTHING),
                item.silence.last_at.astimezone(page.shop.zone),
                word_silence(item.silence, page),
            )
        )
        for item in page.quiet
    )
    return _report(page, "quiet", _("Registers that have gone quiet"), columns, rows, is_summed=False)


def _report(
    page: ShopPage, name: str, title: str, columns: tuple[Column, ...], rows: tuple[Row, ...], *, is_summed: bool = True
) -> Report:
    totals: tuple[Cell, ...] = (_("Total"), *add_up(columns, rows)[1:]) if is_summed else (None,) * len(columns)
    chosen = CHOICES[page.comparison.choice]
    parameters = (
        (_("Shop"), str(page.shop)),
        (_("Period"), f"{chosen}: {word_days(page.comparison.days)}, {word_comparison(page.comparison)}"),
    )
    return Report(name, title, parameters, columns, rows, totals)
