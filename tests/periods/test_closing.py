"""What a closing asks for before it is saved: nothing is left out silently, and nothing open goes unseen."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from reconciliation.models import KindChoice, Period, PeriodAcknowledgement, PeriodEntry
from reconciliation.periods import (
    ClosingRefused,
    acknowledge,
    close_period,
    find_last_closed,
    list_months_to_close,
    preview_closing,
    reopen_period,
)
from shops.models import EvotorAccount, UnassignedMessage
from tests.factories import make_accountant, make_event, make_shop
from tests.periods.books import APRIL, FEBRUARY, JANUARY, LONG_AFTER, MARCH, Books, sum_entries


def test_months_are_closed_one_after_another(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    books.close(JANUARY)
    with pytest.raises(ClosingRefused, match="2026-02"):
        books.close(MARCH)
    with pytest.raises(ClosingRefused, match="уже закрыт"):
        books.close(JANUARY)
    books.close(FEBRUARY)
    assert list_months_to_close(books.shop, now=LONG_AFTER) == [MARCH]


def test_a_shop_that_has_closed_none_may_begin_with_any_month_that_is_over(books: Books) -> None:
    assert list_months_to_close(books.shop, now=LONG_AFTER) == []
    books.bill("100.00", "2026-02-10 10:00")
    assert list_months_to_close(books.shop, now=books.at("2026-04-30 12:00")) == [FEBRUARY, MARCH]
    books.close(MARCH, now=books.at("2026-04-30 12:00"))
    assert list_months_to_close(books.shop, now=books.at("2026-04-30 12:00")) == []
    assert list_months_to_close(books.shop, now=books.at("2026-05-01 00:00")) == [APRIL]


def test_every_shop_has_its_own_months(books: Books) -> None:
    other = Books(make_shop(8), books.chief)
    books.bill("100.00", "2026-01-10 10:00")
    other.bill("7.00", "2026-02-10 10:00")
    assert (str(books.close(JANUARY).closing), str(other.close(FEBRUARY).closing)) == ("100.00", "7.00")


# --- what is on its way --------------------------------------------------------------------------------------


def refusal(books: Books, **options: object) -> str:
    with override("en"), pytest.raises(ClosingRefused) as refused:
        books.close(JANUARY, **options)  # type: ignore[arg-type]
    assert not Period.objects.exists()
    return str(refused.value)


def test_documents_that_were_not_compared_yet_keep_the_month_open(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00", unjudged_since=LONG_AFTER)
    assert "1 document waits to be compared." in refusal(books)
    books.receipt("100.00", "2026-01-10 11:00", unjudged_since=LONG_AFTER)
    assert "2 documents wait to be compared." in refusal(books)
    bill.unjudged_since = None
    bill.save(update_fields=["unjudged_since"])
    assert "1 document waits to be compared." in refusal(books)


def test_documents_of_the_next_month_keep_nobody_waiting(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    books.bill("70.00", "2026-02-10 10:00", unjudged_since=LONG_AFTER)
    books.receipt("70.00", "2026-02-10 11:00", unjudged_since=LONG_AFTER)
    assert str(books.close(JANUARY).closing) == "100.00"


def test_a_deadline_that_has_passed_and_was_not_judged_keeps_the_month_open(books: Books) -> None:
    row = books.difference(books.bill("100.00", "2026-01-10 10:00"), "-1.00", "2026-01-10 10:00")
    books.resolve(row, "2026-01-11 10:00")
    row.case.judge_again_at = LONG_AFTER - timedelta(hours=1)
    row.case.save(update_fields=["judge_again_at"])
    assert "1 document waits to be compared." in refusal(books)


def test_a_request_that_is_being_answered_keeps_the_month_open(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    request = make_event(books.shop, kind="RECEIPT")
    assert "request of a register is being answered" in refusal(books, now=request.occurred_at + timedelta(seconds=59))
    books.close(JANUARY, now=request.occurred_at + timedelta(minutes=1))


def test_a_message_without_a_shop_is_assigned_or_said_to_be_of_another(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    kept = UnassignedMessage.objects.create(
        kind="receipts", received_at=LONG_AFTER, last_received_at=LONG_AFTER, store_id="unknown", text="{}", digest="1"
    )
    said = refusal(books)
    assert f"1 message with receipts belongs to no shop yet (number {kept.pk})." in said
    assert "Have them assigned to their shops" in said
    preview = preview_closing(shop=books.shop, month=JANUARY, now=LONG_AFTER)
    assert (preview.messages, preview.list_obstacles([kept.pk])) == ([kept], [])
    close_period(shop=books.shop, month=JANUARY, actor=books.chief, now=LONG_AFTER, messages_of_others=[kept.pk])


def test_a_message_of_another_shops_account_is_no_matter_of_this_one(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    account = EvotorAccount.objects.create(user_id="01-1", shop=make_shop(8))
    common = {"received_at": LONG_AFTER, "last_received_at": LONG_AFTER, "text": "{}"}
    UnassignedMessage.objects.create(kind="receipts", account=account, digest="1", **common)
    UnassignedMessage.objects.create(kind="devices", digest="2", **common)
    books.close(JANUARY)


# --- what is open --------------------------------------------------------------------------------------------


def test_what_is_open_is_resolved_or_acknowledged_one_by_one(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    first = books.difference(bill, "-40.00", "2026-01-10 10:00")
    second = books.difference(books.bill("50.00", "2026-01-11 10:00"), "-5.00", "2026-01-11 10:00")
    assert "2 discrepancies of the month are open" in refusal(books)
    acknowledge(discrepancy=first, month=JANUARY, actor=books.chief, now=LONG_AFTER, comment="ждём оплаты")
    assert "1 discrepancy of the month is open" in refusal(books)
    books.resolve(second, "2026-01-20 10:00")
    books.close(JANUARY)
    (period,) = books.closed
    (seen,) = period.acknowledgements.all()
    assert (seen.discrepancy, str(seen.amount), seen.by) == (first, "-40.00", books.chief)
    assert period.protocol["open"] == [
        {
            "discrepancy": first.pk,
            "kind": "partial_receipt",
            "document": bill.number,
            "amount": "-40.00",
            "acknowledged_by": "chief",
            "acknowledged_at": LONG_AFTER.isoformat(),
            "comment": "ждём оплаты",
        }
    ]


def test_what_was_acknowledged_with_another_amount_is_to_be_acknowledged_again(books: Books) -> None:
    row = books.difference(books.bill("100.00", "2026-01-10 10:00"), "-40.00", "2026-01-10 10:00")
    books.acknowledge_all(JANUARY)
    row.amount -= 1  # type: ignore[operator]
    row.save(update_fields=["amount"])
    assert "1 discrepancy of the month is open" in refusal(books)
    books.acknowledge_all(JANUARY)
    books.close(JANUARY)
    assert books.closed[0].protocol["open"][0]["amount"] == "-41.00"


def test_an_acknowledgement_is_for_one_closing(books: Books) -> None:
    books.difference(books.bill("100.00", "2026-01-10 10:00"), "-40.00", "2026-01-10 10:00")
    books.acknowledge_all(JANUARY)
    books.acknowledge_all(JANUARY)
    assert PeriodAcknowledgement.objects.count() == 1
    books.close(JANUARY)
    with pytest.raises(ClosingRefused, match="1 расхождение"):
        books.close(FEBRUARY)
    reopen_period(period=books.closed[0], actor=books.chief, now=LONG_AFTER, comment="забыли чек")
    with pytest.raises(ClosingRefused, match="1 расхождение"):
        books.close(JANUARY)


def test_a_discrepancy_without_an_amount_is_acknowledged_too(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.difference(bill, "", "2026-01-10 10:00", kind=KindChoice.OPENED_NOT_PAID)
    assert "1 discrepancy of the month is open" in refusal(books)
    books.acknowledge_all(JANUARY)
    books.close(JANUARY)
    assert books.closed[0].protocol["open"][0]["amount"] is None


def test_what_is_open_of_the_next_month_is_no_matter_of_this_one(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    later = books.difference(books.bill("50.00", "2026-02-01 00:00"), "-5.00", "2026-02-01 00:00")
    books.close(JANUARY)
    with pytest.raises(ClosingRefused, match="подтверждать нечего"):
        acknowledge(
            discrepancy=books.resolve(later, "2026-02-02 10:00"), month=FEBRUARY, actor=books.chief, now=LONG_AFTER
        )


# --- opened again --------------------------------------------------------------------------------------------


def test_the_last_month_is_opened_again_for_a_reason_and_closed_anew(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.close(JANUARY)
    books.close(FEBRUARY)
    boss = make_accountant("boss")
    january, february = books.closed
    with pytest.raises(ClosingRefused, match="2026-02"):
        reopen_period(period=january, actor=boss, now=LONG_AFTER, comment="забыли чек")
    with pytest.raises(ClosingRefused, match="зачем|почему"):
        reopen_period(period=february, actor=boss, now=LONG_AFTER, comment="  ")
    reopen_period(period=february, actor=boss, now=LONG_AFTER, comment="сначала февраль")
    reopen_period(period=january, actor=boss, now=LONG_AFTER, comment="забыли чек")
    with pytest.raises(ClosingRefused, match="уже"):
        reopen_period(period=january, actor=boss, now=LONG_AFTER, comment="ещё раз")
    assert find_last_closed(books.shop) is None

    books.receipt("30.00", "2026-01-12 10:00", bill=bill)
    anew = books.close(JANUARY)
    assert (str(anew.closing), str(anew.adjustments)) == ("70.00", "0.00")
    assert PeriodEntry.objects.filter(period=january).exists(), "what was counted stays as history"
    assert str(sum_entries(bill=bill)) == "100.00"
    january.refresh_from_db()
    assert (january.reopened_by, january.reopening_comment) == (boss, "забыли чек")
