"""The audit finds what was tampered with in closed months, and nothing where they are right."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from reconciliation.auditing_periods import find_differences
from reconciliation.models import Period, PeriodEntry
from reconciliation.periods import reopen_period
from shops.models import BillVersion
from tests.factories import make_event
from tests.periods.books import FEBRUARY, JANUARY, LONG_AFTER, Books


@pytest.fixture(autouse=True)
def closed(books: Books) -> Books:
    bill = books.bill("100.00", "2026-01-10 10:00", version=1)
    stated_by = make_event(books.shop, direction="answer")
    BillVersion.objects.create(
        bill=bill,
        sequence=1,
        stated_by=stated_by,
        total=bill.total,
        prepayment=0,
        prepayment_enabled=False,
    )
    books.bill("5.00", "2026-01-10 10:00")
    books.receipt("60.10", "2026-01-10 11:00", bill=bill)
    books.receipt("0.20", "2026-01-10 12:00")
    books.resolve(books.difference(bill, "-39.90", "2026-01-10 11:00"), "2026-01-12 10:00")
    books.close(JANUARY)
    books.refund("0.10", "2026-01-12 11:00", bill=bill)
    books.close(FEBRUARY)
    return books


def test_months_that_are_right_pass() -> None:
    assert list(find_differences()) == []
    assert list(find_differences(7)) == []


def change(model: Any, values: dict[str, Any], **conditions: Any) -> Callable[[], None]:
    return lambda: model._default_manager.filter(**conditions).update(**values)


def rewrite_closing() -> None:
    period = Period.objects.get(month=FEBRUARY)
    period.protocol["closing"] = "7.00"
    period.save(update_fields=["protocol"])


def forget_an_entry() -> None:
    PeriodEntry.objects.filter(what="billed")._raw_delete("default")


def open_the_first_month() -> None:
    Period.objects.filter(month=JANUARY).update(
        reopened_at=LONG_AFTER, reopened_by=F("closed_by"), reopening_comment="x"
    )


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        pytest.param(rewrite_closing, "its protocol is not the one that was kept", id="protocol"),
        pytest.param(rewrite_closing, "its closing balance is kept as 7.00", id="balance"),
        pytest.param(change(Period, {"digest": "0" * 64}), "its protocol is not the one", id="digest"),
        pytest.param(
            change(PeriodEntry, {"amount": F("amount") - Decimal("0.01")}, what="received"),
            "closed months count -60.11 of it",
            id="receipt",
        ),
        pytest.param(
            change(PeriodEntry, {"amount": Decimal("101")}, what="billed"),
            "closed months count 101.00 of it",
            id="bill",
        ),
        pytest.param(
            change(PeriodEntry, {"amount": Decimal("-40")}, what="written_off"),
            "closed months count -40.00 of it",
            id="write-off",
        ),
        pytest.param(
            change(PeriodEntry, {"payment_source": "PAY_CASH"}, what="received"),
            "its lines are not the sums of its entries",
            id="kind of payment",
        ),
        pytest.param(forget_an_entry, "its closing balance is kept as", id="entry"),
        pytest.param(open_the_first_month, "its opening balance is kept as", id="month before"),
    ],
)
def test_what_was_tampered_with_is_named(tamper: Callable[[], None], said: str) -> None:
    tamper()
    assert [line for line in find_differences(7) if said in line]
    assert list(find_differences(8)) == []


def test_a_month_that_was_opened_again_is_no_matter_of_the_audit(books: Books) -> None:
    reopen_period(period=books.closed[1], actor=books.chief, now=LONG_AFTER, comment="забыли чек")
    PeriodEntry.objects.filter(period=books.closed[1]).update(amount=7)
    assert list(find_differences()) == []
