"""A decision that nothing more is to be paid takes a bill off the list, and what undoes the decision puts it back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from reconciliation import decisions
from reconciliation.models import Discrepancy, Reason, Status
from reconciliation.write_offs import write_off
from shops.models import Bill
from tests.factories import make_account, make_accountant
from tests.logs import line, make_bill, make_receipt, run
from tests.protocol.conftest import Crm, Till, judge_later

TEA, CUP = line("tea", 500), line("cup", 300)
BILL = make_bill("1", [TEA, CUP])

CLOSING = (Reason.CONTENTS_CHANGED, Reason.PAID_ANOTHER_WAY, Reason.CORRECTION_RECEIPT, Reason.WRITTEN_OFF)
NOT_CLOSING = (Reason.REST_WILL_BE_PAID, Reason.BILL_CORRECTED, Reason.REGISTER_ERROR, Reason.FALSE_ALARM)


@pytest.fixture
def accountant(db: None) -> User:
    return make_accountant()


@pytest.fixture
def discrepancy(till: Till, crm: Crm) -> Discrepancy:
    """Of a bill of two lines one was sold."""
    crm.put(BILL)
    till.sell("r-1", [TEA], BILL)
    judge_later()
    assert till.list_ids() == [1]
    return Discrepancy.objects.get(kind="partial_receipt")


@pytest.fixture
def resolve(discrepancy: Discrepancy, accountant: User) -> Callable[[Reason], object]:
    def resolve(reason: Reason) -> object:
        if reason == Reason.WRITTEN_OFF:
            account = make_account()
            return write_off(discrepancy, actor=accountant, account=account, comment="", now=timezone.now())
        return decisions.resolve(discrepancy, actor=accountant, reason=reason, comment="", now=timezone.now())

    return resolve


def decide(decision: Callable[..., object], discrepancy: Discrepancy, actor: User, **answers: Any) -> None:
    decision(discrepancy, actor=actor, now=timezone.now(), **answers)


@pytest.mark.parametrize("reason", CLOSING)
def test_a_reason_that_closes_takes_the_bill_off_the_list(
    till: Till, resolve: Callable[[Reason], object], reason: Reason
) -> None:
    resolve(reason)
    assert till.list_ids() == []
    assert till.get("/api/v2/bill/byid/1").status_code == 404


@pytest.mark.parametrize("reason", NOT_CLOSING)
def test_any_other_reason_leaves_the_rest_on_offer(
    till: Till, resolve: Callable[[Reason], object], reason: Reason
) -> None:
    resolve(reason)
    assert [(bill["id"], bill["summ"]) for bill in till.offers()] == [(1, 300)]


def test_every_reason_of_people_is_either_closing_or_not() -> None:
    assert set(CLOSING) | set(NOT_CLOSING) == set(Reason) - {Reason.LATER_DOCUMENTS}


def test_reopening_puts_the_bill_back(
    till: Till, discrepancy: Discrepancy, accountant: User, resolve: Callable[[Reason], object]
) -> None:
    resolve(Reason.WRITTEN_OFF)
    decide(decisions.reopen, discrepancy, accountant, comment="")
    assert till.list_ids() == [1]


def test_undoing_puts_the_bill_back_and_undoing_the_reopening_takes_it_off(
    till: Till, discrepancy: Discrepancy, accountant: User, resolve: Callable[[Reason], object]
) -> None:
    resolve(Reason.WRITTEN_OFF)
    decide(decisions.undo, discrepancy, accountant)
    assert till.list_ids() == [1]
    resolve(Reason.WRITTEN_OFF)
    decide(decisions.reopen, discrepancy, accountant, comment="")
    decide(decisions.undo, discrepancy, accountant)
    assert till.list_ids() == []


def test_documents_that_open_the_matter_again_put_the_bill_back(
    till: Till, crm: Crm, discrepancy: Discrepancy, resolve: Callable[[Reason], object]
) -> None:
    resolve(Reason.WRITTEN_OFF)
    crm.put(make_bill("1", [TEA, CUP, line("pot", 100)]))
    judge_later()
    discrepancy.refresh_from_db()
    assert discrepancy.status == Status.REOPENED
    assert [(bill["id"], bill["summ"]) for bill in till.offers()] == [(1, 400)]


def test_a_rest_that_is_paid_after_all_changes_nothing(
    till: Till, resolve: Callable[[Reason], object], discrepancy: Discrepancy
) -> None:
    resolve(Reason.WRITTEN_OFF)
    till.deliver(make_receipt("r-2", [CUP], BILL))
    judge_later()
    discrepancy.refresh_from_db()
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, Reason.WRITTEN_OFF)
    assert till.list_ids() == []


def test_a_comment_on_what_is_closed_closes_nothing_anew(
    discrepancy: Discrepancy, accountant: User, resolve: Callable[[Reason], object]
) -> None:
    resolve(Reason.WRITTEN_OFF)
    closed_at = Bill.objects.get().closed_at
    decide(decisions.comment, discrepancy, accountant, comment="Приказ 5")
    assert closed_at is not None
    assert Bill.objects.get().closed_at == closed_at


def test_the_books_hold_with_a_closed_bill(resolve: Callable[[Reason], object]) -> None:
    resolve(Reason.WRITTEN_OFF)
    run("audit")
