"""Proves the totals that are kept of days: they are what the documents of these days add up to. Read-only."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from reconciliation.models import DayTakings, DayTotals
from reconciliation.owner.days import DAY, Days, list_days, list_runs
from reconciliation.owner.keeping import count_standing, sum_documents
from reconciliation.owner.kept import find_kept
from shops.models import Shop

DAYS_AT_ONCE = 31


def find_differences(shop_number: int | None = None) -> Iterator[str]:
    """One line for every day of which something else is kept. Days that wait to be counted again are left out."""
    shops = Shop.objects.order_by("number")
    for shop in shops if shop_number is None else shops.filter(number=shop_number):
        kept = find_kept(shop).order_by("day").values_list("day", flat=True)
        for run in list_runs(kept):
            for first in list_days(run)[::DAYS_AT_ONCE]:
                yield from _check(shop, Days(first, min(first + (DAYS_AT_ONCE - 1) * DAY, run.last)))


def _check(shop: Shop, days: Days) -> Iterator[str]:
    totals = DayTotals.objects.filter(shop=shop, day__range=(days.first, days.last))
    standing = count_standing(shop, days)
    for day, bills, kopecks in totals.order_by("day").values_list("day", "bills", "billed_kopecks"):
        if (bills, kopecks) != standing.get(day, (0, 0)):
            yield f"shop {shop.number}, {day}: what is kept of its bills is not what they add up to"
    for model, (columns, sums) in sum_documents(shop, days).items():
        held = _by_day(model._default_manager.filter(totals__in=totals).values_list("totals__day", *columns))
        counted = _by_day(sums.values_list("on_day", *columns.values()))
        what = "receipts" if model is DayTakings else "goods sold"
        for day in sorted(held.keys() | counted.keys()):
            if held.get(day) != counted.get(day):
                yield f"shop {shop.number}, {day}: what is kept of its {what} is not what they add up to"


def _by_day(rows: Iterable[Any]) -> dict[date, set[Any]]:
    found: dict[date, set[Any]] = defaultdict(set)
    for day, *values in rows:
        found[day].add(tuple(values))
    return found
