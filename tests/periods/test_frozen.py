"""What was decided in a closed month stays; what was left open can be worked, and documents do as they must."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client

from reconciliation import decisions
from reconciliation.applying import JudgedCase, apply_judgements
from reconciliation.decisions import DecisionRefused
from reconciliation.models import Discrepancy, Reason, Status
from reconciliation.periods import reopen_period
from reconciliation.rules.findings import Finding, Judgement
from reconciliation.rules.kinds import Kind
from tests.factories import make_accountant, make_shop
from tests.periods.books import FEBRUARY, JANUARY, LONG_AFTER, Books, show

IN_FEBRUARY = datetime(2026, 2, 10, 9, tzinfo=UTC)


@pytest.fixture
def written_off(books: Books) -> Discrepancy:
    """40.00 of a bill, written off in January; January is closed."""
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.receipt("60.00", "2026-01-10 11:00", bill=bill)
    row = books.resolve(books.difference(bill, "-40.00", "2026-01-10 11:00"), "2026-01-31 23:59")
    books.close(JANUARY)
    return row


def test_it_is_not_reopened_undone_or_changed(books: Books, written_off: Discrepancy) -> None:
    steps = written_off.steps.count()
    actor = books.chief
    attempts: tuple[Callable[[], object], ...] = (
        lambda: decisions.reopen(written_off, actor=actor, comment="", now=IN_FEBRUARY),
        lambda: decisions.undo(written_off, actor=actor, now=IN_FEBRUARY),
        lambda: decisions.take(written_off, actor=actor, now=IN_FEBRUARY),
        lambda: decisions.hand_over(written_off, actor=actor, assignee=actor, now=IN_FEBRUARY),
        lambda: decisions.resolve(written_off, actor=actor, reason="false_alarm", comment="", now=IN_FEBRUARY),
    )
    for decide in attempts:
        with pytest.raises(DecisionRefused, match=r"закрыт.*2026-01"):
            decide()
    assert written_off.steps.count() == steps
    written_off.refresh_from_db()
    assert (written_off.status, written_off.reason) == (Status.RESOLVED, Reason.WRITTEN_OFF)


def test_a_remark_can_always_be_made(books: Books, written_off: Discrepancy) -> None:
    decisions.comment(written_off, actor=books.chief, comment="Приказ 5", now=IN_FEBRUARY)
    assert written_off.steps.latest("pk").comment == "Приказ 5"


def test_it_can_be_undone_when_the_month_is_opened_again(books: Books, written_off: Discrepancy) -> None:
    reopen_period(period=books.closed[0], actor=books.chief, now=LONG_AFTER, comment="списали не то")
    decisions.undo(written_off, actor=books.chief, now=IN_FEBRUARY)
    books.acknowledge_all(JANUARY)
    assert str(books.close(JANUARY).closing) == "40.00"


def test_what_was_resolved_after_the_month_is_free(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    row = books.difference(bill, "-40.00", "2026-01-10 11:00")
    books.acknowledge_all(JANUARY)
    books.close(JANUARY)
    decisions.take(row, actor=books.chief, now=IN_FEBRUARY)
    books.resolve(row, "2026-02-01 00:00")
    decisions.undo(row, actor=books.chief, now=IN_FEBRUARY)
    books.resolve(row, "2026-02-03 10:00")
    assert show(books.close(FEBRUARY))["written_off"] == ("-40.00", "0.00")


def test_documents_open_it_again_and_that_counts_in_the_open_month(books: Books, written_off: Discrepancy) -> None:
    case = written_off.case
    finding = Finding(Kind.PARTIAL_RECEIPT, Decimal("-45.00"), {})
    judgement = Judgement(due=None, received=None, fully_paid=False, findings=(finding,), judge_again_at=None)
    assert case.bill_id is not None
    apply_judgements("bill", [JudgedCase(case.shop_id, case.bill_id, judgement)], as_of=IN_FEBRUARY, now=IN_FEBRUARY)
    written_off.refresh_from_db()
    assert written_off.status == Status.REOPENED
    books.acknowledge_all(FEBRUARY)
    february = books.close(FEBRUARY)
    assert show(february)["written_off"] == ("0.00", "40.00")
    books.resolve(written_off, "2026-03-03 10:00")


def test_the_page_says_why_it_cannot_be_undone(client: Client, books: Books, written_off: Discrepancy) -> None:
    client.force_login(make_accountant())
    address = f"/admin/reconciliation/discrepancy/{written_off.pk}/work/undo/"
    said = [str(message) for message in client.post(address, follow=True).context["messages"]]
    assert len(said) == 1
    assert "2026-01" in said[0]
    assert "главный бухгалтер" in said[0]


def test_a_closed_month_of_another_shop_freezes_nothing_here(books: Books, written_off: Discrepancy) -> None:
    other = Books(make_shop(8), books.chief)
    bill = other.bill("100.00", "2026-01-10 10:00")
    row = other.resolve(other.difference(bill, "-40.00", "2026-01-10 11:00"), "2026-01-20 10:00")
    decisions.undo(row, actor=books.chief, now=IN_FEBRUARY)
