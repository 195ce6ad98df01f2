"""An advance that a settlement receipt shows once more counts once; and a bill that is paid owes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from reconciliation.auditing import find_differences
from reconciliation.models import SetOff
from reconciliation.owner.asked import read_rows_asked
from reconciliation.owner.days import Choice, compare
from reconciliation.owner.page import read_page
from reconciliation.owner.rows import find_rows
from reconciliation.services import reconcile
from shops.models import Bill, Receipt, Shop
from tests.factories import NOON, make_bill, make_receipt, make_shop

LATER = NOON + timedelta(hours=3)


@pytest.fixture
def shop(db: None) -> Shop:
    """A bill over 100: 40 on account, and a settlement receipt over the whole 100 some hours later."""
    shop = make_shop(7)
    bill = make_bill(shop)
    advance = make_receipt(bill, total="40.00")
    settlement = make_receipt(bill, total="100.00")
    Receipt.objects.filter(pk=advance.pk).update(settlement_method="AdvancePayment")
    Receipt.objects.filter(pk=settlement.pk).update(printed_at=LATER, received_at=LATER)
    Bill.objects.update(unjudged_since=NOON)
    reconcile(as_of=LATER, now=LATER)
    return shop


def test_what_is_shown_again_is_told_and_has_its_rows(shop: Shop) -> None:
    page = read_page(shop, compare(Choice.TODAY, LATER, shop.zone), LATER)
    assert (page.taken.received, page.set_off) == (Decimal("140.00"), Decimal("40.00"))
    rows = find_rows("bills", shop, read_rows_asked({"what": "set_off", "from": "2026-03-25"}), LATER)
    assert rows.totals[-1] == Decimal("40.00")
    assert [row.dated_at for row in rows.found] == [LATER]


def test_a_paid_bill_is_marked_and_one_that_is_not_paid_any_more_is_not(shop: Shop) -> None:
    bill = Bill.objects.get()
    assert bill.is_paid
    Receipt.objects.filter(settlement_method="FullSettlement").update(informational=True)
    Bill.objects.update(unjudged_since=LATER)
    reconcile(as_of=LATER, now=LATER)
    bill.refresh_from_db()
    assert not bill.is_paid
    assert not SetOff.objects.exists()
    assert read_page(shop, compare(Choice.TODAY, LATER, shop.zone), LATER).debt.amount == Decimal("60.00")


def test_the_audit_misses_what_was_written_down_wrongly(shop: Shop) -> None:
    before = set(find_differences())
    SetOff.objects.update(amount=1)
    Bill.objects.update(is_paid=False)
    found = set(find_differences()) - before
    assert len(found) == 2
    assert any("set off" in line for line in found) and any("marked as not paid" in line for line in found)
