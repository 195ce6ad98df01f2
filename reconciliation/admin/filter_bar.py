"""The filters above the queue: the main ones in sight, the others under one button, all of them in one form."""

from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR, ChangeList
from django.http import HttpRequest
from django.utils.text import capfirst

from reconciliation.admin.filters import UNRESOLVED
from shops.admin_base import DayRangeFilter

MAIN_CHOICES = ("shop", "kind__exact", "who")
MORE_CHOICES = ("payment", "store", "terminal", "employee", "asked", "status")
RANGES = ("amount_from", "amount_to", "opened_at_from", "opened_at_to")
CAUSE = "cause_present__exact"
KNOWN_PARAMETERS = frozenset((*MAIN_CHOICES, *MORE_CHOICES, *RANGES, CAUSE, SEARCH_VAR, ORDER_VAR))


def build_filter_bar(request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
    """What the template needs: choices with what is chosen, the ranges as typed, what else is asked for."""
    specs: list[Any] = [spec for spec in changelist.filter_specs if hasattr(spec, "lookup_choices")]
    choices = {spec.parameter_name: _describe(spec) for spec in specs}
    shown = (*MAIN_CHOICES, *MORE_CHOICES, *RANGES)
    return {
        "main": [choices[name] for name in MAIN_CHOICES if name in choices],
        "more": [choices[name] for name in MORE_CHOICES if name in choices],
        "more_is_used": any(request.GET.get(name) for name in MORE_CHOICES),
        "ranges": {name: request.GET.get(name, "") for name in RANGES} | _read_days(changelist),
        "others": [
            (name, request.GET[name]) for name in KNOWN_PARAMETERS if name not in shown and request.GET.get(name)
        ],
    }


def _read_days(changelist: ChangeList) -> dict[str, str]:
    """The days of the range as a field for dates takes them, in whatever form they were asked for."""
    days = next(spec for spec in changelist.filter_specs if isinstance(spec, DayRangeFilter))
    edges = {edge: days.read_day(edge) for edge in ("from", "to")}
    return {f"opened_at_{edge}": day.date().isoformat() if day else "" for edge, day in edges.items()}


def _describe(spec: Any) -> dict[str, Any]:
    """A choice that is the same as none is asked for by nothing, so the tabs know it again."""
    chosen = spec.value() or ""
    options = [] if spec.all_option is None else [("", spec.all_option[1])]
    return {
        "name": spec.parameter_name,
        "label": capfirst(str(spec.title)),
        "options": [
            ("" if value == UNRESOLVED else value, text, str(value) == str(chosen))
            for value, text in (*options, *spec.lookup_choices)
        ],
    }
