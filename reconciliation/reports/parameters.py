"""What a report was asked, in the reader's words: it stands above the table, in the file and in the PDF."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from reconciliation.models import KindChoice
from reconciliation.reports.scope import Scope
from shops.models import Employee, Terminal
from shops.presentation import SHORT_DASH


def describe_period(scope: Scope) -> tuple[str, str]:
    first, last = (date_format(day, "SHORT_DATE_FORMAT") for day in (scope.query.first_day, scope.query.last_day))
    return _("Period"), f"{first} {SHORT_DASH} {last}"


def describe_day(scope: Scope) -> tuple[str, str]:
    return _("As of the end of"), date_format(scope.query.last_day, "SHORT_DATE_FORMAT")


def describe_choices(scope: Scope) -> tuple[tuple[str, str], ...]:
    """The shops, and what else was chosen."""
    query = scope.query
    shops = ", ".join(str(shop) for shop in scope.shops) if query.shops is not None else _("all")
    chosen = [(_("Shops"), shops)]
    if query.kind:
        chosen.append((_("Kind"), str(KindChoice(query.kind).label)))
    if query.terminal is not None:
        chosen.append((_("Terminal"), str(Terminal.objects.get(pk=query.terminal))))
    if query.employee is not None:
        chosen.append((_("Employee"), str(Employee.objects.get(pk=query.employee))))
    return tuple(chosen)
