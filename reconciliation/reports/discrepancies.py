"""Discrepancies by kind, shop, terminal, employee or week: how many, and how much money.

A discrepancy belongs to one terminal and one employee: those of the last receipt of its case. So every grouping has
the same totals.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, Expression, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reconciliation.models import Discrepancy, KindChoice, Status
from reconciliation.reports.parameters import describe_choices, describe_period
from reconciliation.reports.scope import DAY, Scope
from reconciliation.reports.values import Cell, Chart, Column, ColumnType, Link, Report, Row, Series, add_up
from reconciliation.rules.kinds import KINDS, MONETARY
from shops.allocated import paying
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Employee, Terminal
from shops.presentation import NOTHING

NAME = "discrepancies"
TITLE = gettext_lazy("Discrepancies")
GROUPINGS = (
    ("kind", gettext_lazy("by kind")),
    ("shop", gettext_lazy("by shop")),
    ("terminal", gettext_lazy("by terminal")),
    ("employee", gettext_lazy("by employee")),
    ("week", gettext_lazy("by week")),
)
WEEK_LENGTH = 7 * DAY
UNRESOLVED = ~Q(status=Status.RESOLVED)


@dataclass(frozen=True, slots=True)
class Figures:
    count: int
    unresolved: int
    missing: Decimal
    beyond: Decimal


@dataclass(frozen=True, slots=True)
class Grouping:
    """How rows are grouped, named, ordered and looked up in the queue."""

    title: str
    key: Expression | F
    name: Callable[[Any], str]
    order: Callable[[Any], Any]
    filters: Callable[[Any], tuple[tuple[str, str], ...] | None]


def make_report(scope: Scope) -> Report:
    by = scope.query.by or GROUPINGS[0][0]
    grouping = GROUPING[by](scope)
    grouped = _group(_find(scope), grouping.key)
    keys = sorted(grouped, key=lambda key: (key is None, grouping.order(key) if key is not None else 0))
    rows = tuple(_row(scope, grouping, key, grouped[key]) for key in keys)
    columns = (
        Column(grouping.title, ColumnType.TEXT),
        Column(_("Found"), ColumnType.COUNT),
        Column(_("Of them unresolved"), ColumnType.COUNT),
        Column(_("Missing"), ColumnType.AMOUNT, signed=True),
        Column(_("Too much"), ColumnType.AMOUNT, signed=True),
        Column(_("Difference"), ColumnType.AMOUNT, signed=True),
    )
    return Report(
        name=NAME,
        title=f"{TITLE} {dict(GROUPINGS)[by]}",
        parameters=(describe_period(scope), *describe_choices(scope)),
        columns=columns,
        rows=rows,
        totals=(_("Total"), *add_up(columns, rows)[1:]),
        chart=_draw(rows),
        notes=_list_notes(by),
    )


def _find(scope: Scope) -> QuerySet[Discrepancy]:
    query = scope.query
    rows = Discrepancy.objects.filter(scope.during("opened_at", shop="case__shop"))
    if query.kind:
        rows = rows.filter(kind=query.kind)
    if query.terminal is not None:
        rows = rows.annotate(its_terminal=_of_last_receipt("terminal")).filter(its_terminal=query.terminal)
    if query.employee is not None:
        rows = rows.annotate(its_employee=_of_last_receipt("employee")).filter(its_employee=query.employee)
    return rows.order_by()


def _of_last_receipt(name: str) -> Expression:
    """The terminal or employee of the receipt that a case is about, or of the last receipt of its bill."""
    receipts = paying(OuterRef("case__bill"))
    last = receipts.order_by(Coalesce("printed_at", "received_at").desc(), "-pk").values(name)[:1]
    return Coalesce(F(f"case__receipt__{name}"), Subquery(last), output_field=BigIntegerField())


def _group(rows: QuerySet[Discrepancy], key: Expression | F) -> dict[Any, Figures]:
    keyed = rows.annotate(group_key=key).values_list("group_key")
    found: Iterable[Any] = keyed.annotate(
        count=Count("pk"),
        unresolved=Count("pk", filter=UNRESOLVED),
        missing=sum_kopecks("amount", filter=Q(amount__lt=0)),
        beyond=sum_kopecks("amount", filter=Q(amount__gt=0)),
    )
    return {
        key: Figures(count, unresolved, read_sum(missing), read_sum(beyond))
        for key, count, unresolved, missing, beyond in found
    }


def _row(scope: Scope, grouping: Grouping, key: Any, figures: Figures) -> Row:
    name = NOTHING if key is None else grouping.name(key)
    amounts: tuple[Cell, ...] = (figures.missing, figures.beyond, figures.missing + figures.beyond)
    if grouping.key == F("kind") and key not in MONETARY:
        amounts = (None, None, None)
    links = {}
    filters = None if key is None else grouping.filters(key)
    if filters is not None:
        links = {
            1: Link("discrepancies", (*filters, *_period_filters(scope, filters), ("status", "all"))),
            2: Link("discrepancies", (*filters, *_period_filters(scope, filters))),
        }
    return Row((name, figures.count, figures.unresolved, *amounts), links)


def _period_filters(scope: Scope, filters: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The days of the report, and its one shop and kind, unless the row has its own."""
    query, named = scope.query, {name for name, _ in filters}
    wanted = [("opened_at_from", query.first_day.isoformat()), ("opened_at_to", query.last_day.isoformat())]
    if query.shops is not None and len(query.shops) == 1:
        wanted.append(("shop", str(query.shops[0])))
    if query.kind:
        wanted.append(("kind__exact", query.kind))
    return tuple((name, value) for name, value in wanted if name not in named)


