"""What is still to be paid, as of today, and for how long it has been. Read-only.

The same bills as in the report of aging: of its shop, dated up to the end of today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from reconciliation.owner.days import DAY, Span, begin_of
from reconciliation.owner.times import within
from reconciliation.reports.aging import BUCKETS, find_outstanding
from shops.exact_sums import WHOLE, read_sum
from shops.models import Bill, Shop
from shops.money import ZERO

UNDATED = len(BUCKETS)
LISTED = 10


@dataclass(frozen=True, slots=True)
class Debt:
    count: int = 0
    amount: Decimal = ZERO

    def __add__(self, other: "Debt") -> "Debt":
        return Debt(self.count + other.count, self.amount + other.amount)


@dataclass(frozen=True, slots=True)
class OpenBill:
    bill: Bill
    amount: Decimal
    days: int | None  # since its date, in days of the calendar


def find_debts(shop: Shop, today: date) -> QuerySet[Bill]:
    """The bills of which something is to be paid (`outstanding`, in kopecks)."""
    until = begin_of(today + DAY, shop.zone)
    return find_outstanding([shop.number]).filter(Q(issued_at__lt=until) | Q(issued_at=None))


def of_age(bucket: int, today: date, zone: tzinfo) -> Q:
    """The bills of an age of `BUCKETS`, or those without a date (`UNDATED`)."""
    if bucket == UNDATED:
        return Q(issued_at=None)
    newest, oldest = BUCKETS[bucket]
    until = Q(issued_at__lt=begin_of(today - (newest - 1) * DAY, zone))
    return until if oldest is None else until & Q(issued_at__gte=begin_of(today - oldest * DAY, zone))


def count_debts(shop: Shop, today: date, span: Span) -> tuple[list[Debt], Debt]:
    """What is outstanding by age, the undated last; and that of the bills of a time. One query."""
    ages = [When(of_age(bucket, today, shop.zone), then=Value(bucket)) for bucket in range(len(BUCKETS))]
    bills: Any = find_debts(shop, today).order_by()
    grouped = bills.values(
        bucket=Case(*ages, default=Value(UNDATED), output_field=IntegerField()),
        is_of_days=Case(
            When(within("issued_at", [span]), then=Value(1)), default=Value(0), output_field=IntegerField()
        ),
    )
    by_age, of_span = [Debt() for _ in range(UNDATED + 1)], Debt()
    for row in grouped.annotate(bills=Count("*"), amount=sum_outstanding()):
        debt = Debt(row["bills"], read_sum(row["amount"]))
        by_age[row["bucket"]] += debt
        if row["is_of_days"]:
            of_span += debt
    return by_age, of_span


def sum_outstanding() -> Any:
    return Coalesce(Sum("outstanding"), 0, output_field=WHOLE)


def count_debts_of_shops(shops: Sequence[int]) -> dict[int, Debt]:
    """What is outstanding in each shop; one query."""
    bills: Any = find_outstanding(shops).order_by()
    found = bills.values_list("shop").annotate(bills=Count("*"), amount=sum_outstanding())
    return {shop: Debt(count, read_sum(amount)) for shop, count, amount in found}


def list_debts(shop: Shop, today: date) -> list[OpenBill]:
    """The greatest debts; one query."""
    bills: Any = find_debts(shop, today)
    greatest = bills.order_by("-outstanding", "issued_at", "pk")
    # Which they are is read off an index; only their rows are fetched.
    rows = greatest.filter(pk__in=greatest.values("pk")[:LISTED])
    return [describe_debt(bill, today, shop.zone) for bill in rows]


def describe_debt(bill: Any, today: date, zone: tzinfo) -> OpenBill:
    """A bill of `find_debts`."""
    return OpenBill(bill, read_sum(bill.outstanding), days_open(bill.issued_at, today, zone))


def days_open(issued_at: datetime | None, today: date, zone: tzinfo) -> int | None:
    return None if issued_at is None else (today - issued_at.astimezone(zone).date()).days
