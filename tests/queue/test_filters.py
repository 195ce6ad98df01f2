"""Every filter finds what it says and nothing else."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reconciliation import decisions
from reconciliation.case_index import JudgedFacts, write_case_index
from reconciliation.loading import load_bill_cases, load_receipt_cases
from reconciliation.models import Case, Discrepancy
from reconciliation.rules.judge import judge
from shops.models import Receipt, Shop
from tests.factories import NOON, make_accountant, make_bill, make_discrepancy, make_receipt, make_shop
from tests.queue.conftest import QUEUE, ListQueue

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(accountant: User) -> tuple[Discrepancy, Discrepancy]:
    """Two that differ in everything: the tea shop's is taken and paid by card, the other nobody's and paid in cash."""
    tea, coffee = make_shop(1), make_shop(2)
    return make_paid(tea, "PAY_CARD", "-60.00"), make_paid(coffee, "PAY_CASH", "-6000.50")


def make_paid(shop: Shop, payment_source: str, amount: str) -> Discrepancy:
    bill = make_bill(shop, total="7000.00")
    receipt = make_receipt(bill, total="40.00")
    receipt.payment_source = payment_source
    receipt.save(update_fields=["payment_source"])
    return make_discrepancy(bill, amount=amount)


def index(case: Case) -> None:
    """Writes down by what the case is found, as the judge does when receipts have come or gone."""
    loaded = (load_bill_cases([case.bill_id]) if case.bill_id else {}) or load_receipt_cases([case.receipt_id or 0])
    (facts,) = loaded.values()
    write_case_index([JudgedFacts(case, facts, judge(facts, NOON))])


def receipt_of(row: Discrepancy) -> Receipt:
    return Receipt.objects.get(bill=row.case.bill)


def test_by_shop(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy]) -> None:
    assert list_queue({"shop": "1"}) == [pair[0]]
    assert list_queue({"shop": "2"}) == [pair[1]]
    assert list_queue({"shop": "3"}) == []
    assert list_queue({"shop": "x"}) == []


def test_by_kind(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy]) -> None:
    Discrepancy.objects.filter(pk=pair[0].pk).update(kind="refund")
    assert list_queue({"kind__exact": "refund"}) == [pair[0]]
    assert list_queue({"kind__exact": "partial_receipt"}) == [pair[1]]


def test_by_status(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy], accountant: User) -> None:
    decisions.take(pair[0], actor=accountant, now=NOON)
    assert list_queue({"status": "in_review"}) == [pair[0]]
    assert list_queue({"status": "open"}) == [pair[1]]
    assert list_queue({"status": "resolved"}) == []


def test_by_who_has_it(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy], accountant: User) -> None:
    decisions.take(pair[0], actor=accountant, now=NOON)
    assert list_queue({"who": "mine"}) == [pair[0]]
    assert list_queue({"who": "nobody"}) == [pair[1]]
    assert list_queue({"who": "others"}) == []
    decisions.take(pair[0], actor=make_accountant("colleague"), now=NOON)
    assert list_queue({"who": "others"}) == [pair[0]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"amount_from": "-60"}, 0),
        ({"amount_from": "-60,00", "amount_to": "0"}, 0),
        ({"amount_to": "-6 000,50"}, 1),
        ({"amount_to": "\u22126\u00a0000,50"}, 1),
        ({"amount_to": "-100"}, 1),
    ],
)
def test_by_amount_however_it_is_typed(
    list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy], query: dict[str, str], found: int
) -> None:
    assert list_queue(query) == [pair[found]]


def test_by_day(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy]) -> None:
    assert len(list_queue({"opened_at_from": "2026-03-25", "opened_at_to": "25.03.2026"})) == 2
    assert list_queue({"opened_at_from": "2026-03-26"}) == []


@pytest.mark.parametrize("name", ["store", "terminal", "employee"])
def test_by_where_and_by_whom_it_was_sold(
    list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy], name: str
) -> None:
    key = getattr(receipt_of(pair[0]), f"{name}_id")
    assert list_queue({name: str(key)}) == [pair[0]]
    assert list_queue({name: "999999"}) == []
    assert list_queue({name: "one"}) == []


def test_by_payment(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy]) -> None:
    assert list_queue({"payment": "PAY_CARD"}) == [pair[0]]
    assert list_queue({"payment": "PAY_CASH"}) == [pair[1]]
    assert list_queue({"payment": "OTHER"}) == []


def test_a_case_with_several_receipts_stands_once_and_is_found_by_each(
    list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy]
) -> None:
    assert pair[0].case.bill is not None
    make_receipt(pair[0].case.bill)
    second = make_receipt(pair[0].case.bill)
    index(pair[0].case)
    assert list_queue({"payment": "PAY_CARD"}) == [pair[0]]
    assert list_queue({"terminal": str(second.terminal_id)}) == [pair[0]]


def test_a_receipt_without_a_bill_is_found_by_its_place(list_queue: ListQueue, accountant: User) -> None:
    row = make_paid(make_shop(1), "PAY_CARD", "-60.00")
    receipt, case = receipt_of(row), row.case
    Receipt.objects.filter(pk=receipt.pk).update(bill=None)
    case.bill, case.receipt = None, receipt
    case.save(update_fields=["bill", "receipt"])
    index(case)
    assert list_queue({"store": str(receipt.store_id)}) == [row]
    assert list_queue({"payment": "PAY_CARD"}) == [row]


def test_filters_apply_together(list_queue: ListQueue, pair: tuple[Discrepancy, Discrepancy]) -> None:
    assert list_queue({"shop": "1", "payment": "PAY_CARD", "who": "nobody", "q": "лавлейс"}) == [pair[0]]
    assert list_queue({"shop": "1", "payment": "PAY_CASH"}) == []


def test_places_are_those_of_the_shop_that_is_chosen(client: Client, pair: tuple[Discrepancy, Discrepancy]) -> None:
    bar = client.get(QUEUE, {"shop": "1"}).context["bar"]
    (stores,) = [choice for choice in bar["more"] if choice["name"] == "store"]
    assert [value for value, _, _ in stores["options"]] == ["", str(receipt_of(pair[0]).store_id)]
