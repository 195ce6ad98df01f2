"""Which bill a receipt might pay is ranked by what speaks for it, and each reason is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reconciliation.rules.suggestions import Candidate, Why, bare_number, find_reasons, is_similar, suggest
from shops.payment.values import Bill, BillLine, Receipt, ReceiptLine

NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)


def make_bill(external_id: str = "137456", total: str = "3100.00", **fields: Any) -> Bill:
    given = {
        "external_id": external_id,
        "number": "",
        "issued_at": NOON - timedelta(days=30),
        "customer_name": "",
        "customer_taxpayer_number": "",
        "total": Decimal(total),
        "prepayment": Decimal(0),
        "lines": (),
    }
    return Bill(**given | fields)  # type: ignore[arg-type]


def make_receipt(total: str = "3100.00", **fields: Any) -> Receipt:
    given = {
        "receipt_id": "r-1",
        "type": "SELL",
        "printed_at": NOON,
        "received_at": NOON,
        "answered": None,
        "total": Decimal(total),
        "lines": (),
    }
    return Receipt(**given | fields)  # type: ignore[arg-type]


def billed(product: str, price: str, quantity: str = "1") -> BillLine:
    return BillLine(product, product, Decimal(price), Decimal(quantity))


def sold(product: str, price: str, quantity: str = "1") -> ReceiptLine:
    total = Decimal(price) * Decimal(quantity)
    return ReceiptLine(product, product, Decimal(price), Decimal(quantity), Decimal(0), total)


def reasons(bill: Bill, receipt: Receipt, *, received: str = "0.00") -> list[Why]:
    return [reason.why for reason in find_reasons(Candidate(1, bill, receipt, Decimal(received)))]


def test_the_same_sum_the_same_lines_and_the_same_customer_speak_for_a_pair() -> None:
    bill = make_bill(lines=(billed("dress", "2200"), billed("hat", "900")), customer_name="Ада  Лавлейс ")
    receipt = make_receipt(lines=(sold("dress", "2200"), sold("hat", "900")), customer_name="ада лавлейс")
    found = find_reasons(Candidate(1, bill, receipt))
    assert [reason.why for reason in found] == [Why.SAME_SUM, Why.LINES, Why.SAME_CUSTOMER]
    assert (found[1].matching, found[1].lines) == (2, 2)


def test_what_remains_of_a_bill_counts_like_its_sum() -> None:
    assert reasons(make_bill(), make_receipt("900.00"), received="2200.00") == [Why.SAME_REMAINDER]
    assert reasons(make_bill(), make_receipt("900.00")) == []


def test_a_line_sold_in_a_greater_quantity_than_billed_does_not_match() -> None:
    bill = make_bill(lines=(billed("tea", "100", "2"), billed("cup", "300")))
    receipt = make_receipt("600.00", lines=(sold("tea", "100", "3"), sold("cup", "300")))
    (reason,) = find_reasons(Candidate(1, bill, receipt))
    assert (reason.why, reason.matching, reason.lines) == (Why.LINES, 1, 2)


@pytest.mark.parametrize(
    ("on_receipt", "why"),
    [
        ("137456", [Why.SAME_NUMBER]),
        ("137456-CRM", [Why.SAME_NUMBER]),
        ("№ 0137456", [Why.SAME_NUMBER]),
        ("137465", [Why.SIMILAR_NUMBER]),
        ("13456", [Why.SIMILAR_NUMBER]),
        ("1374566", [Why.SIMILAR_NUMBER]),
        ("137656", [Why.SIMILAR_NUMBER]),
        ("147656", []),
        ("", []),
    ],
)
def test_a_number_typed_wrongly_is_recognised(on_receipt: str, why: list[Why]) -> None:
    assert reasons(make_bill(), make_receipt("1.00", bill_number=on_receipt)) == why


def test_short_numbers_are_never_similar() -> None:
    assert not is_similar("12", "13")
    assert is_similar("123", "124")


def test_a_number_is_freed_of_what_a_crm_puts_around_it() -> None:
    assert [bare_number(text) for text in ("56770-CRM", "A-0056770", "abc", "", "000")] == [
        "56770",
        "56770",
        "abc",
        "",
        "000",
    ]


def test_nearness_in_time_ranks_and_does_not_suggest_by_itself() -> None:
    near = make_bill(opened_at=NOON - timedelta(minutes=4))
    receipt = make_receipt()
    found = find_reasons(Candidate(1, near, receipt))
    assert [reason.why for reason in found] == [Why.SAME_SUM, Why.AFTER_OPENING]
    assert found[1].apart == timedelta(minutes=4)
    other_sum = replace(near, total=Decimal(1))
    candidates = [Candidate(1, make_bill(), receipt), Candidate(2, near, receipt), Candidate(3, other_sum, receipt)]
    assert [suggestion.key for suggestion in suggest(candidates, limit=10)] == [2, 1]


def test_bills_that_are_paid_come_last_with_a_warning() -> None:
    receipt = make_receipt(customer_name="Ада Лавлейс")
    paid = Candidate(1, make_bill(customer_name="Ада Лавлейс"), receipt, Decimal(3100), True)
    unpaid = Candidate(2, make_bill(), receipt)
    found = suggest([paid, unpaid], limit=10)
    assert [(suggestion.key, suggestion.is_paid) for suggestion in found] == [(2, False), (1, True)]
    assert found[1].score > found[0].score


def test_a_refund_may_go_to_a_bill_that_is_paid() -> None:
    refund = make_receipt(type="PAYBACK")
    (found,) = suggest([Candidate(1, make_bill(), refund, Decimal(3100), True)], limit=10)
    assert not found.is_paid


def test_no_more_are_suggested_than_asked_for() -> None:
    candidates = [Candidate(key, make_bill(), make_receipt()) for key in range(9)]
    assert [suggestion.key for suggestion in suggest(candidates, limit=3)] == [0, 1, 2]
