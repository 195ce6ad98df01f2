"""What a report looks at: its shops, and its days as each shop counts them. For the modules of reports."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, Expression, F, Q, Value, When
from django.db.models.functions import Cast, TruncWeek

from reconciliation.reports.values import ReportQuery
from shops.models import Shop

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scope:
    """A question and the shops that it is about."""

    query: ReportQuery
    shops: tuple[Shop, ...]

    @classmethod
    def of(cls, query: ReportQuery) -> "Scope":
        """One query."""
        shops = Shop.objects.order_by("number")
        return cls(query, tuple(shops if query.shops is None else shops.filter(number__in=query.shops)))

    @cached_property
    def by_number(self) -> dict[int, Shop]:
        return {shop.number: shop for shop in self.shops}

    def during(self, moment: str, *, shop: str = "shop") -> Q:
        """Rows of the shops whose `moment` lies on the days that are asked for."""
        return self.between(moment, self.query.first_day, self.query.last_day, shop=shop)

    def between(self, moment: str, first: date | None, last: date | None, *, shop: str = "shop") -> Q:
        """Rows of the shops from the beginning of a day to the end of one, as each shop's clock shows them."""
        found = Q(pk__in=[])
        for zone, numbers in self._zones.items():
            days = Q(**{f"{shop}__in": numbers})
            if first is not None:
                days &= Q(**{f"{moment}__gte": _beginning_of(first, zone)})
            if last is not None:
                days &= Q(**{f"{moment}__lt": _beginning_of(last + DAY, zone)})
            found |= days
        return found

    def holds(self, shop: int, moment: datetime | None) -> bool:
        """Whether a moment lies on the days that are asked for, by the clock of one of the shops."""
        if moment is None or shop not in self.by_number:
            return False
        day = moment.astimezone(self.by_number[shop].zone).date()
        return self.query.first_day <= day <= self.query.last_day

    def week_of(self, moment: str, *, shop: str = "shop") -> Expression:
        """The Monday of the week in which `moment` lies by the clock of the row's shop."""
        weeks = [
            When(
                **{f"{shop}__in": numbers},
                then=Cast(TruncWeek(F(moment), tzinfo=ZoneInfo(zone)), DateField()),
            )
            for zone, numbers in self._zones.items()
        ]
        return Case(*weeks, default=Value(None), output_field=DateField())

    @cached_property
    def _zones(self) -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = defaultdict(list)
        for shop in self.shops:
            numbers[shop.time_zone].append(shop.number)
        return dict(numbers)


def _beginning_of(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))
