"""A filter finds what it says. What is not understood is refused by its name, and never returns everything."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from reconciliation.models import Discrepancy, Reason, Status
from shops.models import Bill, ExchangeEvent, Receipt, Shop
from tests.factories import NOON, make_accountant, make_bill, make_discrepancy, make_event, make_receipt, make_shop
from tests.office.conftest import call_with_key, list_ids

pytestmark = pytest.mark.django_db

NO_AMOUNT = "An amount with two places at the most. Write it like -31040.00."
NO_TIME = "A time with its zone, or a date. Write it like 2026-03-25T17:30:00Z; a plus is %2B."
NO_CHOICE = "Select a valid choice. %s is not one of the available choices."


@pytest.fixture
def shop() -> Shop:
    return make_shop(1)


@pytest.fixture
def office(shop: Shop) -> Client:
    return call_with_key(shop, "office")


@pytest.fixture
def bill(shop: Shop) -> Bill:
    """A bill among others."""
    make_bill(shop)
    bill = make_bill(shop, total="250.50")
    bill.external_id, bill.number, bill.customer_name = "137456", "56770", "Полина Лаврентьева"
    bill.customer_taxpayer_number, bill.issued_at = "7707083893", NOON + timedelta(days=1)
    bill.on_offer, bill.version = False, 0
    bill.save()
    make_receipt(bill)
    return bill


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"external_id": "137456"}, True),
        ({"external_id": "13745"}, False),
        ({"external_id": " 137456"}, False),
        ({"number": "56770"}, True),
        ({"customer": "лаврентьев"}, True),
        ({"customer": "ПОЛИНА Л"}, True),
        ({"customer": "770708"}, True),
        ({"customer": "Пол.на"}, False),
        ({"customer": "%"}, False),
        ({"search": "5677"}, True),
        ({"search": "полина"}, True),
        ({"issued_from": "2026-03-26T12:00:00Z"}, True),
        ({"issued_from": "2026-03-26T12:00:01Z"}, False),
        ({"issued_from": "2026-03-26T15:00:00+03:00"}, True),
        ({"issued_before": "2026-03-26T12:00:00Z", "number": "56770"}, False),
        ({"issued_before": "2026-03-26T12:00:00.1Z", "number": "56770"}, True),
        ({"issued_from": "2026-03-26", "issued_before": "2026-03-27"}, True),
        ({"issued_from": "2026-03-27"}, False),
        ({"total_from": "250.5"}, True),
        ({"total_from": "250.51"}, False),
        ({"total_to": "250.50", "total_from": "100.01"}, True),
        ({"on_offer": "false"}, True),
        ({"contents_known": "false"}, True),
        ({"has_receipts": "true"}, True),
        ({"has_receipts": "false", "number": "56770"}, False),
    ],
)
def test_bills_are_found(office: Client, bill: Bill, query: dict[str, str], found: bool) -> None:
    assert list_ids(office, "bills", **query) == ([bill.pk] if found else [])


@pytest.fixture
def receipt(shop: Shop) -> Receipt:
    """A receipt among others."""
    make_receipt(make_bill(shop))
    receipt = make_receipt(make_bill(shop), total="10.00")
    receipt.bill, receipt.type, receipt.payment_source, receipt.informational = None, "PAYBACK", "PAY_CASH", True
    receipt.receipt_id, receipt.customer_name, receipt.content_modified = "чек 5", "Ada Lovelace", True
    receipt.bill_number, receipt.bill_external_id, receipt.shift = "56770", "137456", "40"
    receipt.settlement_method = "Lend"
    receipt.printed_at, receipt.received_at = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    receipt.save()
    return receipt


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"receipt_id": "чек 5"}, True),
        ({"has_bill": "false"}, True),
        ({"has_bill": "true", "type": "PAYBACK"}, False),
        ({"type": "PAYBACK"}, True),
        ({"type": ["PAYBACK", "BUY"]}, True),
        ({"type": "payback"}, False),
        ({"payment_source": "PAY_CASH"}, True),
        ({"payment_source": ["OTHER", "PAY_CASH"]}, True),
        ({"settlement_method": "Lend"}, True),
        ({"informational": "true"}, True),
        ({"content_modified": "true"}, True),
        ({"bill_number": "56770"}, True),
        ({"bill_external_id": "137456"}, True),
        ({"customer": "LOVE"}, True),
        ({"search": "ЧЕК"}, True),
        ({"shift": "40"}, True),
        ({"printed_from": "2026-03-25T13:00:00Z"}, True),
        ({"printed_before": "2026-03-25T13:00:00Z", "type": "PAYBACK"}, False),
        ({"received_from": "2026-03-25T14:00:00Z"}, True),
        ({"received_before": "2026-03-25T14:00:00Z", "type": "PAYBACK"}, False),
        ({"total_to": "99.99"}, True),
        ({"total_from": "10.01", "type": "PAYBACK"}, False),
        ({"bill": "0"}, False),
    ],
)
def test_receipts_are_found(office: Client, receipt: Receipt, query: dict[str, Any], found: bool) -> None:
    assert list_ids(office, "receipts", **query) == ([receipt.pk] if found else [])


@pytest.mark.parametrize("place", ["store", "terminal", "employee"])
def test_receipts_are_found_by_where_they_were_printed(office: Client, receipt: Receipt, place: str) -> None:
    assert list_ids(office, "receipts", **{place: getattr(receipt, place).evotor_id}) == [receipt.pk]


@pytest.fixture
def event(shop: Shop) -> ExchangeEvent:
    """A request that nobody answered and nobody can read, among others."""
    make_event(shop, answer=make_event(shop, direction="answer"))
    event = make_event(shop, kind="RECEIPT", body='{"customer": "Полина"', at=NOON + timedelta(seconds=1))
    event.fault, event.origin, event.bill_external_id, event.bill_number = "cut off", "served", "137456", "56770"
    event.save()
    return event


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "RECEIPT"}, True),
        ({"kind": ["RECEIPT", "LIST"]}, True),
        ({"kind": "LIST"}, False),
        ({"direction": "request", "kind": "RECEIPT"}, True),
        ({"direction": "answer", "kind": "RECEIPT"}, False),
        ({"origin": ["served", "upstream"]}, True),
        ({"unreadable": "true"}, True),
        ({"unreadable": "false", "kind": "RECEIPT"}, False),
        ({"unanswered": "true"}, True),
        ({"unanswered": "false", "kind": "RECEIPT"}, False),
        ({"bill_external_id": "137456"}, True),
        ({"bill_number": "56770"}, True),
        ({"search": "полина"}, True),
        ({"occurred_from": "2026-03-25T12:00:01Z"}, True),
        ({"occurred_before": "2026-03-25T12:00:01Z", "kind": "RECEIPT"}, False),
    ],
)
def test_messages_are_found(office: Client, event: ExchangeEvent, query: dict[str, Any], found: bool) -> None:
    assert list_ids(office, "exchange-events", **query) == ([event.pk] if found else [])


@pytest.fixture
def discrepancy(shop: Shop, bill: Bill) -> Discrepancy:
    """A discrepancy among others."""
    make_discrepancy(make_bill(shop))
    discrepancy = make_discrepancy(bill, amount="-31.40", assignee=make_accountant())
    discrepancy.status, discrepancy.reason = Status.RESOLVED, Reason.WRITTEN_OFF
    discrepancy.opened_at, discrepancy.changed_at = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    discrepancy.cause_present, discrepancy.resolved_at = False, discrepancy.changed_at
    discrepancy.save()
    return discrepancy


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "resolved"}, True),
        ({"status": ["resolved", "in_review"]}, True),
        ({"status": ["open", "in_review"], "bill_number": "56770"}, False),
        ({"kind": ["partial_receipt", "no_bill"], "status": "resolved"}, True),
        ({"kind": "no_bill"}, False),
        ({"reason": "written_off"}, True),
        ({"assignee": "accountant"}, True),
        ({"assignee": "nobody"}, False),
        ({"assigned": "true"}, True),
        ({"cause_present": "false"}, True),
        ({"bill_external_id": "137456"}, True),
        ({"bill_number": "56770"}, True),
        ({"receipt_id": "137456"}, False),
        ({"customer": "лаврен"}, True),
        ({"search": "полина"}, True),
        ({"amount_from": "-31.40"}, True),
        ({"amount_to": "-31.41", "status": "resolved"}, False),
        ({"opened_from": "2026-03-25T13:00:00Z"}, True),
        ({"opened_before": "2026-03-25T13:00:00Z", "status": "resolved"}, False),
        ({"changed_from": "2026-03-25T14:00:00Z"}, True),
        ({"changed_before": "2026-03-25T14:00:00Z", "status": "resolved"}, False),
    ],
)
def test_discrepancies_are_found(office: Client, discrepancy: Discrepancy, query: dict[str, Any], found: bool) -> None:
    assert list_ids(office, "discrepancies", **query) == ([discrepancy.pk] if found else [])


@pytest.mark.parametrize(
    ("address", "query", "complaint"),
    [
        ("bills", {"shop": "one"}, "A whole number."),
        ("bills", {"shop": "-1"}, "A whole number."),
        ("bills", {"shop": "1" * 30}, "A whole number."),
        ("bills", {"shop": "\u0661"}, "A whole number."),
        ("bills", {"total_from": "1e3"}, NO_AMOUNT),
        ("bills", {"total_from": "NaN"}, NO_AMOUNT),
        ("bills", {"total_from": "1,50"}, NO_AMOUNT),
        ("bills", {"total_from": "1.501"}, NO_AMOUNT),
        (
            "bills",
            {"issued_from": "2026-03-25T12:00:00"},
            NO_TIME,
        ),
        (
            "bills",
            {"issued_from": "2026-02-30"},
            NO_TIME,
        ),
        (
            "bills",
            {"issued_from": "0001-01-01T00:00:00+14:00"},
            NO_TIME,
        ),
        ("bills", {"on_offer": "maybe"}, "Neither true nor false."),
        ("bills", {"number": "1\0"}, "Null characters are not allowed."),
        ("bills", {"number": "1" * 201}, "Ensure this value has at most 200 characters (it has 201)."),
        ("bills", {"customer": ""}, "The value is empty. Leave the parameter out."),
        ("bills", {"number": ["1", "2"]}, "May be given once only."),
        ("bills", {"page_size": "0"}, "A whole number from 1 to 500."),
        ("bills", {"page_size": "501"}, "A whole number from 1 to 500."),
        ("bills", {"cursor": "nonsense"}, "Not a cursor of this list. Take it from `next` or `previous`."),
        ("bills", {"cursor": "WzBd"}, "Not a cursor of this list. Take it from `next` or `previous`."),
        ("bills", {"format": "pdf"}, "Unknown format. Known: json, csv, xlsx."),
        ("receipts", {"type": ["SELL", ""]}, "The value is empty. Leave the parameter out."),
        ("receipts", {"type": "SELL\0"}, "Null characters are not allowed."),
        (
            "exchange-events",
            {"direction": "sideways"},
            NO_CHOICE % "sideways",
        ),
        ("discrepancies", {"kind": "theft"}, NO_CHOICE % "theft"),
        (
            "discrepancies",
            {"status": ["open", "shut"]},
            NO_CHOICE % "shut",
        ),
    ],
)
def test_a_value_that_is_not_understood_is_refused(
    office: Client, address: str, query: dict[str, Any], complaint: str
) -> None:
    answer = office.get(f"/api/office/{address}/", query)
    assert (answer.status_code, answer.json()) == (400, {next(iter(query)): [complaint]})


@pytest.mark.parametrize("address", ["bills", "receipts", "exchange-events", "discrepancies"])
def test_a_mistyped_parameter_is_refused(office: Client, address: str) -> None:
    answer = office.get(f"/api/office/{address}/", {"shpo": "1"})
    assert answer.status_code == 400
    (complaint,) = answer.json()["shpo"]
    assert complaint.startswith("Unknown parameter. Known: ")
    assert "shop" in complaint


def test_a_detail_takes_no_filter(office: Client, bill: Bill) -> None:
    answer = office.get(f"/api/office/bills/{bill.pk}/", {"shop": "1"})
    assert (answer.status_code, answer.json()) == (400, {"shop": ["Unknown parameter. Known: format."]})


@pytest.mark.parametrize("bad_id", ["abc", "0", "-1", "1" * 40, "\u0661", "1.0"])
def test_an_id_that_no_row_has_is_not_found(office: Client, bad_id: str) -> None:
    answer = office.get(f"/api/office/bills/{bad_id}/")
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])
