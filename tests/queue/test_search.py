"""What an accountant has in hand finds the case: a number, a receipt, a name, a product, an amount in any spelling."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.models import CaseText, Discrepancy
from reconciliation.search import read_typed_amount
from shops.models import Receipt
from shops.presentation import show_amount, show_signed_amount
from tests.factories import import_sample
from tests.queue.conftest import ListQueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def case_of_31_690(accountant: User) -> Discrepancy:
    import_sample()
    return Discrepancy.objects.get(kind="partial_receipt")


FOUND_BY = (
    "137456",
    "1374",
    "31690",
    "31 690,00",
    "31\u00a0690,00",
    "31,690.00",
    "31690.00",
    "650.00",
    "650",
    "650 ₽",
    "-31040",
    "\u221231\u00a0040,00",
    "31040",
    "137456 31690",
    "137456 -31040,00",
)
NOT_FOUND_BY = ("3169", "31690.01", "-31690", "+31040", "37456", "137456 31691", "650.0.0", "«»")


def test_the_31_690_are_found_by_number_and_amount(list_queue: ListQueue, case_of_31_690: Discrepancy) -> None:
    """One import for all of them: the journal takes longer than the search."""
    partial = {"kind__exact": "partial_receipt"}
    assert [typed for typed in FOUND_BY if list_queue(partial | {"q": typed}) != [case_of_31_690]] == []
    assert [typed for typed in NOT_FOUND_BY if list_queue(partial | {"q": typed})] == []


def test_it_is_found_by_its_receipt_customer_and_products(list_queue: ListQueue, case_of_31_690: Discrepancy) -> None:
    bill = case_of_31_690.case.bill
    assert bill is not None
    receipt = Receipt.objects.filter(bill=bill).first()
    assert receipt is not None
    line = receipt.lines.exclude(name="").first()
    assert line is not None
    for typed in (receipt.receipt_id, receipt.receipt_id[:8].upper(), line.name, line.name.split()[0].upper()):
        assert case_of_31_690 in list_queue({"q": typed}), typed
    if bill.customer_name:
        assert case_of_31_690 in list_queue({"q": bill.customer_name.upper()})


def test_letters_are_sought_whatever_their_size_and_dots(list_queue: ListQueue, case_of_31_690: Discrepancy) -> None:
    text = CaseText.objects.get(case=case_of_31_690.case)
    text.words += " орел"
    text.save(update_fields=["words"])
    assert list_queue({"q": "ОРЁЛ"}) == [case_of_31_690]
    assert list_queue({"q": "100%"}) == []


def test_many_hits_are_listed_as_few_are(
    list_queue: ListQueue, case_of_31_690: Discrepancy, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = list_queue({"q": "137456", "status": "all"})
    monkeypatch.setattr("reconciliation.admin.queue.FEW_CASES", 0)
    assert few == list_queue({"q": "137456", "status": "all"}) != []


@given(st.decimals(min_value="-99999999.99", max_value="99999999.99", places=2))
def test_an_amount_is_read_as_the_pages_write_it(amount: Decimal) -> None:
    assert read_typed_amount(show_amount(amount)) == amount
    assert read_typed_amount(show_signed_amount(amount)) == amount
    assert read_typed_amount(str(amount)) == amount


@pytest.mark.parametrize("typed", ["", "-", "Ада", "1.2.3", "1,2345", "12-34", "137456 31690", "31 69", "1e5", "NaN"])
def test_what_is_no_amount_is_none(typed: str) -> None:
    assert read_typed_amount(typed) is None
