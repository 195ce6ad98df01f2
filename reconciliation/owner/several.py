"""The main figures of several shops, the worst first; in a fixed number of queries. Read-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciliation.owner.billed import Billed, count_billed_of_shops
from reconciliation.owner.days import Choice, Comparison, Days, Span, compare
from reconciliation.owner.found import Found, count_open_of_shops
from reconciliation.owner.outstanding import Debt, count_debts_of_shops
from reconciliation.owner.takings import Takings, count_takings_of_shops
from shops.models import Shop


@dataclass(frozen=True, slots=True)
class ShopFigures:
    """`open` was found on the days and is not cleared up; `all_open` was found on whatever day."""

    shop: Shop
    comparison: Comparison
    billed: Billed
    taken: Takings
    open: Found
    all_open: Found
    debt: Debt


def read_shops(shops: Sequence[Shop], choice: Choice, now: datetime, own: Days | None = None) -> list[ShopFigures]:
    """The figures of each shop's own days; the one that misses most money comes first."""
    if not shops:
        return []
    comparisons = {shop.number: compare(choice, now, shop.zone, own) for shop in shops}
    spans: dict[Span, list[int]] = {}
    for shop in shops:
        spans.setdefault(comparisons[shop.number].span, []).append(shop.number)
    billed, taken = count_billed_of_shops(spans), count_takings_of_shops(spans)
    opened, all_open = count_open_of_shops(spans)
    debts = count_debts_of_shops([shop.number for shop in shops])
    figures = [
        ShopFigures(
            shop,
            comparisons[shop.number],
            billed.get(shop.number, Billed()),
            taken.get(shop.number, Takings()),
            opened.get(shop.number, Found()),
            all_open.get(shop.number, Found()),
            debts.get(shop.number, Debt()),
        )
        for shop in shops
    ]
    return sorted(figures, key=_worst_first)


def _worst_first(figures: ShopFigures) -> tuple[object, ...]:
    found, everything = figures.open, figures.all_open
    return found.missing, everything.missing, -found.beyond, -found.count, -everything.count, figures.shop.number
