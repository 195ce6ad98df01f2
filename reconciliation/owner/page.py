"""Everything that the page of one shop tells, counted in a fixed number of queries. Read-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import BigIntegerField, CharField, F, Value

from reconciliation.models import Discrepancy
from reconciliation.owner.billed import Billed, count_billed
from reconciliation.owner.days import Comparison, days_of_chart, list_days, span_of
from reconciliation.owner.found import FoundOnDays, count_found, list_worst
from reconciliation.owner.kept import read_kept
from reconciliation.owner.outstanding import Debt, OpenBill, count_debts, list_debts
from reconciliation.owner.products import Sold, list_best
from reconciliation.owner.quiet import QuietRegister, find_quiet
from reconciliation.owner.takings import Takings, count_takings
from shops.models import Employee, Shop, Store, Terminal

Names = Mapping[str, Mapping[int, str]]  # of stores, terminals and employees, by their primary keys

PLACES: tuple[tuple[str, type[Store | Terminal | Employee]], ...] = (
    ("store", Store),
    ("terminal", Terminal),
    ("employee", Employee),
)


@dataclass(frozen=True, slots=True)
class OfDay:
    day: date
    billed: Billed
    taken: Takings


@dataclass(frozen=True, slots=True)
class ShopPage:
    """`days` is drawn: a week at least, up to the last of the days that were chosen."""

    shop: Shop
    comparison: Comparison
    now: datetime
    billed: Billed
    billed_before: Billed
    taken: Takings
    taken_before: Takings
    set_off: Decimal
    debts: list[Debt]
    debt_of_days: Debt
    open_bills: list[OpenBill]
    found: FoundOnDays
    worst: list[Discrepancy]
    days: list[OfDay]
    by_place: Mapping[str, Mapping[int | None, Takings]]
    best: list[Sold]
    quiet: list[QuietRegister]
    names: Names

    @property
    def debt(self) -> Debt:
        return sum(self.debts, Debt())

    @property
    def today(self) -> date:
        return self.now.astimezone(self.shop.zone).date()


def read_page(shop: Shop, comparison: Comparison, now: datetime) -> ShopPage:
    """The page of a shop as of `now`."""
    span, before = comparison.span, comparison.span_before
    days, drawn = comparison.days, days_of_chart(comparison.days)
    totals = read_kept(shop, comparison)
    kept_drawn = totals.of(drawn, span_of(drawn, shop.zone))
    kept_before = totals.of(comparison.before, before)
    taken = count_takings(shop, days, kept_drawn, kept_before)
    billed = count_billed(shop, comparison, kept_drawn, kept_before)
    today = now.astimezone(shop.zone).date()
    debts, debt_of_days = count_debts(shop, today, span)
    return ShopPage(
        shop=shop,
        comparison=comparison,
        now=now,
        billed=sum((item for day, item in billed.by_day.items() if day in days), Billed()),
        billed_before=billed.before,
        taken=sum((item for day, item in taken.by_day.items() if day in days), Takings()),
        taken_before=taken.before,
        set_off=billed.set_off,
        debts=debts,
        debt_of_days=debt_of_days,
        open_bills=list_debts(shop, today),
        found=count_found(shop, span, before),
        worst=list_worst(shop, span),
        days=[
            OfDay(day, billed.by_day.get(day, Billed()), taken.by_day.get(day, Takings())) for day in list_days(drawn)
        ],
        by_place=taken.by_place,
        best=list_best(shop, totals.of(days, span)),
        quiet=find_quiet(shop, now),
        names=name_places(shop),
    )


def name_places(shop: Shop) -> dict[str, dict[int, str]]:
    """The names of the shop's stores, terminals and employees, as each shows itself; one query.

    A terminal is named with its store where there are several: each has a till 1.
    """
    no_store = Value(None, output_field=BigIntegerField())
    rows = [
        model._default_manager.filter(shop=shop)
        .order_by()
        .annotate(
            sort=Value(sort, output_field=CharField()),
            stands_in=F("store") if sort == "terminal" else no_store,
        )
        .values_list("sort", "pk", "name", "evotor_name", "evotor_id", "stands_in")
        for sort, model in PLACES
    ]
    names: dict[str, dict[int, str]] = {sort: {} for sort, _ in PLACES}
    stores: dict[int, int | None] = {}
    for sort, pk, name, evotor_name, evotor_id, store in rows[0].union(*rows[1:], all=True):
        names[sort][pk] = name or evotor_name or evotor_id
        if sort == "terminal":
            stores[pk] = store
    if len(names["store"]) > 1:
        for terminal, store in stores.items():
            if store is not None:
                names["terminal"][terminal] += f" · {names['store'][store]}"
    return names
