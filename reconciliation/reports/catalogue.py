"""The reports there are, in the order in which they are offered."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from reconciliation.reports import aging, discrepancies, resolution, shifts, vat
from reconciliation.reports.scope import Scope
from reconciliation.reports.values import Report, ReportQuery

Groupings = tuple[tuple[str, Promise], ...]


@dataclass(frozen=True, slots=True)
class Definition:
    """`asks` names the fields of ReportQuery that matter to it; a report without `first_day` is of one day."""

    name: str
    title: Promise
    icon: str
    asks: frozenset[str]
    make_report: Callable[[Scope], Report]
    groupings: Groupings = ()

    def answer(self, query: ReportQuery) -> Report:
        return self.make_report(Scope.of(query))


REPORTS: dict[str, Definition] = {
    definition.name: definition
    for definition in (
        Definition(
            discrepancies.NAME,
            discrepancies.TITLE,
            "bar_chart",
            frozenset({"first_day", "last_day", "shops", "kind", "terminal", "employee", "by"}),
            discrepancies.make_report,
            discrepancies.GROUPINGS,
        ),
        Definition(aging.NAME, aging.TITLE, "hourglass", frozenset({"last_day", "shops"}), aging.make_report),
        Definition(
            shifts.NAME,
            shifts.TITLE,
            "point_of_sale",
            frozenset({"first_day", "last_day", "shops", "terminal"}),
            shifts.make_report,
        ),
        Definition(vat.NAME, vat.TITLE, "percent", frozenset({"first_day", "last_day", "shops"}), vat.make_report),
        Definition(
            resolution.NAME,
            resolution.TITLE,
            "timer",
            frozenset({"first_day", "last_day", "shops", "kind", "by"}),
            resolution.make_report,
            resolution.GROUPINGS,
        ),
    )
}
