"""How the queue is read: its order, its tabs, and the figures of what is filtered, each in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Aggregate, Count, F, Q, QuerySet, Sum
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise, SimpleLazyObject, cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from reconciliation.admin.filters import ALL
from reconciliation.models import WORST_FIRST, CaseText, Discrepancy, Status
from reconciliation.search import find_cases
from shops.admin_base import ChangeList
from shops.money import ZERO, round_to_kopeck

LAST_RESOLVED_FIRST = ("-resolved_at", "-id")
NEWEST_FIRST = ("-opened_at", "-id")
FEW_CASES = 1000  # so many are named one by one: any database finds their discrepancies at once


@dataclass(frozen=True, slots=True)
class Tab:
    """A question that is asked often: `asks` are its parameters."""

    name: str
    title: str | Promise
    asks: dict[str, str]


TABS = (
    Tab("unresolved", _("All open"), {}),
    Tab("mine", _("Mine"), {"who": "mine"}),
    Tab("nobodys", _("Nobody's"), {"who": "nobody"}),
    Tab("waiting", _("Waiting"), {"status": Status.WAITING.value}),
    Tab("asked", _("Owner asked"), {"asked": "yes"}),
    Tab("resolved", _("Resolved"), {"status": Status.RESOLVED.value}),
    Tab("all", _("All"), {"status": ALL}),
)
TAB_PARAMETERS = ("status", "who", "asked")
PARAMETERS_THAT_FILTER_NOTHING = (ORDER_VAR, PAGE_VAR)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of what is filtered: how many there are, and what they come to."""

    count: int
    missing: Decimal
    beyond: Decimal

    @property
    def net(self) -> Decimal:
        return self.missing + self.beyond


def sum_up(which: Q) -> dict[str, Aggregate]:
    """What figures are made of, of the rows for which this holds."""
    return {
        "count": Count("status", filter=which),  # every row has one, and it stands in the index of these figures
        "missing": Sum("amount", filter=which & Q(amount__lt=0)),
        "beyond": Sum("amount", filter=which & Q(amount__gt=0)),
    }


def read_figures(sums: dict[str, Any]) -> Figures:
    """SQLite adds up binary fractions; a million of them are still exact to the kopeck once rounded."""
    missing, beyond = (round_to_kopeck(sums[name] or ZERO) for name in ("missing", "beyond"))
    return Figures(sums["count"], missing, beyond)


class Tabs:
    """The questions that are asked most, with how many rows answer each; one query over what is unresolved.

    Where one of them is all that is asked, its figures come with the same query. What owners are asked is counted by a
    query of its own: those few rows stand in an index of their own. What is resolved is not counted here: it only ever
    grows.
    """

    def __init__(self, rows: QuerySet[Discrepancy], person: User, query: QueryDict) -> None:
        self._unresolved = rows.filter(resolved_at=None).order_by()
        self._query = query
        self._conditions = {
            "unresolved": Q(),
            "mine": Q(assignee=person),
            "nobodys": Q(assignee=None),
            "waiting": Q(status=Status.WAITING),
        }

    @property
    def figures(self) -> Figures | None:
        """Of the tab that is shown; None where more is asked, or where it is none of those that are counted here."""
        return None if self._shown is None else read_figures(self._sums)

    def describe(self) -> list[dict[str, Any]]:
        asked = self._unresolved.filter(asked_by__isnull=False).count()
        counts = {name: self._sums[f"tab_{name}"] for name in self._conditions} | {"asked": asked}
        return [
            {
                "title": str(tab.title),
                "count": counts.get(tab.name),
                "link": f"?{urlencode(tab.asks)}",
                "active": tab is self._active,
            }
            for tab in TABS
        ]

    @cached_property
    def _sums(self) -> dict[str, Any]:
        counts = {f"tab_{name}": Count("status", filter=which) for name, which in self._conditions.items()}
        return self._unresolved.aggregate(**counts, **({} if self._shown is None else sum_up(self._shown)))

    @cached_property
    def _active(self) -> "Tab | None":
        asked = {name: self._query[name] for name in TAB_PARAMETERS if self._query.get(name)}
        return next((tab for tab in TABS if tab.asks == asked), None)

    @property
    def _shown(self) -> Q | None:
        """What holds for the rows of the tab that is all that is asked, if it is counted here."""
        if self._active is None or not self._query.keys() <= {*TAB_PARAMETERS, *PARAMETERS_THAT_FILTER_NOTHING}:
            return None
        return self._conditions.get(self._active.name)


class QueuePaginator(Paginator):  # type: ignore[type-arg]
    """Counts and sums in the same query."""

    tabs: Tabs | None = None  # of the queue itself

    @cached_property
    def figures(self) -> Figures:
        if self.tabs is not None and (figures := self.tabs.figures) is not None:
            return figures
        rows: Any = self.object_list
        return read_figures(rows.order_by().aggregate(**sum_up(Q())))

    @cached_property
    def count(self) -> int:
        """The history of a discrepancy is paged too, and has neither tabs nor amounts."""
        rows: Any = self.object_list
        return rows.count() if self.tabs is None else self.figures.count


class QueueList(ChangeList):
    """Finds out first which rows it shows, then what is shown of them: joined for every row that was filtered, what
    is shown takes seconds. It does so when it is read; whoever only wants to know what is asked pays for none of it.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = self.result_list
        if isinstance(rows, QuerySet):
            self.result_list = SimpleLazyObject(lambda: _load_shown(rows))


def _load_shown(rows: QuerySet[Discrepancy]) -> list[Discrepancy]:
    keys = list(rows.values_list("pk", flat=True))
    shown = Discrepancy.objects.order_by()
    shown.query.select_related = rows.query.select_related
    found = shown.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def order_queue(status: str) -> tuple[str, ...]:
    """Worst first; what is resolved by when it was, and all together by when they were opened."""
    if status == Status.RESOLVED:
        return LAST_RESOLVED_FIRST
    return NEWEST_FIRST if status == ALL else WORST_FIRST


def search_queue(rows: QuerySet[Discrepancy], typed: str) -> QuerySet[Discrepancy]:
    """The rows whose case has what was typed. The texts are looked through once, whatever the page asks after."""
    if not typed.strip():
        return rows
    found: QuerySet[CaseText] = find_cases(typed)
    few = list(found.values_list("pk", flat=True)[: FEW_CASES + 1])
    return rows.filter(case__in=few) if len(few) <= FEW_CASES else rows.filter(case__in=found.values("case"))


def find_neighbour(
    rows: QuerySet[Discrepancy], current: Discrepancy, order: Sequence[str], *, before: bool
) -> Discrepancy | None:
    """The row that follows `current` in this order (or stands before it), whether it is among `rows` itself or not."""
    names = [name.removeprefix("-") for name in order]
    downwards = [name.startswith("-") != before for name in order]
    beyond, equal = Q(), Q()
    for name, down in zip(names, downwards, strict=True):
        value = getattr(current, name)
        if value is None:
            return None
        beyond |= equal & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        equal &= Q(**{name: value})
    # Said once more of the first column alone, so that an index is entered in the right place.
    first = Q(**{f"{names[0]}__{'lte' if downwards[0] else 'gte'}": getattr(current, names[0])})
    turned = [F(name).desc() if down else F(name).asc() for name, down in zip(names, downwards, strict=True)]
    return rows.filter(first & beyond).select_related(None).order_by(*turned).first()
