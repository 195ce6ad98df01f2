"""Registers' clocks are hours off, receipts come before their bill, refunds before their sale, everything twice and in
any order: what is found in the end is what would have been found had all come once and in order."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciliation.models import Case
from shops.models import Shop
from tests.logs import Line, line, make_bill, make_receipt, read_discrepancies, run
from tests.protocol.conftest import Crm, Till, make_caller

pytestmark = pytest.mark.django_db

Json = dict[str, Any]
Findings = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]

GOODS = [line("tea", 100, 2), line("cup", 50), line("pot", "812.50", rate=20), line("jam", "99.90", 3, rate=10)]
# None is near the hour after which a receipt counts as late: that must not depend on how fast the test runs.
HOURS_OFF = (-26, -5, -2, 0, 0, 0, 2, 5, 26)


@dataclass(frozen=True, slots=True)
class Sale:
    """A receipt: of which bill and of which of its lines; a refund gives them back."""

    bill: int
    lines: frozenset[int]
    is_refund: bool
    hours_off: int


sales = st.builds(
    Sale,
    bill=st.integers(1, 4),
    lines=st.frozensets(st.integers(0, len(GOODS) - 1), min_size=1),
    is_refund=st.booleans(),
    hours_off=st.sampled_from(HOURS_OFF),
)


@given(
    bills=st.lists(st.frozensets(st.integers(0, len(GOODS) - 1), min_size=1), min_size=1, max_size=3),
    receipts=st.lists(sales, min_size=1, max_size=5),
    order=st.randoms(use_true_random=False),
    judged_between=st.booleans(),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_judgement_is_the_same_in_any_order(
    bills: list[frozenset[int]], receipts: list[Sale], order: random.Random, judged_between: bool
) -> None:
    check(bills, receipts, order, judged_between)


def test_many_receipts_in_any_order(heavy: bool) -> None:
    for seed in range(400 if heavy else 1):
        chance = random.Random(seed)
        bills = [frozenset(chance.sample(range(4), chance.randint(1, 4))) for _ in range(chance.randint(1, 4))]
        receipts = [
            Sale(
                chance.randint(1, 5),
                frozenset(chance.sample(range(4), chance.randint(1, 4))),
                chance.random() < 0.3,
                chance.choice(HOURS_OFF),
            )
            for _ in range(chance.randint(1, 12))
        ]
        check(bills, receipts, chance, chance.random() < 0.5)


def check(bills: list[frozenset[int]], receipts: list[Sale], order: random.Random, judged_between: bool) -> None:
    now = timezone.now()
    stated = [make_bill(str(number), pick(lines)) for number, lines in enumerate(bills, start=1)]
    sold = [make_sale(number, sale, stated, now) for number, sale in enumerate(receipts)]
    in_order = [*stated, *sorted(sold, key=lambda receipt: str(receipt["dateTime"]))]
    twice = [*in_order, *in_order]
    order.shuffle(twice)
    assert find(in_order, now) == find(twice, now, judged_between=judged_between)


def pick(indexes: frozenset[int]) -> list[Line]:
    return [GOODS[index] for index in sorted(indexes)]


def make_sale(number: int, sale: Sale, stated: list[Json], now: datetime) -> Json:
    """A receipt of a bill that is stated, or that nobody will ever state."""
    bill = stated[sale.bill - 1] if sale.bill <= len(stated) else make_bill(str(sale.bill), pick(sale.lines))
    printed_at = now + timedelta(hours=sale.hours_off, seconds=number - 60)
    fields: dict[str, Any] = {"type": "PAYBACK" if sale.is_refund else "SELL", "dateTime": printed_at.isoformat()}
    return make_receipt(f"r-{number}", pick(sale.lines), bill, **fields)


def find(messages: list[Json], now: datetime, *, judged_between: bool = False) -> Findings:
    """What all of it comes to, in books of its own."""
    as_of = f"--as-of={(now + timedelta(hours=2)).isoformat()}"
    with transaction.atomic():
        shop = Shop.objects.create(number=7)
        till, crm = make_caller(Till, shop, "register"), make_caller(Crm, shop, "crm")
        for message in messages:
            response = crm.put(message) if "products" in message else till.deliver(message)
            assert response.status_code in (200, 201), response.content
            if judged_between:
                run("reconcile", as_of)
        run("reconcile", as_of)
        call_command("audit", as_of)
        rows = [(row["bill"], row["receipt"], row["kind"], row["amount"]) for row in read_discrepancies()]
        figures = ("bill__external_id", "receipt__receipt_id", "due", "received", "gap", "fully_paid")
        # A receipt that had a case of its own until its bill came leaves an empty one behind.
        cases = Case.objects.exclude(receipt__isnull=False, received=None).values_list(*figures)
        found = sorted(rows, key=repr), sorted(cases, key=repr)
        transaction.set_rollback(True)
    return found
