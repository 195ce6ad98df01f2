"""Whatever the order in which documents come and months are closed: nothing is lost, and nothing counts twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciliation.models import Case, PeriodEntry
from reconciliation.period_protocol import OUTSTANDING
from shops.models import Bill, Receipt
from tests.factories import make_shop
from tests.periods.books import APRIL, FEBRUARY, JANUARY, MARCH, Books, sum_entries

pytestmark = pytest.mark.django_db

MONTHS = (JANUARY, FEBRUARY, MARCH, APRIL)
_shops = count(1000)


@dataclass(frozen=True)
class Fact:
    """A document of a bill: what it is, on which day, and after which closing (0: before the first) it came."""

    kind: str
    bill: int
    kopecks: int
    day: int  # of the four months
    comes_after: int


facts = st.builds(
    Fact,
    kind=st.sampled_from(["changed bill", "sale", "refund", "sale linked later", "written off"]),
    bill=st.integers(0, 2),
    kopecks=st.integers(1, 10_000_001),
    day=st.integers(0, 119),
    comes_after=st.integers(0, 3),
)


class History:
    """The facts as they come to one shop, with its months closed in between or all at the end."""

    def __init__(self, bills: Sequence[int], facts: Sequence[Fact]) -> None:
        shop = make_shop(next(_shops))
        self.books = Books(shop, User.objects.create(username=f"chief {shop.pk}"))
        self.bills = [
            self.books.bill(str(Decimal(kopecks) / 100), f"2026-01-{day:02} 12:00")
            for day, kopecks in enumerate(bills, start=1)
        ]
        self.facts = facts
        self.unlinked: list[tuple[Receipt, Bill]] = []
        self.closings: list[Decimal] = []

    def run_late(self) -> Decimal:
        """Each fact comes when it comes: late ones after their month was closed."""
        for closed, month in enumerate(MONTHS):
            self._take(fact for fact in self.facts if fact.comes_after == closed)
            self._close(month)
        self._link()
        self._close(date(2026, 5, 1))
        return self.closings[-1]

    def run_in_order(self) -> Decimal:
        """Every fact is there before the first month is closed."""
        self._take(self.facts)
        self._link()
        for month in (*MONTHS, date(2026, 5, 1)):
            self._close(month)
        return self.closings[-1]

    def _take(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            bill, amount = self.bills[fact.bill], str(Decimal(fact.kopecks) / 100)
            moment = self.books.at("2026-01-01 12:00") + timedelta(days=fact.day)
            at = f"{moment:%Y-%m-%d %H:%M}"
            match fact.kind:
                case "changed bill":
                    Bill.objects.filter(pk=bill.pk).update(total=Decimal(fact.kopecks) / 100)
                case "sale":
                    self.books.receipt(amount, at, bill=bill, payment_source="PAY_CASH")
                case "refund":
                    self.books.refund(amount, at, bill=bill)
                case "sale linked later":
                    self.unlinked.append((self.books.receipt(amount, at), bill))
                case "written off":
                    if not Case.objects.filter(bill=bill).exists():
                        self.books.resolve(self.books.difference(bill, f"-{amount}", at), at)

    def _link(self) -> None:
        for receipt, bill in self.unlinked:
            Receipt.objects.filter(pk=receipt.pk).update(bill=bill)

    def _close(self, month: date) -> None:
        self.books.acknowledge_all(month)
        figures = self.books.close(month)
        assert figures.opening == (self.closings[-1] if self.closings else figures.opening)
        self.closings.append(figures.closing)

    def assert_nothing_is_lost(self) -> None:
        """What was counted of each document is what it amounts to now, and it makes what is outstanding."""
        shop = self.books.shop
        for bill in Bill.objects.filter(shop=shop):
            assert sum_entries(bill=bill) == bill.due
        for receipt in Receipt.objects.filter(shop=shop):
            total = receipt.total if receipt.type == "PAYBACK" else -receipt.total
            assert sum_entries(receipt=receipt) == total
        outstanding = sum_entries(period__shop=shop, what__in=OUTSTANDING)
        assert outstanding == self.closings[-1]
        parts = PeriodEntry.objects.filter(period=self.books.closed[0]).values_list("part", flat=True)
        assert PeriodEntry.Part.ADJUSTMENT not in set(parts), "there was nothing to adjust before the first month"


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    bills=st.lists(st.integers(1, 10_000_001), min_size=3, max_size=3),
    facts=st.lists(facts, max_size=8),
)
def test_late_or_in_order_the_balance_is_the_same_in_the_end(bills: list[int], facts: list[Fact]) -> None:
    # The last statement of a bill counts: its changes come in the same order both times.
    facts = sorted(facts, key=lambda fact: fact.comes_after)
    late, in_order = History(bills, facts), History(bills, facts)
    assert late.run_late() == in_order.run_in_order()
    late.assert_nothing_is_lost()
    in_order.assert_nothing_is_lost()
