"""What the templates of the owner's pages are given: figures as texts, with the addresses of the rows behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reconciliation.explanations import explain
from reconciliation.owner.days import Choice
from reconciliation.owner.page import ShopPage
from reconciliation.owner.tables import BILLS, DISCREPANCIES, RECEIPTS, filter_days
from reconciliation.owner.wording import CHOICES, word_next, word_subject
from reconciliation.reports.cells import show_rows, show_totals
from reconciliation.reports.values import Link, Report
from shops.models import Shop
from shops.money import share_in_percent
from shops.presentation import show_amount, show_percent, show_signed_amount


@dataclass(frozen=True, slots=True)
class ShownCell:
    """`value` is the plain figure of an amount, for the chart."""

    title: str
    text: str
    is_figure: bool
    is_missing: bool
    address: str = ""
    value: str = ""

    @property
    def style(self) -> str:
        """The classes of its element."""
        return f"{'figure' if self.is_figure else ''}{' bad-text' if self.is_missing else ''}"


@dataclass(frozen=True, slots=True)
class ShownTable:
    report: Report
    rows: list[list[ShownCell]]
    totals: list[ShownCell]
    file: str

    @property
    def name(self) -> str:
        return self.report.name


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    text: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One figure of the page: the amount, how it compares, and what it is made of."""

    name: str
    title: str
    text: str
    address: str
    before: str = ""
    is_bad: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownDiscrepancy:
    subject: str
    sentence: str
    amount: str
    next: str
    is_missing: bool
    address: str


def address_of(shop: Shop, link: Link) -> str:
    return _lead_from(_find_page(shop, link.page), link)


def _find_page(shop: Shop, name: str) -> str:
    return reverse(f"owner:{name}", args=[shop.number])


def _lead_from(page: str, link: Link) -> str:
    return f"{page}?{urlencode(link.filters)}"


def show_table(shop: Shop, report: Report, question: str) -> ShownTable:
    """A table with its links; `question` is what the page was asked."""
    names = {link.page for row in report.rows for link in row.links.values()}
    pages = {name: _find_page(shop, name) for name in names}
    rows = [
        [
            ShownCell(
                column.title,
                cell.text,
                cell.is_figure,
                cell.is_missing,
                _lead_from(pages[cell.link.page], cell.link) if cell.link else "",
                str(value) if isinstance(value, Decimal) else "",
            )
            for column, cell, value in zip(report.columns, cells, row.cells, strict=True)
        ]
        for row, cells in zip(report.rows, show_rows(report), strict=True)
    ]
    totals = [
        ShownCell(column.title, cell.text, cell.is_figure, cell.is_missing)
        for column, cell in zip(report.columns, show_totals(report), strict=True)
    ]
    return ShownTable(
        report, rows, totals, f"{reverse('owner:file', args=[shop.number, report.name, 'csv'])}{question}"
    )


def list_periods(address: str, chosen: Choice) -> list[dict[str, Any]]:
    """The tabs of the periods that need no days."""
    return [
        {
            "name": choice.value,
            "title": title,
            "address": f"{address}?period={choice.value}",
            "active": choice == chosen,
        }
        for choice, title in CHOICES.items()
        if choice != Choice.OWN
    ]


def ask_again(question: QueryDict, **changes: str) -> str:
    """The same question with something changed."""
    asked = question.copy()
    for name, value in changes.items():
        asked[name] = value
    return f"?{asked.urlencode()}" if asked else ""


def show_before(now: Decimal, before: Decimal) -> str:
    """`100 000,00 before, +12 %`; without a figure before there is no percentage."""
    shown = _("before: %(amount)s") % {"amount": show_amount(before)}
    if not before:
        return shown
    change = share_in_percent(now - before, before)
    sign = "+" if change > 0 else ""
    return f"{shown} ({sign}{show_percent(change)})"


def show_cards(page: ShopPage) -> list[Card]:
    return [_card_of_billed(page), _card_of_received(page), _card_of_refunded(page), *_cards_of_trouble(page)]


def _card_of_billed(page: ShopPage) -> Card:
    days = filter_days(page.comparison.days)
    count = page.billed.count
    bills = ngettext("%(count)d bill", "%(count)d bills", count) % {"count": count}
    return Card(
        "billed",
        _("Billed"),
        show_amount(page.billed.amount),
        address_of(page.shop, Link(BILLS, (*days, ("what", "billed")))),
        show_before(page.billed.amount, page.billed_before.amount),
        parts=(Part(bills, ""),),
    )


def _card_of_received(page: ShopPage) -> Card:
    sales = (*filter_days(page.comparison.days), ("type", "sale"))
    taken = page.taken
    parts = [
        Part(title, show_amount(amount), address_of(page.shop, Link(RECEIPTS, (*sales, ("means", means)))))
        for title, amount, means in (
            (_("in cash"), taken.cash, "cash"),
            (_("by card"), taken.card, "card"),
            (_("otherwise"), taken.other, "other"),
        )
    ]
    if page.set_off:
        link = Link(BILLS, (*filter_days(page.comparison.days), ("what", "set_off")))
        parts.append(Part(_("of it advances shown again"), show_amount(page.set_off), address_of(page.shop, link)))
    return Card(
        "received",
        _("Received"),
        show_amount(taken.received),
        address_of(page.shop, Link(RECEIPTS, sales)),
        show_before(taken.received, page.taken_before.received),
        parts=tuple(parts),
    )


def _card_of_refunded(page: ShopPage) -> Card:
    refunds = (*filter_days(page.comparison.days), ("type", "refund"))
    return Card(
        "refunded",
        _("Refunded"),
        show_amount(page.taken.refunded),
        address_of(page.shop, Link(RECEIPTS, refunds)),
        show_before(page.taken.refunded, page.taken_before.refunded),
    )


def _cards_of_trouble(page: ShopPage) -> list[Card]:
    shop, days, found = page.shop, filter_days(page.comparison.days), page.found
    beyond = Part(
        _("too much"),
        show_signed_amount(found.open.beyond),
        address_of(shop, Link(DISCREPANCIES, (*days, ("sign", "beyond")))),
    )
    counted = _("%(open)d open of %(found)d found") % {"open": found.open.count, "found": found.found.count}
    everything = Part(counted, "", address_of(shop, Link(DISCREPANCIES, (*days, ("status", "all")))))
    of_days = Part(
        _("of these days"),
        show_amount(page.debt_of_days.amount),
        address_of(shop, Link(BILLS, (*days, ("what", "outstanding")))),
    )
    return [
        Card(
            "missing",
            _("Missing"),
            show_amount(found.open.missing),
            address_of(shop, Link(DISCREPANCIES, (*days, ("sign", "missing")))),
            is_bad=found.open.missing < 0,
            parts=(beyond, everything),
        ),
        Card(
            "outstanding",
            _("Outstanding today"),
            show_amount(page.debt.amount),
            address_of(shop, Link(BILLS, (("what", "outstanding"),))),
            parts=(of_days,),
        ),
    ]


def show_discrepancies(page: ShopPage) -> Sequence[ShownDiscrepancy]:
    return [
        ShownDiscrepancy(
            subject=capfirst(word_subject(row)),
            sentence=capfirst(explain(row)),
            amount="" if row.amount is None else show_signed_amount(row.amount),
            next=word_next(row),
            is_missing=row.amount is not None and row.amount < 0,
            address=reverse("owner:discrepancy", args=[page.shop.pk, row.pk]),
        )
        for row in page.worst
    ]
