"""`manage.py close_period`: another door to the same closing."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from reconciliation.models import Period
from tests.factories import make_accountant
from tests.periods.books import Books


def run(*arguments: str) -> tuple[str, str]:
    output, errors = io.StringIO(), io.StringIO()
    with override("en"):
        call_command("close_period", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def test_the_preview_shows_the_protocol_and_what_is_in_the_way(books: Books) -> None:
    bill = books.bill("1000.00", "2026-01-10 10:00")
    books.receipt("650.00", "2026-01-10 11:00", bill=bill, payment_source="PAY_CASH")
    books.difference(bill, "-350.00", "2026-01-10 11:00")
    output, errors = run("7", "2026-01", "--preview")
    assert [line.split() for line in output.splitlines()] == [
        ["Of", "the", "month", "Adjustments", "Total"],
        ["Outstanding", "at", "the", "beginning", "of", "the", "month", "0.00"],
        ["+", "Billed", "1000.00", "0.00", "1000.00"],
        ["−", "Received", "650.00", "0.00", "650.00"],
        ["cash", "650.00", "0.00", "650.00"],
        ["+", "Refunded", "0.00", "0.00", "0.00"],
        ["−", "Written", "off", "0.00", "0.00", "0.00"],
        ["=", "Outstanding", "at", "the", "end", "of", "the", "month", "350.00"],
    ]
    assert errors == "open discrepancies that nobody has acknowledged: 1\n"
    assert not Period.objects.exists()


def test_a_month_is_closed_by_somebody_who_may(books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    make_accountant()
    for arguments, said in (
        ((), "--by"),
        (("--by", "nobody"), "--by"),
        (("--by", "accountant"), "accountant may not close months"),
    ):
        with pytest.raises(CommandError, match=said):
            run("7", "2026-01", *arguments)
    output, _ = run("7", "2026-01", "--by", "chief")
    assert "100.00" in output
    assert Period.objects.get().closed_by == books.chief
    with pytest.raises(CommandError, match="is closed already"):
        run("7", "2026-01", "--by", "chief")


def test_what_is_no_shop_and_no_month_is_said(books: Books) -> None:
    with pytest.raises(CommandError, match="There is no shop 9"):
        run("9", "2026-01", "--preview")
    with pytest.raises(CommandError, match="is no month"):
        run("7", "January", "--preview")
