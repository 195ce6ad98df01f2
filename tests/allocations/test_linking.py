"""What a person says about which bill a receipt pays counts, and no document undoes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from shops import allocations
from shops.allocations import AllocationRefused
from shops.models import Allocation, Bill, Receipt
from shops.offers import read_bill_offer, read_list_offer
from tests.allocations.conftest import find_bill, find_receipt
from tests.logs import Log, import_log, judge, line, make_bill, make_receipt, read_clock, reconcile

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 25, 9, tzinfo=UTC)
DRESS, HAT = line("dress", 3100), line("hat", 900)
BILL = make_bill("501", [DRESS])
OTHER = make_bill("502", [HAT])


@pytest.fixture
def log() -> Log:
    """Two bills that a register opened, and a receipt of 3 100 that says nothing of its bill."""
    log = Log()
    log.ask_bill(BILL)
    log.ask_bill(OTHER)
    log.deliver(make_receipt("r-1", [DRESS]))
    return log


def link(receipt: Receipt, bill: Bill, actor: User, **options: Any) -> allocations.Allocated:
    return allocations.link(receipt, bill, actor=actor, now=NOW, **options)


def list_offered(bill: Bill) -> list[str]:
    offered = read_list_offer(bill.shop)
    assert isinstance(offered, list)
    return [f"{row['id']} {row['summ']}" for row in offered]


def later(add: Callable[[Log], None], at: str = "11:00") -> Log:
    log = Log(now=read_clock(at))
    add(log)
    return log


def test_a_linked_receipt_pays_its_bill_and_the_bill_leaves_the_list(
    log: Log, anna: User, audit: Callable[[], str]
) -> None:
    assert judge(log) == {(None, "r-1", "no_bill", "3100.00")}
    bill, receipt = find_bill("501"), find_receipt("r-1")
    assert list_offered(bill) == ["502 900.00", "501 3100.00"]
    link(receipt, bill, anna)
    assert list_offered(bill) == ["502 900.00"]
    assert read_bill_offer(bill.shop, "501") is None
    assert reconcile() == set()
    assert audit() == ""
    allocations.unlink(receipt, bill, actor=anna, now=NOW)
    assert list_offered(bill) == ["502 900.00", "501 3100.00"]
    assert reconcile() == {(None, "r-1", "no_bill", "3100.00")}
    assert audit() == ""


def test_what_the_receipt_says_stays_as_it_was_said(log: Log, anna: User) -> None:
    log.deliver(make_receipt("r-2", [HAT], OTHER))
    judge(log)
    link(find_receipt("r-2"), find_bill("501"), anna)
    assert find_receipt("r-2").bill == find_bill("502")
    assert reconcile() == {
        (None, "r-1", "no_bill", "3100.00"),
        ("501", None, "partial_receipt", "-3100.00"),
        ("501", None, "unexpected_item", "900.00"),
    }


def test_a_receipt_that_names_a_bill_wrongly_pays_none_once_it_is_taken_off(
    log: Log, anna: User, audit: Callable[[], str]
) -> None:
    log.deliver(make_receipt("r-2", [HAT], OTHER))
    judge(log)
    assert not find_bill("502").on_offer
    allocations.unlink(find_receipt("r-2"), find_bill("502"), actor=anna, now=NOW)
    assert find_bill("502").on_offer
    assert reconcile() == {(None, "r-1", "no_bill", "3100.00"), (None, "r-2", "no_bill", "900.00")}
    assert audit() == ""


def test_a_receipt_taken_off_a_bill_goes_back_to_the_one_that_it_names(log: Log, anna: User) -> None:
    log.deliver(make_receipt("r-2", [HAT], OTHER))
    judge(log)
    receipt = find_receipt("r-2")
    link(receipt, find_bill("501"), anna)
    assert find_bill("502").on_offer
    allocations.unlink(receipt, find_bill("501"), actor=anna, now=NOW)
    assert not find_bill("502").on_offer
    assert reconcile() == {(None, "r-1", "no_bill", "3100.00")}


def deliver_astray(log: Log) -> None:
    """A receipt of 3 100 on which the cashier has typed the id of a bill wrongly."""
    log.deliver(make_receipt("r-9", [DRESS], make_bill("999", [DRESS]), dateTime="2026-03-25T07:00:00.000Z"))


LATER: dict[str, Callable[[Log], None]] = {
    "another delivery of the receipt": deliver_astray,
    "the bill whose id the receipt names": lambda log: log.ask_bill(make_bill("999", [DRESS])),
    "another version of the linked bill": lambda log: log.ask_bill(make_bill("501", [DRESS], prepaymentEnable=False)),
}


@pytest.mark.parametrize("add", LATER.values(), ids=LATER.keys())
def test_later_documents_never_undo_what_a_person_matched(
    log: Log, anna: User, audit: Callable[[], str], add: Callable[[Log], None]
) -> None:
    deliver_astray(log)
    assert (None, "r-9", "unknown_bill", "3100.00") in judge(log)
    receipt = find_receipt("r-9")
    link(receipt, find_bill("501"), anna)
    more = later(add)
    found = judge(more)
    assert {row for row in found if row[0] == "501" or row[1] == "r-9"} == set()
    assert reconcile(all=True) == found
    assert judge(log.add(more)) == found  # all of the log once more
    assert not find_bill("501").on_offer
    assert find_receipt("r-9").is_allocated
    assert Allocation.objects.get(ended_at=None).decided_by == anna
    assert audit() == ""


def test_the_bill_of_a_linked_receipt_is_judged_again_when_it_is_delivered_again(log: Log, anna: User) -> None:
    judge(log)
    bill = find_bill("501")
    link(find_receipt("r-1"), bill, anna)
    reconcile()
    import_log(later(lambda log: log.deliver(make_receipt("r-1", [line("dress", 3100, tax=1)]))))
    bill.refresh_from_db()
    assert bill.unjudged_since is not None
    assert ("501", None, "conflicting_receipt", None) in reconcile()


def test_undoing_one_match_leaves_every_other_match_of_the_bill_alone(
    log: Log, anna: User, audit: Callable[[], str]
) -> None:
    bill = make_bill("503", [line("dress", 3100, 3)])
    log.ask_bill(bill)
    for number in (2, 3):
        log.deliver(make_receipt(f"r-{number}", [DRESS]))
    judge(log)
    for number in (1, 2, 3):
        link(find_receipt(f"r-{number}"), find_bill("503"), anna)
    assert reconcile() == set()
    allocations.unlink(find_receipt("r-2"), find_bill("503"), actor=anna, now=NOW)
    assert reconcile() == {("503", None, "partial_receipt", "-3100.00"), (None, "r-2", "no_bill", "3100.00")}
    assert [find_receipt(f"r-{number}").is_allocated for number in (1, 2, 3)] == [True, False, True]
    assert find_bill("503").offered_total == Decimal("3100.00")
    assert audit() == ""


def test_a_part_payment_is_not_booked_as_the_whole(log: Log, anna: User) -> None:
    log.ask_bill(make_bill("504", [DRESS, HAT]))
    judge(log)
    link(find_receipt("r-1"), find_bill("504"), anna)
    assert reconcile() == {("504", None, "partial_receipt", "-900.00")}
    bill = find_bill("504")
    assert (bill.on_offer, bill.offered_total, bill.case.fully_paid) == (True, Decimal("900.00"), False)


def test_a_refund_is_linked_to_the_bill_of_the_sale(log: Log, anna: User) -> None:
    log.deliver(make_receipt("r-2", [DRESS], type="PAYBACK"))
    assert (None, "r-2", "no_bill", "-3100.00") in judge(log)
    for receipt_id in ("r-1", "r-2"):
        link(find_receipt(receipt_id), find_bill("501"), anna)
    assert reconcile() == {("501", None, "refund", "-3100.00")}
    assert find_bill("501").on_offer


def test_a_bill_of_another_shop_is_refused(log: Log, anna: User) -> None:
    other = Log(shop=8)
    other.ask_bill(make_bill("601", [DRESS]))
    judge(log.add(other))
    with pytest.raises(AllocationRefused):
        link(find_receipt("r-1"), find_bill("601", shop=8), anna)
    assert not Allocation.objects.exists()


def test_the_second_of_two_people_who_decide_at_once_is_told(log: Log, anna: User, boris: User) -> None:
    judge(log)
    receipt = find_receipt("r-1")
    link(receipt, find_bill("501"), anna, seen_id=0)
    with pytest.raises(AllocationRefused):
        link(find_receipt("r-1"), find_bill("502"), boris, seen_id=0)
    assert Allocation.objects.get(ended_at=None).decided_by == anna


def test_every_decision_is_kept_and_the_last_one_can_be_undone(log: Log, anna: User, boris: User) -> None:
    judge(log)
    receipt = find_receipt("r-1")
    first = link(receipt, find_bill("501"), anna, comment="called").allocation
    second = link(receipt, find_bill("502"), boris).allocation
    with pytest.raises(AllocationRefused):
        allocations.undo(first, actor=anna, now=NOW)
    undone = allocations.undo(second, actor=anna, now=NOW).allocation
    assert [part.bill for part in undone.parts.all()] == [find_bill("501")]
    kept = receipt.allocations.order_by("pk").values_list("decided_by__username", "ended_by__username", "comment")
    assert list(kept) == [("anna", "boris", "called"), ("boris", "anna", ""), ("anna", None, "")]


TAMPER: dict[str, Callable[[Receipt], object]] = {
    "amount": lambda receipt: receipt.allocations.get().parts.update(amount=1),
    "bill": lambda receipt: receipt.allocations.get().parts.update(bill=find_bill("502")),
    "mark": lambda receipt: Receipt.objects.filter(pk=receipt.pk).update(is_allocated=False),
    "mark of another": lambda receipt: Receipt.objects.exclude(pk=receipt.pk).update(is_allocated=True),
    "parts": lambda receipt: receipt.allocations.get().parts.all().delete(),
}


@pytest.mark.parametrize("tamper", TAMPER.values(), ids=TAMPER.keys())
def test_the_audit_finds_what_was_tampered_with(
    log: Log, anna: User, audit: Callable[[], str], tamper: Callable[[Receipt], object]
) -> None:
    log.deliver(make_receipt("r-2", [HAT], OTHER))
    judge(log)
    receipt = find_receipt("r-1")
    link(receipt, find_bill("501"), anna)
    reconcile()
    assert audit() == ""
    tamper(receipt)
    assert "differences between the books and the facts" in audit()
