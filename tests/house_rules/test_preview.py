"""What a preview says is what the engine does: the same documents are judged without the rule and with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from reconciliation import decisions
from reconciliation.house_rules.loading import select_in_force
from reconciliation.house_rules.making import switch_off
from reconciliation.house_rules.preview import Preview, Verdict, preview_rule
from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule, Reason
from shops.models import Shop
from tests.factories import make_accountant, make_shop
from tests.house_rules.rules import NOW, handing_over, make_chief, put_in_force, rounding, sell, sell_for
from tests.logs import MOSCOW, Log, import_log, line, make_bill, make_receipt, read_clock, run

pytestmark = pytest.mark.django_db

WITHOUT, WITH = 7, 8
Found = tuple[str, str, str]  # bill, kind, amount


@pytest.fixture
def chief() -> User:
    return make_chief()


def preview(rule: HouseRule) -> Preview:
    return preview_rule(rule, in_force=list(select_in_force()), now=timezone.now())


@dataclass
class Books:
    """One history of documents, told of one shop or another."""

    shop: int

    def judge(self) -> None:
        """Differences of many sorts, some of which later documents change or settle."""
        morning = Log(shop=self.shop)
        for number, price in enumerate(("100.50", "99.01", "101", "101.01", "150", "100"), start=1):
            sell(morning, str(number), at_price=price, deviceId=f"{self.shop} device {number % 2}")
        partly = make_bill("20", [line("tea", 100), line("pin", "0.70")])
        morning.ask_bill(partly)
        morning.deliver(make_receipt("r-20", [line("tea", 100)], partly, paymentSource="PAY_CASH"))
        morning.deliver(make_receipt("r-21", [line("pot", 1)]))
        self._judge(morning, "12:00")
        noon = Log(shop=self.shop, now=read_clock("13:00"))
        for number, price in ((1, "100.90"), (3, "60"), (4, "100.40"), (5, "150")):
            noon.ask_bill(make_bill(str(number), [line("tea", price)]))
        noon.deliver(make_receipt("r-22", [line("pin", "0.70")], partly))
        self._judge(noon, "14:00")

    def _judge(self, log: Log, as_of: str) -> None:
        import_log(log)
        run("reconcile", f"--as-of={read_clock(as_of).isoformat()}{MOSCOW}")


def list_previewed(rule: HouseRule) -> set[Found]:
    return {name_of(row.discrepancy, row.amount) for row in preview(rule).rows}


def list_decided(rule: HouseRule) -> set[Found]:
    """What the engine did by the rule: of each discrepancy the first time."""
    firsts: dict[int, DiscrepancyStep] = {}
    for step in rule.steps.select_related("discrepancy__case__bill").order_by("pk"):
        firsts.setdefault(step.discrepancy_id, step)
    return {name_of(step.discrepancy, step.amount) for step in firsts.values()}


def name_of(discrepancy: Discrepancy, amount: Decimal | None) -> Found:
    bill = discrepancy.case.bill
    return (bill.external_id if bill else "", discrepancy.kind, str(amount))


RULES: dict[str, dict[str, Any]] = {
    "kopecks": {"amount_up_to": "1.00"},
    "kopecks missing": {"amount_up_to": "1.00", "direction": "missing"},
    "kopecks beyond": {"amount_up_to": "1.00", "direction": "beyond", "kinds": ["price_mismatch", "no_bill"]},
    "any price": {"amount_up_to": "500"},
    "partly paid": {"amount_up_to": "1.00", "kinds": ["partial_receipt"]},
    "paid in cash": {"amount_up_to": "1.00", "kinds": ["partial_receipt"], "payment_source": "PAY_CASH"},
    "a receipt without a bill": {"amount_up_to": "1.00", "kinds": ["no_bill"]},
}


@pytest.mark.parametrize("name", RULES)
def test_the_preview_says_what_the_engine_then_does(chief: User, name: str) -> None:
    Shop.objects.bulk_create([Shop(number=WITHOUT), Shop(number=WITH)])
    Books(WITHOUT).judge()
    real = put_in_force(rounding("Действует", shop=Shop.objects.get(number=WITH), **RULES[name]), chief)
    Books(WITH).judge()
    tried = rounding("Примерка", shop=Shop.objects.get(number=WITHOUT), position=9, **RULES[name])
    assert list_previewed(tried) == list_decided(real) != set()
    assert list_previewed(real) == list_decided(real), "of a rule in force too"


def test_a_rule_before_it_takes_its_place(chief: User) -> None:
    sell_for("100.50", "1")
    first = put_in_force(rounding("Первое", amount_up_to="0.60"), chief)
    sell_for("100.90", "2")
    second = rounding("Второе", position=9)
    assert list_previewed(second) == {("2", "price_mismatch", "0.90")}
    switch_off(first, actor=chief, now=NOW)
    assert list_previewed(second) == {("1", "price_mismatch", "0.50"), ("2", "price_mismatch", "0.90")}


def test_it_says_what_became_of_each_without_the_rule(chief: User) -> None:
    anna = make_accountant("anna")
    rows = [sell_for("100.50", str(number)) for number in range(5)]
    for row, reason in ((rows[0], Reason.REGISTER_ERROR), (rows[1], Reason.FALSE_ALARM)):
        decisions.resolve(row, actor=anna, reason=reason, comment="", now=NOW)
    decisions.take(rows[2], actor=anna, now=NOW)
    decisions.resolve(rows[3], actor=anna, reason=Reason.FALSE_ALARM, comment="", now=NOW)
    decisions.undo(rows[3], actor=anna, now=NOW)
    verdicts = {
        row.discrepancy: row.verdict for row in preview(rounding(reason=Reason.REGISTER_ERROR, position=1)).rows
    }
    assert [verdicts[row] for row in rows] == [
        Verdict.SAME,
        Verdict.OTHERWISE,
        Verdict.IN_WORK,
        Verdict.NOBODY,
        Verdict.NOBODY,
    ]
    verdicts = {row.discrepancy: row.verdict for row in preview(handing_over(anna, position=1)).rows}
    assert [verdicts[row] for row in rows[:4]] == [Verdict.SAME, Verdict.SAME, Verdict.SAME, Verdict.NOBODY]
    assert len(preview(handing_over(chief, position=1)).conflicts) == 3


def test_totals_are_those_of_the_rows(chief: User) -> None:
    for number, price in enumerate(("100.50", "99.20", "101")):
        sell_for(price, str(number))
    tried = preview(rounding(position=1))
    assert (tried.total.count, tried.total.amount) == (3, Decimal("0.70"))
    for totals in (tried.by_kind(), tried.by_shop(), tried.by_verdict()):
        assert sum(total.count for total in totals.values()) == 3
        assert sum(total.amount for total in totals.values()) == Decimal("0.70")


def test_it_looks_back_ninety_days(chief: User) -> None:
    old, young = sell_for("100.50", "1"), sell_for("100.50", "2")
    now: datetime = timezone.now()
    Discrepancy.objects.filter(pk=old.pk).update(opened_at=now - timedelta(days=91))
    Discrepancy.objects.filter(pk=young.pk).update(opened_at=now - timedelta(days=89))
    assert [row.discrepancy for row in preview(rounding(position=1)).rows] == [young]


def test_nothing_is_written_by_looking(chief: User) -> None:
    make_shop(8)
    sell_for("100.50")
    before = list(DiscrepancyStep.objects.values())
    preview(rounding(position=1))
    assert list(DiscrepancyStep.objects.values()) == before
    assert not HouseRule.objects.exists()
