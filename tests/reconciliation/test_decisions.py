"""The life of a discrepancy: what people decide, what documents change, and that neither is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from reconciliation import decisions
from reconciliation.decisions import DecisionRefused
from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status
from tests.factories import make_accountant
from tests.logs import Log, import_log, judge, line, make_bill, make_receipt, read_clock, read_discrepancies, run

pytestmark = pytest.mark.django_db

TEA, CUP, POT = line("tea", 100, 2), line("cup", 300), line("pot", 50)
BILL = make_bill("501", [TEA, CUP, POT])
# Before the documents are judged: steps have the order in which they were made, not that of a clock.
NOW = datetime(2026, 3, 26, 9, tzinfo=UTC)


@pytest.fixture
def anna() -> User:
    return make_accountant("anna")


@pytest.fixture
def boris() -> User:
    return make_accountant("boris")


@pytest.fixture
def partial() -> Discrepancy:
    """Bill 501 of 550.00, of which 200.00 were paid."""
    log = Log()
    log.ask_bill(BILL)
    log.deliver(make_receipt("r-1", [TEA], BILL))
    judge(log)
    return Discrepancy.objects.get()


def judge_more(add: Any, at: str) -> None:
    """Later documents arrive and are judged."""
    log = Log(now=read_clock(at))
    add(log)
    judge(log, as_of=at)


def pay(receipt_id: str, *lines: Any) -> Any:
    return lambda log: log.deliver(make_receipt(receipt_id, list(lines), BILL))


def state(discrepancy: Discrepancy) -> tuple[str, str, User | None, str]:
    held = Discrepancy.objects.get(pk=discrepancy.pk)
    return held.status, held.reason, held.assignee, str(held.amount)


def history(discrepancy: Discrepancy) -> list[tuple[str, str, str]]:
    return list(discrepancy.steps.order_by("pk").values_list("action", "from_status", "to_status"))


def last_step(discrepancy: Discrepancy) -> DiscrepancyStep:
    return discrepancy.steps.latest("pk")


def resolve(discrepancy: Discrepancy, actor: User, reason: str = Reason.REST_WILL_BE_PAID) -> DiscrepancyStep:
    return decisions.resolve(discrepancy, actor=actor, reason=reason, comment="called", now=NOW)


# --- people --------------------------------------------------------------------------------------------------


def test_it_is_taken_handed_over_resolved_and_reopened(partial: Discrepancy, anna: User, boris: User) -> None:
    decisions.take(partial, actor=anna, now=NOW)
    assert state(partial) == (Status.IN_REVIEW, "", anna, "-350.00")
    decisions.hand_over(partial, actor=anna, assignee=boris, comment="yours", now=NOW)
    assert state(partial) == (Status.IN_REVIEW, "", boris, "-350.00")
    resolve(partial, boris)
    assert state(partial) == (Status.RESOLVED, Reason.REST_WILL_BE_PAID, boris, "-350.00")
    decisions.reopen(partial, actor=anna, comment="not paid after all", now=NOW)
    assert state(partial) == (Status.REOPENED, "", boris, "-350.00")

    assert history(partial) == [
        ("opened", "", "open"),
        ("taken", "open", "in_review"),
        ("handed_over", "in_review", "in_review"),
        ("resolved", "in_review", "resolved"),
        ("reopened", "resolved", "reopened"),
    ]
    assert list(partial.steps.order_by("pk").values_list("actor__username", "comment"))[1:] == [
        ("anna", ""),
        ("anna", "yours"),
        ("boris", "called"),
        ("anna", "not paid after all"),
    ]
    run("audit")


def test_whoever_resolves_what_nobody_has_taken_has_it(partial: Discrepancy, anna: User) -> None:
    resolve(partial, anna)

    assert state(partial) == (Status.RESOLVED, Reason.REST_WILL_BE_PAID, anna, "-350.00")


def test_what_is_resolved_must_be_reopened_first(partial: Discrepancy, anna: User) -> None:
    resolve(partial, anna)
    before = history(partial)
    with pytest.raises(DecisionRefused):
        resolve(partial, anna)
    with pytest.raises(DecisionRefused):
        decisions.take(partial, actor=anna, now=NOW)
    with pytest.raises(DecisionRefused):
        decisions.hand_over(partial, actor=anna, assignee=anna, now=NOW)

    assert history(partial) == before


def test_what_is_not_resolved_cannot_be_reopened(partial: Discrepancy, anna: User) -> None:
    with pytest.raises(DecisionRefused):
        decisions.reopen(partial, actor=anna, comment="", now=NOW)


@pytest.mark.parametrize("reason", ["", "no such reason", Reason.LATER_DOCUMENTS])
def test_a_person_gives_a_reason_of_the_list(partial: Discrepancy, anna: User, reason: str) -> None:
    with pytest.raises(DecisionRefused):
        resolve(partial, anna, reason)
    assert state(partial)[0] == Status.OPEN


def test_a_comment_changes_nothing_else_and_is_not_empty(partial: Discrepancy, anna: User) -> None:
    before = state(partial)
    decisions.comment(partial, actor=anna, comment=" asked the courier ", now=NOW)

    assert state(partial) == before
    assert last_step(partial).comment == "asked the courier"
    with pytest.raises(DecisionRefused):
        decisions.comment(partial, actor=anna, comment=" \n", now=NOW)
    run("audit")


# --- undoing -------------------------------------------------------------------------------------------------


def test_decisions_are_undone_one_after_the_other(partial: Discrepancy, anna: User, boris: User) -> None:
    decisions.take(partial, actor=anna, now=NOW)
    resolve(partial, anna)
    decisions.comment(partial, actor=anna, comment="done", now=NOW)
    decisions.undo(partial, actor=boris, now=NOW)
    assert state(partial) == (Status.IN_REVIEW, "", anna, "-350.00")
    decisions.undo(partial, actor=boris, now=NOW)
    assert state(partial) == (Status.OPEN, "", None, "-350.00")
    with pytest.raises(DecisionRefused):
        decisions.undo(partial, actor=boris, now=NOW)

    assert [action for action, _, _ in history(partial)][-2:] == ["undone", "undone"]
    run("audit")


def test_a_decision_after_an_undone_one_can_be_undone_too(partial: Discrepancy, anna: User, boris: User) -> None:
    decisions.take(partial, actor=anna, now=NOW)
    decisions.undo(partial, actor=anna, now=NOW)
    decisions.take(partial, actor=boris, now=NOW)
    decisions.undo(partial, actor=anna, now=NOW)

    assert state(partial) == (Status.OPEN, "", None, "-350.00")


def test_what_documents_have_changed_since_is_not_undone(partial: Discrepancy, anna: User) -> None:
    resolve(partial, anna)
    judge_more(pay("r-2", POT), "13:00")

    with pytest.raises(DecisionRefused):
        decisions.undo(partial, actor=anna, now=NOW)


# --- documents -----------------------------------------------------------------------------------------------


def test_later_documents_close_it_and_say_so(partial: Discrepancy) -> None:
    judge_more(pay("r-2", CUP, POT), "13:00")

    assert state(partial)[:2] == (Status.RESOLVED, Reason.LATER_DOCUMENTS)
    assert history(partial)[-1] == ("cause_gone", "open", "resolved")
    assert last_step(partial).actor is None


def test_what_documents_have_closed_is_not_reopened_by_hand(partial: Discrepancy, anna: User) -> None:
    judge_more(pay("r-2", CUP, POT), "13:00")

    with pytest.raises(DecisionRefused):
        decisions.reopen(partial, actor=anna, comment="", now=NOW)


def test_a_cause_that_returns_opens_it_again(partial: Discrepancy) -> None:
    judge_more(pay("r-2", CUP, POT), "13:00")
    judge_more(lambda log: log.ask_bill(make_bill("501", [TEA, CUP, POT, line("lid", 20)])), "14:00")

    assert state(partial) == (Status.REOPENED, "", None, "-20.00")
    assert history(partial)[-1] == ("returned", "resolved", "reopened")
    run("audit")


def test_a_changed_amount_opens_what_a_person_has_resolved(partial: Discrepancy, anna: User) -> None:
    resolve(partial, anna)
    judge_more(pay("r-2", POT), "13:00")

    assert state(partial) == (Status.REOPENED, "", anna, "-300.00")
    step = last_step(partial)
    assert (step.action, step.from_status, step.from_reason) == ("amount_changed", "resolved", "rest_will_be_paid")
    assert (str(step.amount_before), str(step.amount)) == ("-350.00", "-300.00")


def test_a_changed_amount_leaves_it_with_who_reviews_it(partial: Discrepancy, anna: User) -> None:
    decisions.take(partial, actor=anna, now=NOW)
    judge_more(pay("r-2", POT), "13:00")

    assert state(partial) == (Status.IN_REVIEW, "", anna, "-300.00")


def test_documents_that_change_nothing_leave_a_decision_alone(partial: Discrepancy, anna: User) -> None:
    resolve(partial, anna)
    before = history(partial)
    judge_more(pay("r-1", TEA), "13:00")
    run("reconcile", "--all", f"--as-of={(read_clock('12:00') + timedelta(days=2)).isoformat()}+03:00")

    assert state(partial) == (Status.RESOLVED, Reason.REST_WILL_BE_PAID, anna, "-350.00")
    assert [step for step in history(partial) if step not in before] == []


def test_a_cause_that_goes_away_keeps_the_reason_of_a_person(partial: Discrepancy, anna: User) -> None:
    resolve(partial, anna)
    judge_more(pay("r-2", CUP, POT), "13:00")

    assert state(partial)[:3] == (Status.RESOLVED, Reason.REST_WILL_BE_PAID, anna)
    assert history(partial)[-1] == ("cause_gone", "resolved", "resolved")
    judge_more(lambda log: log.ask_bill(make_bill("501", [TEA, CUP, POT, line("lid", 20)])), "14:00")
    assert state(partial) == (Status.REOPENED, "", anna, "-20.00")
    run("audit")


def test_a_receipt_for_an_unknown_bill_is_settled_by_the_bill() -> None:
    log = Log()
    log.deliver(make_receipt("r-1", [TEA, CUP, POT], BILL))
    judge(log)
    judge_more(lambda log: log.ask_bill(BILL), "13:00")

    assert read_discrepancies() == []
    (row,) = read_discrepancies("--status=all")
    assert (row["kind"], row["status"], row["reason"]) == ("unknown_bill", "resolved", "later_documents")


def test_a_late_answer_settles_a_request_without_one() -> None:
    log = Log()
    log.ask_list(at="10:00", answered=False)
    judge(log)
    late = Log()
    late.say("LIST", "Ответ", "[]", at="10:00:30")
    import_log(late)
    run("reconcile")

    (row,) = read_discrepancies("--status=all")
    assert (row["kind"], row["status"], row["reason"]) == ("unanswered", "resolved", "later_documents")
