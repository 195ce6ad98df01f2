"""A receipt is matched with its bill by hand: both cases say at once what came of it, and it can be undone."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils.translation import override

from reconciliation import decisions, linking
from reconciliation.decisions import DecisionRefused
from reconciliation.models import Case, Discrepancy, Reason, Status
from shops.allocations import AllocationRefused, LinePart, Part
from shops.models import Bill, Receipt
from tests.factories import make_accountant
from tests.logs import Log, judge, line, make_bill, make_receipt, read_discrepancies, reconcile, run

pytestmark = pytest.mark.django_db

# Before the deadline of a bill that a register has opened: a day.
NOW = datetime(2026, 3, 25, 9, tzinfo=UTC)
LATER = datetime(2026, 3, 25, 10, tzinfo=UTC)
DRESS, HAT = line("dress", 3100), line("hat", 900)

Row = tuple[str | None, str | None, str, str | None]


@pytest.fixture
def anna() -> User:
    return make_accountant("anna")


def find_bill(external_id: str) -> Bill:
    return Bill.objects.get(external_id=external_id)


def find_receipt(receipt_id: str) -> Receipt:
    return Receipt.objects.get(receipt_id=receipt_id)


def find(kind: str) -> Discrepancy:
    return Discrepancy.objects.get(kind=kind)


def list_open() -> set[Row]:
    return {(row["bill"], row["receipt"], row["kind"], row["amount"]) for row in read_discrepancies()}


def history(discrepancy: Discrepancy) -> list[tuple[str, str, str]]:
    steps = discrepancy.steps.order_by("pk").values_list("action", "actor__username", "to_status")
    return [(action, actor or "", status) for action, actor, status in steps]


def check_the_books() -> None:
    run("audit", "--as-of=2026-03-25T12:00:00+03:00")


@pytest.fixture
def no_bill() -> Discrepancy:
    """A bill of 3 100 of which a register has taken 1, and a receipt of 3 099 that does not say what it pays."""
    log = Log()
    log.ask_bill(make_bill("501", [line("dress", 3099), line("bag", 1)]))
    log.deliver(make_receipt("r-0", [line("bag", 1)], make_bill("501", [DRESS])))
    log.deliver(make_receipt("r-1", [line("dress", 3099)]))
    assert judge(log) == {("501", None, "partial_receipt", "-3099.00"), (None, "r-1", "no_bill", "3099.00")}
    return find("no_bill")


def test_linking_closes_both_cases_at_once_and_says_so(no_bill: Discrepancy, anna: User) -> None:
    with override("en"):
        linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=NOW, comment="Called the shop")
    assert list_open() == set()
    partial = find("partial_receipt")
    for discrepancy in (Discrepancy.objects.get(pk=no_bill.pk), partial):
        assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, Reason.LATER_DOCUMENTS)
        assert history(discrepancy) == [
            ("opened", "", "open"),
            ("linked", "anna", "open"),
            ("cause_gone", "", "resolved"),
        ]
        told = discrepancy.steps.get(action="linked").comment
        assert told == "Receipt r-1 of 3,099.00: bill 501-CRM — 3,099.00\nCalled the shop"
    assert not find_bill("501").on_offer
    assert reconcile() == set()
    check_the_books()


def test_a_receipt_of_3_100_without_a_bill_pays_the_bill_of_3_100(anna: User) -> None:
    log = Log()
    log.ask_bill(make_bill("501", [DRESS]))
    log.deliver(make_receipt("r-1", [DRESS]))
    judge(log, as_of="40:00")  # the register opened the bill, and a day later nobody seems to have paid it
    assert list_open() == {(None, "r-1", "no_bill", "3100.00"), ("501", None, "opened_not_paid", None)}
    linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=datetime(2026, 3, 26, 15, tzinfo=UTC))
    assert list_open() == set()
    assert set(Discrepancy.objects.values_list("reason", flat=True)) == {Reason.LATER_DOCUMENTS}
    case = find_bill("501").case
    assert (case.received, case.gap, case.fully_paid) == (Decimal("3100.00"), Decimal("0.00"), True)
    assert Case.objects.get(receipt__receipt_id="r-1").gap is None
    assert not find_bill("501").on_offer
    check_the_books()


def test_a_wrong_bill_id_typed_at_the_register_is_put_right(anna: User) -> None:
    log = Log()
    log.ask_bill(make_bill("501", [DRESS]))
    log.deliver(make_receipt("r-1", [DRESS], make_bill("105", [DRESS])))
    assert judge(log) == {(None, "r-1", "unknown_bill", "3100.00")}
    linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=NOW)
    assert list_open() == set()  # that the number on the receipt is another is what the person has settled
    assert find_receipt("r-1").bill_external_id == "105"
    check_the_books()


def test_one_receipt_is_split_over_two_bills(anna: User) -> None:
    log = Log()
    log.ask_bill(make_bill("501", [DRESS]))
    log.ask_bill(make_bill("502", [HAT]))
    log.deliver(make_receipt("r-1", [DRESS, HAT], make_bill("501", [DRESS])))
    assert judge(log) == {("501", None, "unexpected_item", "900.00")}
    receipt = find_receipt("r-1")
    dress, hat = receipt.lines.order_by("position")
    parts = [
        Part(find_bill("501").pk, dress.total, (LinePart(dress.pk, dress.quantity, dress.total),)),
        Part(find_bill("502").pk, hat.total, (LinePart(hat.pk, hat.quantity, hat.total),)),
    ]
    linking.split(receipt, parts, actor=anna, now=NOW)
    assert list_open() == set()
    assert [find_bill(number).case.received for number in ("501", "502")] == [Decimal("3100.00"), Decimal("900.00")]
    assert [find_bill(number).on_offer for number in ("501", "502")] == [False, False]
    check_the_books()
    linking.unlink(receipt, find_bill("502"), actor=anna, now=LATER)
    assert list_open() == {(None, "r-1", "no_bill", "900.00")}  # bill 501 keeps its part
    assert [find_bill(number).on_offer for number in ("501", "502")] == [False, True]
    check_the_books()


def test_parts_that_are_not_the_receipt_are_refused(anna: User) -> None:
    log = Log()
    log.ask_bill(make_bill("501", [DRESS]))
    log.ask_bill(make_bill("502", [HAT]))
    log.deliver(make_receipt("r-1", [DRESS, HAT], make_bill("501", [DRESS])))
    judge(log)
    receipt = find_receipt("r-1")
    dress, hat = (LinePart(row.pk, row.quantity, row.total) for row in receipt.lines.order_by("position"))
    first, second = find_bill("501").pk, find_bill("502").pk
    for parts in (
        [Part(first, dress.total, (dress,)), Part(second, Decimal(899), (hat,))],
        [Part(first, dress.total, (dress,)), Part(second, hat.total)],
        [Part(first, dress.total, (dress,)), Part(first, hat.total, (hat,))],
        [Part(first, dress.total + hat.total, (dress, hat))],
        [Part(first, Decimal(4100), (dress, hat)), Part(second, Decimal(-100))],
    ):
        with pytest.raises(AllocationRefused):
            linking.split(receipt, parts, actor=anna, now=NOW)
    assert not receipt.allocations.exists()


def test_linking_is_undone_like_every_other_decision(no_bill: Discrepancy, anna: User) -> None:
    linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=NOW)
    partial = find("partial_receipt")
    decisions.undo(partial, actor=anna, now=LATER)
    assert partial.status == Status.REOPENED
    assert list_open() == {("501", None, "partial_receipt", "-3099.00"), (None, "r-1", "no_bill", "3099.00")}
    assert history(partial)[2:] == [
        ("cause_gone", "", "resolved"),
        ("undone", "anna", "resolved"),
        ("returned", "", "reopened"),
    ]
    assert partial.steps.get(action="undone").undoes == partial.steps.get(action="linked")
    assert find_bill("501").on_offer
    with pytest.raises(DecisionRefused):
        decisions.undo(no_bill, actor=anna, now=LATER)
    check_the_books()


def test_linking_is_not_undone_once_somebody_has_decided_about_the_receipt_again(
    no_bill: Discrepancy, anna: User
) -> None:
    linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=NOW)
    linking.unlink(find_receipt("r-1"), find_bill("501"), actor=anna, now=LATER)
    partial = find("partial_receipt")
    assert history(partial)[-2:] == [("unlinked", "anna", "resolved"), ("returned", "", "reopened")]
    decisions.undo(partial, actor=anna, now=LATER)  # the unlinking
    assert list_open() == set()
    with pytest.raises(DecisionRefused):
        decisions.undo(partial, actor=anna, now=LATER)


def test_undoing_a_link_leaves_the_other_receipts_of_the_bill_alone(anna: User) -> None:
    log = Log()
    log.ask_bill(make_bill("501", [line("dress", 3100, 2)]))
    for number in (1, 2):
        log.deliver(make_receipt(f"r-{number}", [DRESS]))
    judge(log)
    first = linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=NOW)
    linking.link(find_receipt("r-2"), find_bill("501"), actor=anna, now=NOW)
    linking.undo(first, actor=anna, now=LATER)
    assert list_open() == {("501", None, "partial_receipt", "-3100.00"), (None, "r-1", "no_bill", "3100.00")}
    assert find_receipt("r-2").is_allocated


@pytest.mark.parametrize("reason", [Reason.CORRECTION_RECEIPT, Reason.REGISTER_ERROR])
def test_what_a_person_had_resolved_keeps_its_reason(no_bill: Discrepancy, anna: User, reason: Reason) -> None:
    decisions.resolve(no_bill, actor=anna, reason=reason, comment="", now=NOW)
    linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=LATER)
    no_bill.refresh_from_db()
    assert (no_bill.status, no_bill.reason, no_bill.cause_present) == (Status.RESOLVED, reason, False)
    check_the_books()


def test_nothing_that_runs_afterwards_changes_what_was_matched(no_bill: Discrepancy, anna: User) -> None:
    linking.link(find_receipt("r-1"), find_bill("501"), actor=anna, now=NOW)
    before = [(row.pk, row.action) for row in no_bill.steps.all()]
    add: list[Callable[[], object]] = [lambda: reconcile(all=True), lambda: reconcile(all=True)]
    for run_again in add:
        run_again()
    assert [(row.pk, row.action) for row in no_bill.steps.all()] == before
    assert list_open() == set()
