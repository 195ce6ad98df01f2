"""Time to resolve: how long discrepancies were open before they were closed, by kind or by who closed them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reconciliation.models import Discrepancy, DiscrepancyStep, KindChoice, Status
from reconciliation.reports.parameters import describe_choices, describe_period
from reconciliation.reports.scope import Scope
from reconciliation.reports.values import Cell, Chart, Column, ColumnType, Link, Report, Row, Series
from reconciliation.rules.kinds import KINDS
from shops.money import share_in_percent

NAME = "resolution"
TITLE = gettext_lazy("Time to resolve")
GROUPINGS = (("kind", gettext_lazy("by kind")), ("person", gettext_lazy("by person")))

ROWS_PER_QUERY = 5000
NINETY_PERCENT = 90

Key = str | int | None  # a kind, or a person's primary key; None is the system


def make_report(scope: Scope) -> Report:
    by = scope.query.by or GROUPINGS[0][0]
    durations = _gather(_find(scope), by)
    columns = (
        Column(_("Kind") if by == "kind" else _("Closed by"), ColumnType.TEXT),
        Column(_("Resolved"), ColumnType.COUNT),
        Column(_("Share"), ColumnType.PERCENT),
        Column(_("Median"), ColumnType.DURATION),
        Column(_("90 of 100 within"), ColumnType.DURATION),
        Column(_("Longest"), ColumnType.DURATION),
    )
    everything = sorted(duration for group in durations.values() for duration in group)
    names = _name(list(durations), by)
    rows = tuple(
        Row((names[key], *_describe(sorted(durations[key]), len(everything))), _links(scope, key, by)) for key in names
    )
    return Report(
        name=NAME,
        title=f"{TITLE} {dict(GROUPINGS)[by]}",
        parameters=(describe_period(scope), *describe_choices(scope)),
        columns=columns,
        rows=rows,
        totals=(_("Total"), *_describe(everything, len(everything))),
        chart=_draw(rows),
        notes=(
            _("Discrepancies that were resolved in the period and still are, from when they were found."),
            _("The totals are those of all discrepancies together, not of the rows: medians do not add up."),
        ),
    )


def find_median(durations: Sequence[timedelta]) -> timedelta | None:
    """The middle one; of an even number the mean of the two in the middle. `durations` are sorted."""
    if not durations:
        return None
    middle = len(durations) // 2
    return durations[middle] if len(durations) % 2 else (durations[middle - 1] + durations[middle]) / 2


def find_percentile(durations: Sequence[timedelta], percent: int) -> timedelta | None:
    """The shortest that at least `percent` of a hundred do not exceed. `durations` are sorted."""
    if not durations:
        return None
    return durations[-(-len(durations) * percent // 100) - 1]


def _find(scope: Scope) -> QuerySet[Discrepancy]:
    rows = Discrepancy.objects.filter(scope.during("resolved_at", shop="case__shop"), status=Status.RESOLVED)
    if scope.query.kind:
        rows = rows.filter(kind=scope.query.kind)
    return rows.order_by()


def _gather(rows: QuerySet[Discrepancy], by: str) -> dict[Key, list[timedelta]]:
    steps = DiscrepancyStep.objects.filter(discrepancy=OuterRef("pk"), to_status=Status.RESOLVED)
    closing = steps.exclude(from_status=Status.RESOLVED).order_by("-pk").values("actor")[:1]
    keyed = rows.values_list("kind", "opened_at", "resolved_at")
    if by == "person":
        keyed = rows.annotate(person=Subquery(closing)).values_list("person", "opened_at", "resolved_at")
    durations: dict[Key, list[timedelta]] = defaultdict(list)
    for key, opened_at, resolved_at in keyed.iterator(ROWS_PER_QUERY):
        assert resolved_at is not None, "what is resolved was resolved at a time"
        durations[key].append(resolved_at - opened_at)
    return durations


def _name(keys: Sequence[Key], by: str) -> dict[Key, str]:
    """The names of the groups, in the order in which they are shown."""
    if by == "kind":
        return {kind.value: capfirst(str(KindChoice(kind).label)) for kind in KINDS if kind.value in keys}
    people = User.objects.filter(pk__in=[key for key in keys if isinstance(key, int)])
    names: dict[Key, str] = {person.pk: person.get_full_name() or person.get_username() for person in people}
    ordered = dict(sorted(names.items(), key=lambda item: item[1]))
    return ordered | ({None: _("the system")} if None in keys else {})


def _describe(durations: Sequence[timedelta], all_count: int) -> tuple[Cell, ...]:
    return (
        len(durations),
        share_in_percent(len(durations), all_count),
        find_median(durations),
        find_percentile(durations, NINETY_PERCENT),
        durations[-1] if durations else None,
    )


def _links(scope: Scope, key: Key, by: str) -> dict[int, Link]:
    if by != "kind":
        return {}
    filters = [("kind__exact", str(key)), ("status", "resolved")]
    if scope.query.shops is not None and len(scope.query.shops) == 1:
        filters.append(("shop", str(scope.query.shops[0])))
    return {1: Link("discrepancies", tuple(filters))}


def _draw(rows: Sequence[Row]) -> Chart | None:
    if not rows:
        return None
    return Chart(
        _("Hours until resolved"),
        tuple(str(row.cells[0]) for row in rows),
        (
            Series(_("Median"), tuple(_count_hours(row, 3) for row in rows)),
            Series(_("90 of 100 within"), tuple(_count_hours(row, 4) for row in rows)),
        ),
        stacked=False,
    )


def _count_hours(row: Row, place: int) -> Decimal:
    duration = row.cells[place]
    assert isinstance(duration, timedelta)
    return Decimal(duration // timedelta(minutes=6)) / 10
