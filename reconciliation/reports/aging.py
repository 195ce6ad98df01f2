"""Aging of outstanding bills: what is still to be paid, by customer, and for how long it has been due."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reconciliation.reports.parameters import describe_choices, describe_day
from reconciliation.reports.scope import DAY, Scope
from reconciliation.reports.values import Cell, Chart, Column, ColumnType, Link, Report, Row, Series, add_up
from shops.exact_sums import WHOLE, kopecks, read_sum
from shops.models import Bill
from shops.money import ZERO
from shops.presentation import NOTHING

NAME = "aging"
TITLE = gettext_lazy("Aging of outstanding bills")

BUCKETS: tuple[tuple[int, int | None], ...] = ((0, 7), (8, 30), (31, 60), (61, 90), (91, None))
FIRST_BUCKET, BUCKET_NAMES = 3, ("age_0", "age_1", "age_2", "age_3", "age_4")


def make_report(scope: Scope) -> Report:
    titles = name_buckets()
    columns = (
        Column(_("Shop"), ColumnType.TEXT),
        Column(_("Customer"), ColumnType.TEXT),
        Column(_("Bills"), ColumnType.COUNT),
        *(Column(title, ColumnType.AMOUNT) for title in titles),
        Column(_("Date unknown"), ColumnType.AMOUNT),
        Column(_("Outstanding"), ColumnType.AMOUNT),
    )
    rows = tuple(_row(scope, found) for found in _group(scope))
    totals = add_up(columns, rows)
    return Report(
        name=NAME,
        title=str(TITLE),
        parameters=(describe_day(scope), *describe_choices(scope)),
        columns=columns,
        rows=rows,
        totals=(_("Total"), *totals[1:]),
        chart=_draw((*titles, _("Date unknown")), totals[FIRST_BUCKET:-1]) if rows else None,
        notes=(
            _("A bill's age is counted in days of its shop's calendar, from the day of the bill."),
            _("Left out: bills that are paid in full, cancelled by the CRM or closed by a decision, as they are now."),
        ),
    )


def find_outstanding(shops: Sequence[int] | None = None) -> QuerySet[Bill]:
    """Bills of which something is still to be paid, with how much (`outstanding`); of all shops, or of these.

    Whether one is paid stands on it, for among a million bills few are not; what remains of it, its case says.
    """
    of_shops = Q() if shops is None else Q(shop__in=shops)
    bills = Bill.objects.filter(of_shops, is_paid=False, cancelled_at=None, closed_at=None)
    bills = bills.alias(unpaid=FilteredRelation("case", condition=Q(case__fully_paid=False)))
    due = Coalesce(F("unpaid__due"), F("total") - F("prepayment"))
    received = Coalesce(F("unpaid__received"), ZERO)
    return bills.annotate(outstanding=kopecks(due) - kopecks(received)).filter(outstanding__gt=0)


def _group(scope: Scope) -> list[Any]:
    """The customers of each shop, who owes most first."""
    last = scope.query.last_day
    bills = find_outstanding([shop.number for shop in scope.shops]).filter(
        scope.between("issued_at", None, last) | _undated(scope)
    )
    sums = {
        name: _sum(scope.between("issued_at", None if oldest is None else last - oldest * DAY, last - newest * DAY))
        for name, (newest, oldest) in zip(BUCKET_NAMES, BUCKETS, strict=True)
    }
    grouped = bills.order_by().values("shop", "customer_name")
    found: Iterable[Any] = grouped.annotate(bills=Count("pk"), **sums, undated=_sum(_undated(scope)), all=_sum(None))
    return sorted(found, key=lambda row: (row["shop"], -row["all"], row["customer_name"]))


def _sum(bills: Q | None) -> Coalesce:
    """What is outstanding of these bills, in kopecks."""
    return Coalesce(Sum("outstanding", filter=bills), 0, output_field=WHOLE)


def _undated(scope: Scope) -> Q:
    return Q(issued_at=None, shop__in=[shop.number for shop in scope.shops])


def _row(scope: Scope, found: dict[str, Any]) -> Row:
    shop, customer = scope.by_number[found["shop"]], found["customer_name"]
    figures = [read_sum(found[name]) for name in (*BUCKET_NAMES, "undated", "all")]
    filters = (("shop__number__exact", str(shop.number)), ("issued_at_to", scope.query.last_day.isoformat()))
    link = Link("bills", (*filters, ("q", customer)) if customer else filters)
    return Row((str(shop), customer or NOTHING, found["bills"], *figures), {2: link})


def name_buckets() -> tuple[str, ...]:
    return tuple(
        ngettext("over %(days)d day", "over %(days)d days", newest - 1) % {"days": newest - 1}
        if oldest is None
        else _("%(from)d–%(to)d days") % {"from": newest, "to": oldest}
        for newest, oldest in BUCKETS
    )


def _draw(labels: tuple[str, ...], totals: Sequence[Cell]) -> Chart:
    figures = tuple(total for total in totals if isinstance(total, Decimal))
    return Chart(_("Outstanding by age"), labels, (Series(_("Outstanding"), figures),))
