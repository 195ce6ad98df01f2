"""Differences are written off to an account: by one person up to the shop's limit, by two beyond it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from reconciliation import decisions, proposals, write_offs
from reconciliation.decisions import DecisionRefused
from reconciliation.models import Case, Discrepancy, DiscrepancyStep, Reason, Status, WriteOffAccount
from shops.models import Shop
from tests.factories import make_account, make_accountant, make_shop
from tests.logs import line, make_bill, make_receipt, run
from tests.protocol.conftest import Crm, Till, judge_later, make_caller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 26, 9, tzinfo=UTC)
TEA, CUP, POT = line("tea", 500), line("cup", 300), line("pot", 100)
BILL = make_bill("1", [TEA, CUP])


@pytest.fixture
def anna() -> User:
    return make_accountant("anna")


@pytest.fixture
def boris() -> User:
    return make_accountant("boris")


@pytest.fixture
def shortage() -> WriteOffAccount:
    return make_account("Недостача в кассе", code="94")


@pytest.fixture
def shop() -> Shop:
    """One person may write off up to 300.00."""
    return Shop.objects.create(number=7, name="Чай", write_off_limit=Decimal("300.00"))


@pytest.fixture
def till(shop: Shop) -> Till:
    return make_caller(Till, shop, "register")


@pytest.fixture
def crm(shop: Shop) -> Crm:
    return make_caller(Crm, shop, "crm")


@pytest.fixture
def partial(till: Till, crm: Crm) -> Discrepancy:
    """Of 800.00 the cup, 300.00, was not paid, and is still on offer."""
    crm.put(BILL)
    till.sell("r-1", [TEA], BILL)
    judge_later()
    return Discrepancy.objects.get(kind="partial_receipt")


@pytest.fixture
def waiting(partial: Discrepancy, anna: User, shortage: WriteOffAccount) -> Discrepancy:
    """Anna proposes to write off what is one kopeck beyond the limit."""
    Shop.objects.update(write_off_limit=Decimal("299.99"))
    write_off(partial, anna, shortage)
    return partial


def write_off(discrepancy: Discrepancy, actor: User, account: WriteOffAccount, **answers: Any) -> DiscrepancyStep:
    return write_offs.write_off(discrepancy, actor=actor, account=account, comment="Приказ 5", now=NOW, **answers)


def state(discrepancy: Discrepancy) -> tuple[str, str, str | None, str | None]:
    """Status, reason, who has it, and the account."""
    held = Discrepancy.objects.select_related("assignee", "write_off_account").get(pk=discrepancy.pk)
    account = str(held.write_off_account) if held.write_off_account else None
    return held.status, held.reason, held.assignee.username if held.assignee else None, account


def last_step(discrepancy: Discrepancy) -> tuple[str, str | None, str, str | None]:
    """What, who, from where, and the account."""
    step = discrepancy.steps.select_related("actor", "write_off_account").latest("pk")
    account = str(step.write_off_account) if step.write_off_account else None
    return step.action, step.actor.username if step.actor else None, step.from_status, account


def refused(decide: Callable[..., object], **answers: Any) -> str:
    with override("en"), pytest.raises(DecisionRefused) as refusal:
        decide(now=NOW, **answers)
    return str(refusal.value)


WRITTEN_OFF = (Status.RESOLVED, Reason.WRITTEN_OFF, "anna", "94 Недостача в кассе")
PROPOSED = (Status.WAITING, Reason.WRITTEN_OFF, "anna", "94 Недостача в кассе")
IN_REVIEW = (Status.IN_REVIEW, "", "anna", None)
UNTOUCHED = (Status.OPEN, "", None, None)


# --- one person ----------------------------------------------------------------------------------------------


def test_a_small_difference_is_written_off_to_a_place_of_ones_choice(till: Till, crm: Crm, anna: User) -> None:
    """Forty kopecks go to rounding, or to the goodwill account that the accountant has just made for such things."""
    crm.put(make_bill("1", [TEA], total="500.40"))
    till.sell("r-1", [TEA], BILL)
    judge_later()
    small = Discrepancy.objects.get(amount__isnull=False)
    for account in (make_account("Округление", code="91.02"), make_account("Жест доброй воли", code="44.7")):
        write_off(small, anna, account)
        assert state(small) == (Status.RESOLVED, Reason.WRITTEN_OFF, "anna", str(account))
        assert last_step(small) == ("resolved", "anna", "open", str(account))
        decisions.undo(small, actor=anna, now=NOW)
        assert state(small) == UNTOUCHED


def test_exactly_the_limit_is_written_off_by_one_person(
    partial: Discrepancy, anna: User, shortage: WriteOffAccount, till: Till
) -> None:
    assert till.list_ids() == [1]
    write_off(partial, anna, shortage)
    assert state(partial) == WRITTEN_OFF
    assert partial.resolved_at == NOW
    assert till.list_ids() == [], "nothing of the bill remains to be paid"
    run("audit")


def test_a_surplus_counts_by_its_magnitude(till: Till, crm: Crm, anna: User, shortage: WriteOffAccount) -> None:
    crm.put(make_bill("1", [TEA]))
    till.sell("r-1", [TEA, line("cup", "300.01")], BILL)
    judge_later()
    surplus = Discrepancy.objects.get(kind="unexpected_item")
    write_off(surplus, anna, shortage)
    assert state(surplus) == PROPOSED


@given(limit=st.decimals(0, 400, places=2), kopecks=st.integers(-40_000, 40_000))
def test_a_second_person_is_needed_beyond_the_limit_and_never_within(limit: Decimal, kopecks: int) -> None:
    discrepancy = Discrepancy(amount=Decimal(kopecks) / 100, case=Case(shop=Shop(number=7, write_off_limit=limit)))
    assert write_offs.needs_second_person(discrepancy) == (abs(kopecks) > limit * 100)


def test_what_is_not_about_money_is_not_written_off(
    partial: Discrepancy, anna: User, shortage: WriteOffAccount
) -> None:
    Discrepancy.objects.update(kind="opened_not_paid", amount=None)
    assert "not about money" in refused(
        write_offs.write_off, discrepancy=partial, actor=anna, account=shortage, comment=""
    )
    assert state(partial) == UNTOUCHED


def test_an_account_is_one_in_use_and_of_the_own_shop(partial: Discrepancy, anna: User) -> None:
    foreign, own = make_account(code="1", shop=make_shop(8)), make_account(code="2", shop=partial.case.shop)
    retired = make_account(code="3")
    WriteOffAccount.objects.filter(pk=retired.pk).update(is_active=False)
    for account in (foreign, retired):
        said = refused(write_offs.write_off, discrepancy=partial, actor=anna, account=account, comment="")
        assert "not in use, or belongs to another shop" in said
    assert state(partial) == UNTOUCHED
    write_off(partial, anna, own)
    assert state(partial)[3] == str(own)


def test_what_documents_have_changed_meanwhile_is_not_written_off_unseen(
    partial: Discrepancy, anna: User, shortage: WriteOffAccount
) -> None:
    answers = {"discrepancy": partial, "actor": anna, "account": shortage, "comment": ""}
    assert "−\u2060300.00" in refused(write_offs.write_off, **answers, seen_amount=Decimal("-200.00"))
    write_off(partial, anna, shortage, seen_amount=Decimal("-300.00"))
    assert state(partial) == WRITTEN_OFF


# --- two people ----------------------------------------------------------------------------------------------


def test_a_kopeck_beyond_the_limit_waits_and_leaves_the_bill_on_offer(waiting: Discrepancy, till: Till) -> None:
    assert state(waiting) == PROPOSED
    assert last_step(waiting) == ("proposed", "anna", "open", "94 Недостача в кассе")
    assert waiting.resolved_at is None
    assert till.list_ids() == [1]
    run("audit")


def test_a_second_person_confirms_and_the_bill_is_closed(waiting: Discrepancy, boris: User, till: Till) -> None:
    proposals.confirm(waiting, actor=boris, now=NOW)
    assert state(waiting) == WRITTEN_OFF
    assert last_step(waiting) == ("confirmed", "boris", "waiting", "94 Недостача в кассе")
    assert till.list_ids() == []
    run("audit")


def test_nobody_confirms_the_own_proposal(waiting: Discrepancy, anna: User, boris: User) -> None:
    assert "proposed it yourself" in refused(proposals.confirm, discrepancy=waiting, actor=anna)
    assert state(waiting) == PROPOSED
    # Not by way of undoing what somebody else has confirmed or declined either.
    proposals.decline(waiting, actor=boris, comment="Рано", now=NOW)
    decisions.undo(waiting, actor=anna, now=NOW)
    assert state(waiting) == PROPOSED
    assert "proposed it yourself" in refused(proposals.confirm, discrepancy=waiting, actor=anna)


def test_what_is_declined_goes_back_to_who_has_proposed_it(
    partial: Discrepancy, anna: User, boris: User, shortage: WriteOffAccount, till: Till
) -> None:
    Shop.objects.update(write_off_limit=0)
    decisions.take(partial, actor=boris, now=NOW)
    write_off(partial, anna, shortage)
    assert state(partial)[2] == "boris", "whose work it is"
    assert "Say why" in refused(proposals.decline, discrepancy=partial, actor=boris, comment=" ")
    proposals.decline(partial, actor=boris, comment="Сначала спросите курьера", now=NOW)
    assert state(partial) == IN_REVIEW
    assert last_step(partial) == ("declined", "boris", "waiting", None)
    assert till.list_ids() == [1]


@pytest.mark.parametrize("decide", [proposals.confirm, proposals.decline])
def test_only_what_waits_is_confirmed_or_declined(partial: Discrepancy, boris: User, decide: Any) -> None:
    assert "waits for confirmation" in refused(decide, discrepancy=partial, actor=boris, comment="x")
    assert state(partial) == UNTOUCHED


def test_what_waits_is_not_decided_in_another_way(waiting: Discrepancy, boris: User, shortage: WriteOffAccount) -> None:
    other_ways: list[tuple[Callable[..., object], dict[str, Any]]] = [
        (decisions.take, {}),
        (decisions.hand_over, {"assignee": boris}),
        (decisions.resolve, {"reason": Reason.FALSE_ALARM, "comment": ""}),
        (write_offs.write_off, {"account": shortage, "comment": ""}),
        (decisions.reopen, {"comment": ""}),
    ]
    for decide, answers in other_ways:
        refused(decide, discrepancy=waiting, actor=boris, **answers)
    assert state(waiting) == PROPOSED
    decisions.comment(waiting, actor=boris, comment="Кто вёз заказ?", now=NOW)
    assert state(waiting) == PROPOSED


def test_an_account_that_is_out_of_use_by_then_is_not_confirmed(waiting: Discrepancy, boris: User) -> None:
    WriteOffAccount.objects.update(is_active=False)
    assert "not in use" in refused(proposals.confirm, discrepancy=waiting, actor=boris)
    assert state(waiting) == PROPOSED


# --- documents come while it waits ---------------------------------------------------------------------------


def test_another_amount_ends_the_waiting(waiting: Discrepancy, boris: User, crm: Crm, till: Till) -> None:
    crm.put(make_bill("1", [TEA, CUP, POT]))
    judge_later()
    assert state(waiting) == (Status.REOPENED, "", "anna", None)
    assert last_step(waiting) == ("amount_changed", None, "waiting", None)
    assert "waits for confirmation" in refused(proposals.confirm, discrepancy=waiting, actor=boris)
    assert [(bill["id"], bill["summ"]) for bill in till.offers()] == [(1, 400)]
    run("audit")


def test_a_payment_that_comes_after_all_leaves_nothing_to_confirm(
    waiting: Discrepancy, boris: User, till: Till
) -> None:
    till.deliver(make_receipt("r-2", [CUP], BILL))
    judge_later()
    assert state(waiting) == (Status.RESOLVED, Reason.LATER_DOCUMENTS, "anna", None)
    assert "waits for confirmation" in refused(proposals.confirm, discrepancy=waiting, actor=boris)
    run("audit")


# --- undoing -------------------------------------------------------------------------------------------------


def test_a_proposal_is_undone(waiting: Discrepancy, anna: User) -> None:
    decisions.undo(waiting, actor=anna, now=NOW)
    assert state(waiting) == UNTOUCHED


def test_a_confirmation_is_undone_and_the_bill_is_on_offer_again(waiting: Discrepancy, boris: User, till: Till) -> None:
    proposals.confirm(waiting, actor=boris, now=NOW)
    decisions.undo(waiting, actor=boris, now=NOW)
    assert state(waiting) == PROPOSED
    assert till.list_ids() == [1]
    proposals.confirm(waiting, actor=boris, now=NOW)
    assert state(waiting) == WRITTEN_OFF
    assert till.list_ids() == []
    run("audit")


def test_a_refusal_is_undone(waiting: Discrepancy, boris: User) -> None:
    proposals.decline(waiting, actor=boris, comment="Рано", now=NOW)
    decisions.undo(waiting, actor=boris, now=NOW)
    assert state(waiting) == PROPOSED
    proposals.confirm(waiting, actor=boris, now=NOW)
    assert state(waiting) == WRITTEN_OFF


def test_what_is_written_off_is_reopened_and_that_is_undone(waiting: Discrepancy, boris: User, till: Till) -> None:
    proposals.confirm(waiting, actor=boris, now=NOW)
    decisions.reopen(waiting, actor=boris, comment="", now=NOW)
    assert state(waiting) == (Status.REOPENED, "", "anna", None)
    assert till.list_ids() == [1]
    decisions.undo(waiting, actor=boris, now=NOW)
    assert state(waiting) == WRITTEN_OFF
    assert till.list_ids() == []
