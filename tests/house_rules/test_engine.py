"""The engine asks the rules of the house about what documents change, and never decides against a person."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reconciliation import decisions
from reconciliation.house_rules.making import move, switch_off
from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status
from shops.models import Bill, Shop
from tests.factories import make_accountant, make_shop
from tests.house_rules.rules import (
    NOW,
    correct_bill,
    handing_over,
    history,
    make_account,
    make_chief,
    put_in_force,
    rounding,
    sell,
    sell_for,
)
from tests.logs import Log, import_log, line, make_bill, make_receipt, read_clock, reconcile, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> User:
    return make_chief()


@pytest.fixture
def anna() -> User:
    return make_accountant("anna")


def state(discrepancy: Discrepancy) -> tuple[str, str, str]:
    held = Discrepancy.objects.select_related("assignee").get(pk=discrepancy.pk)
    return held.status, held.reason, held.assignee.username if held.assignee else ""


def test_kopecks_are_written_off_by_the_rule_and_the_history_names_it(chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    discrepancy = sell_for("100.50")
    assert state(discrepancy) == (Status.RESOLVED, Reason.WRITTEN_OFF, "")
    assert (discrepancy.write_off_account, discrepancy.resolved_at) == (make_account(), discrepancy.changed_at)
    assert history(discrepancy) == [("opened", "", "", "open"), ("resolved", "", "Копейки", "resolved")]
    step = discrepancy.steps.latest("pk")
    assert (step.rule, step.from_status, step.reason, step.write_off_account, step.amount) == (
        rule,
        Status.OPEN,
        Reason.WRITTEN_OFF,
        make_account(),
        Decimal("0.50"),
    )
    run("audit")


@pytest.mark.parametrize(("price", "closed"), [("101.00", True), ("101.01", False), ("99.00", True), ("98.99", False)])
def test_a_rule_closes_up_to_its_limit_to_the_kopeck(chief: User, price: str, closed: bool) -> None:
    put_in_force(rounding(), chief)
    assert (state(sell_for(price))[0] == Status.RESOLVED) is closed


def test_everything_of_a_store_goes_to_its_accountant(chief: User, anna: User) -> None:
    sell_for("150", "500", storeId="forest")  # the store becomes known
    store = Shop.objects.get(number=7).stores.get(evotor_id="forest")
    put_in_force(handing_over(anna, shop=store.shop, store=store), chief)
    ours, other = sell_for("150", "501", storeId="forest"), sell_for("150", "502", storeId="field")
    assert state(ours) == (Status.IN_REVIEW, "", "anna")
    assert history(ours)[-1] == ("handed_over", "", "Магазин на Лесной", "in_review")
    assert state(other) == (Status.OPEN, "", "")
    run("audit")


def test_one_rule_may_hand_over_what_another_closes(chief: User, anna: User) -> None:
    put_in_force(rounding(), chief)
    put_in_force(handing_over(anna), chief)
    discrepancy = sell_for("100.50")
    assert state(discrepancy) == (Status.RESOLVED, Reason.WRITTEN_OFF, "anna")
    assert [step[:3] for step in history(discrepancy)] == [
        ("opened", "", ""),
        ("handed_over", "", "Магазин на Лесной"),
        ("resolved", "", "Копейки"),
    ]
    decisions.undo(discrepancy, actor=anna, now=NOW)
    assert state(discrepancy) == (Status.IN_REVIEW, "", "anna")
    run("audit")


def test_the_first_rule_that_fits_decides(chief: User) -> None:
    put_in_force(rounding("Первое", reason=Reason.REGISTER_ERROR), chief)
    second = put_in_force(rounding("Второе"), chief)
    assert state(sell_for("100.50", "501"))[1] == Reason.REGISTER_ERROR
    move(second, earlier=True, actor=chief, now=NOW)
    assert state(sell_for("100.50", "502"))[1] == Reason.WRITTEN_OFF


def test_a_rule_that_is_switched_off_decides_nothing(chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    switch_off(rule, actor=chief, now=NOW)
    assert history(sell_for("100.50")) == [("opened", "", "", "open")]


def test_judging_again_changes_nothing(chief: User, anna: User) -> None:
    put_in_force(rounding(), chief)
    put_in_force(handing_over(anna), chief)
    discrepancy = sell_for("100.50")
    before = history(discrepancy)
    reconcile()
    run("reconcile", "--all")
    assert history(discrepancy) == before


def test_a_rule_made_later_waits_for_documents(chief: User) -> None:
    discrepancy = sell_for("100.50")
    put_in_force(rounding(), chief)
    run("reconcile", "--all")
    assert state(discrepancy)[0] == Status.OPEN
    correct_bill("501", "99.80")
    assert history(discrepancy)[-2:] == [
        ("amount_changed", "", "", "open"),
        ("resolved", "", "Копейки", "resolved"),
    ]


def test_a_changed_amount_opens_what_a_rule_has_closed_and_the_rule_is_asked_again(chief: User) -> None:
    put_in_force(rounding(), chief)
    discrepancy = sell_for("100.50")
    correct_bill("501", "60")
    assert state(discrepancy) == (Status.REOPENED, "", "")
    assert Discrepancy.objects.get().write_off_account is None
    correct_bill("501", "100", at="14:00")
    assert state(discrepancy) == (Status.RESOLVED, Reason.WRITTEN_OFF, "")
    correct_bill("501", "100.50", at="15:00")
    assert state(discrepancy) == (Status.RESOLVED, Reason.WRITTEN_OFF, ""), "the cause is gone"
    correct_bill("501", "100.40", at="16:00")
    assert [step[0] for step in history(discrepancy)] == [
        "opened",
        "resolved",
        "amount_changed",
        "amount_changed",
        "resolved",
        "cause_gone",
        "returned",
        "resolved",
    ]
    run("audit")


# --- people come first ---


@pytest.mark.parametrize("decision", ["take", "resolve", "reopen", "hand_over"])
def test_what_a_person_has_decided_no_rule_decides_again(chief: User, anna: User, decision: str) -> None:
    discrepancy = sell_for("150")
    if decision == "take":
        decisions.take(discrepancy, actor=anna, now=NOW)
    elif decision == "hand_over":
        decisions.hand_over(discrepancy, actor=chief, assignee=anna, now=NOW)
    else:
        decisions.resolve(discrepancy, actor=anna, reason=Reason.FALSE_ALARM, comment="", now=NOW)
    if decision == "reopen":
        decisions.reopen(discrepancy, actor=anna, comment="", now=NOW)
    put_in_force(rounding(), chief)
    put_in_force(handing_over(chief), chief)
    before = state(discrepancy)
    correct_bill("501", "149.50")
    documents_reopen = (Status.REOPENED, "", "anna")
    assert state(discrepancy) == (documents_reopen if decision == "resolve" else before)
    assert not DiscrepancyStep.objects.filter(rule__isnull=False).exists()
    run("audit")


def test_a_comment_is_no_decision(chief: User, anna: User) -> None:
    discrepancy = sell_for("150")
    decisions.comment(discrepancy, actor=anna, comment="Позвонить", now=NOW)
    put_in_force(rounding(), chief)
    correct_bill("501", "149.50")
    assert state(discrepancy)[0] == Status.RESOLVED


def test_what_a_person_reopens_stays_open(chief: User, anna: User) -> None:
    put_in_force(rounding(), chief)
    discrepancy = sell_for("100.50")
    decisions.reopen(discrepancy, actor=anna, comment="Проверить кассу", now=NOW)
    run("reconcile", "--all")
    correct_bill("501", "99.90")
    assert state(discrepancy) == (Status.REOPENED, "", "")
    assert [step[2] for step in history(discrepancy)] == ["", "Копейки", "", ""]


def test_what_a_rule_decided_can_be_undone_until_documents_change_the_amount(chief: User, anna: User) -> None:
    put_in_force(rounding(), chief)
    discrepancy = sell_for("100.50")
    decisions.undo(discrepancy, actor=anna, now=NOW)
    assert state(discrepancy) == (Status.OPEN, "", "")
    assert discrepancy.write_off_account is None
    run("reconcile", "--all")
    assert state(discrepancy) == (Status.OPEN, "", "")
    correct_bill("501", "99.90")
    assert state(discrepancy) == (Status.RESOLVED, Reason.WRITTEN_OFF, "")
    run("audit")


# --- money ---


def test_no_rule_writes_off_beyond_the_limit_of_the_shop(chief: User) -> None:
    put_in_force(rounding(amount_up_to="5.00"), chief)
    assert state(sell_for("104", "501"))[0] == Status.RESOLVED
    Shop.objects.filter(number=7).update(write_off_limit=3)
    assert state(sell_for("104", "502"))[0] == Status.OPEN
    assert state(sell_for("103", "503"))[0] == Status.RESOLVED


def test_a_bill_that_a_rule_closes_is_not_offered_any_more(chief: User, anna: User) -> None:
    put_in_force(rounding(kinds=["partial_receipt"], amount_up_to="50"), chief)
    log, bill = Log(), make_bill("501", [line("tea", 100), line("cup", 30)])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [line("tea", 100)], bill))
    import_log(log)
    reconcile()
    discrepancy = Discrepancy.objects.get()
    assert state(discrepancy)[0] == Status.RESOLVED
    assert Bill.objects.get().closed_at is not None
    decisions.undo(discrepancy, actor=anna, now=NOW)
    assert Bill.objects.get().closed_at is None


# --- whom and where to ---


def test_a_rule_whose_person_has_left_is_passed_over(chief: User, anna: User) -> None:
    put_in_force(handing_over(anna), chief)
    put_in_force(handing_over(chief, "Остальное"), chief)
    anna.is_active = False
    anna.save(update_fields=["is_active"])
    assert state(sell_for("150")) == (Status.IN_REVIEW, "", "chief")


def test_a_rule_whose_account_is_not_in_use_is_passed_over(chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    account = rule.write_off_account
    assert account is not None
    account.is_active = False
    account.save(update_fields=["is_active"])
    assert state(sell_for("100.50"))[0] == Status.OPEN


def test_a_rule_for_one_shop_leaves_the_others_alone(chief: User) -> None:
    make_shop(7)
    put_in_force(rounding(shop=make_shop(8)), chief)
    assert state(sell_for("100.50"))[0] == Status.OPEN


def test_asking_rules_costs_a_batch_no_more_for_many_than_for_few(chief: User, anna: User) -> None:
    put_in_force(rounding(kinds=["price_mismatch", "partial_receipt"]), chief)
    put_in_force(handing_over(anna), chief)

    def judge_bills(first: int, count: int) -> int:
        log, bills = (
            Log(now=read_clock(f"{first}:00")),
            [make_bill(str(first + number), [line("tea", 100), line("pin", "0.50")]) for number in range(count)],
        )
        for number, bill in enumerate(bills):
            sell(log, f"{first + number}000", at_price="100.50")
            log.ask_bill(bill)
            log.deliver(make_receipt(f"r-{bill['id']}", [line("tea", 100)], bill))
        import_log(log)
        with CaptureQueriesContext(connection) as queries:
            reconcile()
        return sum(query["sql"].startswith("SELECT") for query in queries)

    judge_bills(6, 1)  # what is learned once
    assert judge_bills(7, 2) == judge_bills(9, 30)
    assert DiscrepancyStep.objects.filter(rule__isnull=False).count() == 2 * 2 * 33
