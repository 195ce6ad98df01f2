"""Three months of a shop, as an accountant would write them down."""

from decimal import Decimal

import pytest

from reconciliation.models import PeriodEntry, Reason
from reconciliation.periods import preview_closing
from tests.logs import run
from tests.periods.books import FEBRUARY, JANUARY, LONG_AFTER, MARCH, Books, show, sum_entries


def test_three_months_one_after_another(books: Books) -> None:
    # January: 1 000.00 and 500.00 are billed, of the second 100.00 were prepaid; the first is paid in part.
    first = books.bill("1000.00", "2026-01-10 10:00")
    second = books.bill("500.00", "2026-01-20 10:00", prepayment="100.00")
    books.receipt("650.00", "2026-01-11 12:00", bill=first, payment_source="PAY_CASH")
    january = books.close(JANUARY)
    assert (january.opening, january.closing) == (Decimal("0.00"), Decimal("750.00"))
    assert show(january) == {"billed": ("1400.00", "0.00"), "received PAY_CASH": ("-650.00", "0.00")}

    # February: the rest of the first is written off, the second is paid by card; a cup is sold without a bill.
    books.resolve(books.difference(first, "-350.00", "2026-01-11 12:05"), "2026-02-03 09:00")
    books.receipt("400.00", "2026-02-05 12:00", bill=second)
    books.receipt("90.00", "2026-02-06 12:00", payment_source="PAY_CASH")
    third = books.bill("200.00", "2026-02-28 23:59")
    february = books.close(FEBRUARY)
    assert (february.opening, february.closing) == (Decimal("750.00"), Decimal("200.00"))
    assert show(february) == {
        "billed": ("200.00", "0.00"),
        "received PAY_CARD": ("-400.00", "0.00"),
        "written_off": ("-350.00", "0.00"),
        "received_unbilled PAY_CASH": ("-90.00", "0.00"),
    }

    # March: a receipt of January comes late, the bill of February is changed, and the second bill's money goes back.
    books.receipt("10.00", "2026-01-31 18:00", bill=first, payment_source="PAY_CASH")
    third.total = Decimal("250.00")
    third.save(update_fields=["total"])
    books.refund("400.00", "2026-03-15 12:00", bill=second)
    march = books.close(MARCH)
    assert (march.opening, march.closing) == (Decimal("200.00"), Decimal("640.00"))
    assert show(march) == {
        "billed": ("0.00", "50.00"),
        "received PAY_CASH": ("0.00", "-10.00"),
        "refunded PAY_CARD": ("400.00", "0.00"),
    }
    assert march.adjustments == Decimal("40.00")
    run("audit", "--shop=8")  # nothing of this shop is a matter of another


def test_the_preview_is_what_is_then_kept(books: Books) -> None:
    books.receipt("40.00", "2026-01-11 12:00", bill=books.bill("100.00", "2026-01-10 10:00"))
    foreseen = preview_closing(shop=books.shop, month=JANUARY, now=LONG_AFTER)
    assert not PeriodEntry.objects.exists()
    assert books.close(JANUARY) == foreseen.figures


def test_what_lies_before_the_first_closed_month_is_its_opening_balance(books: Books) -> None:
    bill = books.bill("100.00", "2006-01-10 10:00")  # a year mistyped
    books.receipt("40.00", "2026-01-11 12:00", bill=bill)
    february = books.close(FEBRUARY)
    assert (february.opening, february.closing, show(february)) == (Decimal("60.00"), Decimal("60.00"), {})


def test_a_receipt_that_finds_its_bill_later_moves_from_there_to_here(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    receipt = books.receipt("100.00", "2026-01-11 12:00")
    assert books.close(JANUARY).closing == Decimal("100.00")
    receipt.bill = bill
    receipt.save(update_fields=["bill"])
    february = books.close(FEBRUARY)
    assert february.closing == Decimal("0.00")
    assert show(february) == {
        "received PAY_CARD": ("0.00", "-100.00"),
        "received_unbilled PAY_CARD": ("0.00", "100.00"),
    }
    assert sum_entries(receipt=receipt) == Decimal("-100.00")


@pytest.mark.parametrize(
    "fields",
    [
        {"informational": True},
        {"type": "BUY"},
        {"type": "BUYBACK"},
        {"settlement_method": "Lend"},
    ],
)
def test_a_receipt_that_brings_no_money_is_not_counted(books: Books, fields: dict[str, object]) -> None:
    books.receipt("40.00", "2026-01-11 12:00", bill=books.bill("100.00", "2026-01-10 10:00"), **fields)
    assert show(books.close(JANUARY)) == {"billed": ("100.00", "0.00")}


def test_an_advance_that_the_settlement_shows_once_more_counts_once(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.receipt("30.00", "2026-01-11 12:00", bill=bill, settlement_method="PartialPrepayment")
    assert books.close(JANUARY).closing == Decimal("70.00")
    books.receipt("100.00", "2026-02-11 12:00", bill=bill)
    february = books.close(FEBRUARY)
    assert february.closing == Decimal("0.00")
    assert show(february) == {"received PAY_CARD": ("-100.00", "0.00"), "set_off": ("30.00", "0.00")}


def test_a_bill_that_the_crm_withdraws_before_anybody_pays_is_outstanding_no_more(books: Books) -> None:
    withdrawn, paid = books.bill("100.00", "2026-01-10 10:00"), books.bill("50.00", "2026-01-10 10:00")
    books.receipt("50.00", "2026-01-11 10:00", bill=paid)
    assert books.close(JANUARY).closing == Decimal("100.00")
    for bill in (withdrawn, paid):
        bill.cancelled_at = books.at("2026-02-02 10:00")
        bill.save(update_fields=["cancelled_at"])
    february = books.close(FEBRUARY)
    assert (february.closing, show(february)) == (Decimal("0.00"), {"billed": ("0.00", "-100.00")})


def test_what_is_closed_in_another_way_is_outstanding_no_more_and_has_its_own_line(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.receipt("60.00", "2026-01-11 10:00", bill=bill)
    rest = books.difference(bill, "-40.00", "2026-01-11 10:00")
    books.resolve(rest, "2026-01-12 10:00", Reason.PAID_ANOTHER_WAY)
    january = books.close(JANUARY)
    assert (january.closing, show(january)["settled"]) == (Decimal("0.00"), ("-40.00", "0.00"))


def test_a_rest_that_will_be_paid_stays_outstanding(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.receipt("60.00", "2026-01-11 10:00", bill=bill)
    rest = books.difference(bill, "-40.00", "2026-01-11 10:00")
    books.resolve(rest, "2026-01-12 10:00", Reason.REST_WILL_BE_PAID)
    assert books.close(JANUARY).closing == Decimal("40.00")


def test_a_write_off_that_documents_have_made_good_is_taken_back(books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.receipt("60.00", "2026-01-11 10:00", bill=bill)
    rest = books.resolve(books.difference(bill, "-40.00", "2026-01-11 10:00"), "2026-01-12 10:00")
    assert books.close(JANUARY).closing == Decimal("0.00")
    books.receipt("40.00", "2026-02-11 10:00", bill=bill)
    rest.cause_present = False
    rest.save(update_fields=["cause_present"])
    february = books.close(FEBRUARY)
    assert february.closing == Decimal("0.00")
    assert show(february) == {"received PAY_CARD": ("-40.00", "0.00"), "written_off": ("0.00", "40.00")}
