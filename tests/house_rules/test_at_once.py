"""Rules while others are at work: two judges, two who apply a rule, several who make one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from reconciliation.house_rules.making import RuleRefused
from reconciliation.house_rules.open_work import apply_to_open
from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule, Status
from tests.house_rules.rules import NOW, make_chief, put_in_force, rounding, sell, sell_for
from tests.logs import Log, import_log
from tests.processes import finish, start_command

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_judges_have_a_rule_decide_each_discrepancy_once() -> None:
    put_in_force(rounding(), make_chief())
    log = Log()
    for number in range(40):
        sell(log, str(number), at_price="100.50")
    import_log(log)
    judges = [start_command("reconcile", "--as-of=2026-03-25T12:00:00+03:00") for _ in range(2)]
    for judge in judges:
        code, _, errors = finish(judge)
        assert (code, errors) == (0, "")
    assert set(Discrepancy.objects.values_list("status", flat=True)) == {Status.RESOLVED}
    assert DiscrepancyStep.objects.filter(rule__isnull=False).count() == 40


def test_two_who_apply_a_rule_decide_each_discrepancy_once() -> None:
    chief = make_chief()
    keys = [sell_for("100.50", str(number)).pk for number in range(6)]
    rule = put_in_force(rounding(), chief)

    def apply(_: int) -> int:
        try:
            return apply_to_open(rule, keys=keys, actor=chief, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(apply, range(2))) == 6
    assert DiscrepancyStep.objects.filter(rule=rule).count() == 6


def test_two_who_make_a_rule_of_one_name_make_one() -> None:
    chief = make_chief()
    rules = [rounding("Копейки") for _ in range(4)]

    def make(rule: HouseRule) -> bool:
        try:
            put_in_force(rule, chief)
        except RuleRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(make, rules)) == [False, False, False, True]
    assert HouseRule.objects.count() == 1
