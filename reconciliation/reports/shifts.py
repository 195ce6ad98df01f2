"""Shift totals of each terminal, as a Z-report has them, held against what the register itself declared.

Every receipt of a shift counts, also one printed after midnight: a shift stands whole on the day on which it was
closed, and while nothing is known of that, on the day of its last receipt.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reconciliation.reports.parameters import describe_choices, describe_period
from reconciliation.reports.scope import DAY, Scope
from reconciliation.reports.values import Cell, Chart, Column, ColumnType, Link, Report, Row, Series, add_up
from shops.models import Receipt, Shift, Terminal
from shops.money import ZERO
from shops.presentation import NOTHING, show_percent
from shops.shift_totals import PRINTED, ShiftKey, ShiftTotals, count_shifts, count_vat

NAME = "shifts"
TITLE = gettext_lazy("Shift totals")

LONGEST_SHIFT = 7 * DAY  # the law allows one; a register that is offline may come later

EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Counted:
    """What is known of one shift; `shift` is None where receipts name none, or no terminal."""

    shop: int
    terminal: int | None
    name: str
    shift: Shift | None = None
    totals: ShiftTotals = ShiftTotals()
    vat: dict[Decimal, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    @property
    def ended_at(self) -> datetime | None:
        return (self.shift.closed_at if self.shift else None) or self.totals.last_at

    @property
    def declared(self) -> Decimal | None:
        return self.shift.declared_revenue if self.shift else None

    @property
    def difference(self) -> Decimal | None:
        return None if self.declared is None else self.totals.revenue - self.declared


def make_report(scope: Scope) -> Report:
    counted = _count(scope)
    rates = sorted({rate for each in counted for rate, tax in each.vat.items() if tax}, reverse=True)
    columns = _list_columns(rates)
    terminals = {terminal.pk: terminal for terminal in Terminal.objects.filter(pk__in=_terminals_of(counted))}
    rows = tuple(_row(scope, each, terminals, rates) for each in counted)
    return Report(
        name=NAME,
        title=str(TITLE),
        parameters=(describe_period(scope), *describe_choices(scope)),
        columns=columns,
        rows=rows,
        totals=(_("Total"), *add_up(columns, rows)[1:]),
        chart=_draw(scope, counted, terminals),
        notes=(
            _("By receipts: all fiscal receipts of the shift that have come. Cash and card: less what was given back."),
            _("Declared: the revenue by the register's own Z-report, else by the closing of its shift."),
            _("A difference below zero: receipts that never came, or money that is missing."),
        ),
    )


def _list_columns(rates: Sequence[Decimal]) -> tuple[Column, ...]:
    amounts = (_("Sales"), _("Refunds"), _("Revenue"), _("Cash"), _("Card"), _("Other means"))
    return (
        Column(_("Shop"), ColumnType.TEXT),
        Column(_("Terminal"), ColumnType.TEXT),
        Column(_("Shift"), ColumnType.TEXT),
        Column(_("Closed"), ColumnType.TIME),
        Column(_("Receipts"), ColumnType.COUNT),
        *(Column(title, ColumnType.AMOUNT) for title in amounts),
        *(Column(_("VAT %(rate)s") % {"rate": show_percent(rate)}, ColumnType.AMOUNT) for rate in rates),
        Column(_("Declared"), ColumnType.AMOUNT),
        Column(_("Difference"), ColumnType.AMOUNT, signed=True),
    )


def _count(scope: Scope) -> list[Counted]:
    """The shifts of the period, by shop, terminal and time."""
    query = scope.query
    receipts = Receipt.objects.annotate(printed=PRINTED)
    shifts = Shift.objects.all()
    if query.terminal is not None:
        receipts, shifts = receipts.filter(terminal=query.terminal), shifts.filter(terminal=query.terminal)
    near = scope.between("printed", query.first_day - LONGEST_SHIFT, query.last_day + LONGEST_SHIFT)
    named = _gather(scope, receipts.filter(near).exclude(shift=""), shifts)
    unnamed = _gather(scope, receipts.filter(scope.during("printed"), shift=""), shifts.none())
    found = [each for each in named if scope.holds(each.shop, each.ended_at)] + unnamed
    return sorted(found, key=lambda each: (each.shop, each.terminal or 0, each.ended_at or EARLIEST, each.name))


def _gather(scope: Scope, receipts: QuerySet[Receipt], shifts: QuerySet[Shift]) -> list[Counted]:
    """The receipts by shift; with the shifts that were closed in the period though no receipt of them came."""
    totals, vat = count_shifts(receipts), count_vat(receipts)
    terminals = {terminal for _shop, terminal, _name in totals if terminal is not None}
    known = shifts.filter(terminal__in=terminals) | shifts.filter(scope.during("closed_at"))
    by_name = {(shift.terminal_id, name): shift for shift in known.distinct() for name in shift.names}
    found: dict[ShiftKey, Counted] = {}
    for (shop, terminal, name), figures in totals.items():
        shift = by_name.get((terminal, name)) if terminal is not None else None
        key = (shop, terminal, shift.key if shift else name)
        counted = found.setdefault(key, Counted(shop, terminal, key[2], shift))
        counted.totals += figures
        for rate, tax in vat.get((shop, terminal, name), {}).items():
            counted.vat[rate] += tax
    for shift in by_name.values():
        if scope.holds(shift.shop_id, shift.closed_at):
            key = (shift.shop_id, shift.terminal_id, shift.key)
            found.setdefault(key, Counted(*key, shift))
    return list(found.values())


def _terminals_of(counted: Sequence[Counted]) -> set[int]:
    return {each.terminal for each in counted if each.terminal is not None}


def _row(scope: Scope, counted: Counted, terminals: Mapping[int, Terminal], rates: Sequence[Decimal]) -> Row:
    totals, shop, ended_at = counted.totals, scope.by_number[counted.shop], counted.ended_at
    closed_at = counted.shift.closed_at if counted.shift else None
    cells: tuple[Cell, ...] = (
        str(shop),
        NOTHING if counted.terminal is None else str(terminals[counted.terminal]),
        counted.name or NOTHING,
        closed_at and closed_at.astimezone(shop.zone),
        totals.receipts,
        *(totals.sales, totals.paybacks, totals.revenue, totals.cash, totals.card, totals.other),
        *(counted.vat.get(rate, ZERO) for rate in rates),
        counted.declared,
        counted.difference,
    )
    links = {}
    if ended_at is not None:
        day = ended_at.astimezone(shop.zone).date().isoformat()
        filters = (("shop__number__exact", str(shop.number)), ("printed_at_from", day), ("printed_at_to", day))
        links[4] = Link("receipts", filters)
    if counted.declared is not None and counted.shift is not None:
        name = counted.shift.session_id or counted.shift.key
        links[len(cells) - 2] = Link("documents", (("shop__number__exact", str(shop.number)), ("q", name)))
    return Row(cells, links)


def _draw(scope: Scope, counted: Sequence[Counted], terminals: Mapping[int, Terminal]) -> Chart | None:
    """Revenue of each terminal by the way it was paid."""
    sums: dict[int, ShiftTotals] = defaultdict(ShiftTotals)
    for each in counted:
        sums[each.terminal or 0] += each.totals
    if not sums:
        return None
    return Chart(
        _("Revenue by terminal"),
        tuple(_name_terminal(scope, terminals.get(terminal)) for terminal in sums),
        (
            Series(_("Cash"), tuple(totals.cash for totals in sums.values())),
            Series(_("Card"), tuple(totals.card for totals in sums.values())),
            Series(_("Other means"), tuple(totals.other for totals in sums.values())),
        ),
    )


def _name_terminal(scope: Scope, terminal: Terminal | None) -> str:
    """With its shop, as there may be a till 1 in each."""
    return NOTHING if terminal is None else f"{terminal} · {scope.by_number[terminal.shop_id]}"
