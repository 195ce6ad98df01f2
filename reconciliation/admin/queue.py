"""How the queue is read: its order, its tabs, and the figures of what is filtered, each in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext

from reconciliation.admin.filters import ALL
from reconciliation.models import WORST_FIRST, CaseText, Discrepancy, Status
from reconciliation.permissions import VIEW_PERMISSION
from reconciliation.search import find_cases
from shops.money import ZERO, round_to_kopeck
from shops.visibility import only_permitted

LAST_RESOLVED_FIRST = ("-resolved_at", "-id")
NEWEST_FIRST = ("-opened_at", "-id")
FEW_CASES = 1000  # so many are named one by one: any database finds their discrepancies at once


@dataclass(frozen=True, slots=True)
class Figures:
    """Of what is filtered: how many there are, and what they come to."""

    count: int
    missing: Decimal
    beyond: Decimal

    @property
    def net(self) -> Decimal:
        return self.missing + self.beyond


class QueuePaginator(Paginator):  # type: ignore[type-arg]
    """Counts and sums in the same query."""

    @cached_property
    def figures(self) -> Figures:
        rows: Any = self.object_list
        sums = rows.order_by().aggregate(
            count=Count("status"),  # every row has one, and it stands in the index of these figures
            missing=Sum("amount", filter=Q(amount__lt=0)),
            beyond=Sum("amount", filter=Q(amount__gt=0)),
        )
        # SQLite adds up binary fractions; a million of them are still exact to the kopeck once rounded.
        missing, beyond = (round_to_kopeck(sums[name] or ZERO) for name in ("missing", "beyond"))
        return Figures(sums["count"], missing, beyond)

    @cached_property
    def count(self) -> int:
        """The history of a discrepancy is paged too, and has no amounts."""
        rows: Any = self.object_list
        return self.figures.count if rows.model is Discrepancy else rows.count()

    def page(self, number: int | str) -> Page[Any]:
        """First which rows, then those rows with all that is shown of them: joined for every row that was filtered,
        what is shown takes seconds."""
        page = super().page(number)
        rows: Any = page.object_list
        if isinstance(rows, QuerySet) and rows.model is Discrepancy:
            keys = list(rows.values_list("pk", flat=True))
            shown = Discrepancy.objects.all()
            shown.query.select_related = rows.query.select_related
            found = shown.in_bulk(keys)
            page.object_list = [found[key] for key in keys if key in found]
        return page


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


def list_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The questions that are asked most, with how many rows answer each; one query over what is unresolved.

    What owners are asked is counted by a query of its own: those few rows stand in an index of their own. What is
    resolved is not counted here: it only ever grows.
    """
    assert isinstance(request.user, User)
    ours = only_permitted(Discrepancy.objects.filter(resolved_at=None), request.user, VIEW_PERMISSION)
    counts = ours.aggregate(
        mine=Count("status", filter=Q(assignee=request.user)),
        nobodys=Count("status", filter=Q(assignee=None)),
        unresolved=Count("status"),
        waiting=Count("status", filter=Q(status=Status.WAITING)),
    )
    counts["asked"] = ours.filter(asked_by__isnull=False).count()
    asked = tuple(request.GET.get(name, "") for name in ("status", "who", "asked"))
    tabs = (
        (gettext("All open"), "unresolved", "?", ("", "", "")),
        (gettext("Mine"), "mine", "?who=mine", ("", "mine", "")),
        (gettext("Nobody's"), "nobodys", "?who=nobody", ("", "nobody", "")),
        (gettext("Waiting"), "waiting", "?status=waiting", ("waiting", "", "")),
        (gettext("Owner asked"), "asked", "?asked=yes", ("", "", "yes")),
        (gettext("Resolved"), "resolved", "?status=resolved", ("resolved", "", "")),
        (gettext("All"), "all", "?status=all", ("all", "", "")),
    )
    return [
        {"title": title, "count": counts.get(name), "link": link, "active": asked == answers}
        for title, name, link, answers in tabs
    ]


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
    return rows.filter(first & beyond).order_by(*turned).first()