def _by_kind(scope: Scope) -> Grouping:
    order = {kind.value: place for place, kind in enumerate(KINDS)}
    return Grouping(
        _("Kind"),
        F("kind"),
        name=lambda kind: capfirst(str(KindChoice(kind).label)),
        order=order.__getitem__,
        filters=lambda kind: (("kind__exact", kind),),
    )


def _by_shop(scope: Scope) -> Grouping:
    return Grouping(
        _("Shop"),
        F("case__shop"),
        name=lambda number: str(scope.by_number[number]),
        order=lambda number: number,
        filters=lambda number: (("shop", str(number)),),
    )


def _by_terminal(scope: Scope) -> Grouping:
    return _by_place(_("Terminal"), "terminal", _name_places(Terminal, scope))


def _by_employee(scope: Scope) -> Grouping:
    return _by_place(_("Employee"), "employee", _name_places(Employee, scope))


def _by_place(title: str, name: str, names: Mapping[int, str]) -> Grouping:
    return Grouping(title, _of_last_receipt(name), names.__getitem__, order=names.__getitem__, filters=lambda key: None)


def _name_places(model: type[Terminal | Employee], scope: Scope) -> dict[int, str]:
    """Names with their shops, as there may be a till 1 in each."""
    places = model._default_manager.filter(shop__in=[shop.number for shop in scope.shops])
    return {place.pk: f"{place} · {scope.by_number[place.shop_id]}" for place in places}


def _by_week(scope: Scope) -> Grouping:
    return Grouping(
        _("Week"),
        scope.week_of("opened_at", shop="case__shop"),
        name=lambda monday: _name_week(monday),
        order=lambda monday: monday,
        filters=lambda monday: (
            ("opened_at_from", max(monday, scope.query.first_day).isoformat()),
            ("opened_at_to", min(monday + WEEK_LENGTH - DAY, scope.query.last_day).isoformat()),
        ),
    )


def _name_week(monday: date) -> str:
    first, last = (date_format(day, "SHORT_DATE_FORMAT") for day in (monday, monday + WEEK_LENGTH - DAY))
    return f"{first} – {last}"


GROUPING: dict[str, Callable[[Scope], Grouping]] = {
    "kind": _by_kind,
    "shop": _by_shop,
    "terminal": _by_terminal,
    "employee": _by_employee,
    "week": _by_week,
}


def _draw(rows: tuple[Row, ...]) -> Chart | None:
    if not rows:
        return None
    resolved, unresolved = [], []
    for row in rows:
        count, open_count = row.cells[1], row.cells[2]
        assert isinstance(count, int) and isinstance(open_count, int)
        resolved.append(Decimal(count - open_count))
        unresolved.append(Decimal(open_count))
    return Chart(
        _("Discrepancies found"),
        tuple(str(row.cells[0]) for row in rows),
        (Series(_("unresolved"), tuple(unresolved)), Series(_("resolved"), tuple(resolved))),
    )


def _list_notes(by: str) -> tuple[str, ...]:
    notes = [_("Counted on the day on which they were found, by the calendar of their shop.")]
    if by in ("terminal", "employee"):
        notes.append(_("Of a bill with several receipts the last receipt says the terminal and the employee."))
    return tuple(notes)
