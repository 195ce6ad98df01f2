"""Receipts: stored before they are understood, counted once, never lost, and rubbish refused by name."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciliation.models import Discrepancy
from shops.models import ExchangeEvent, Product, Receipt, ReceiptDelivery
from shops.wire_writer import read_json, write_json
from tests.logs import export_log, import_log, line, make_bill, make_receipt
from tests.protocol.conftest import Crm, Till, judge_later, make_event

TEA, CUP = line("101", 7600), line("102", 7920)
BILL = make_bill("1", [TEA, CUP])


def error_of(content: bytes) -> dict[str, Any]:
    answer: Any = read_json(content)
    [error] = answer["errors"]
    assert isinstance(error, dict)
    return error


def test_a_receipt_delivered_again_is_one_receipt(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    printed_at = timezone.now().isoformat()
    for _ in range(3):
        till.sell("r-1", [TEA, CUP], BILL, dateTime=printed_at)
    assert Receipt.objects.count() == 1
    assert ReceiptDelivery.objects.count() == 3
    assert judge_later() == set()


def test_other_contents_under_the_same_id_are_kept_and_flagged(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.sell("r-1", [TEA, CUP], BILL)
    till.sell("r-1", [TEA], BILL)
    assert Receipt.objects.get().total == 15520
    assert judge_later() == {("1", None, "conflicting_receipt", None)}


def test_an_array_brings_its_good_receipts_even_beside_a_bad_one(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    response = till.deliver(
        make_receipt("r-1", [TEA], BILL), {"id": "r-2", "type": "SELL"}, make_receipt("r-3", [CUP], BILL)
    )
    assert response.status_code == 400
    assert error_of(response.content) == {"code": 2002, "reason": "missing", "subject": "[1].data.totalAmount"}
    assert set(Receipt.objects.values_list("receipt_id", flat=True)) == {"r-1", "r-3"}
    assert till.list_ids() == []


def test_the_journal_holds_the_request_as_it_came_and_the_answer_beside_it(till: Till) -> None:
    body = b'{"id": "e", "data": {"id": "r-1", "type": "SELL",  "totalAmount": 1.50, "extras": {"odd": "\\u001d/"}}}'
    assert till.send("POST", "/api/v2/receipts", body).status_code == 200
    request = ExchangeEvent.objects.get(direction="request")
    assert body.decode() in request.body
    assert read_json(request.body)["get"] == {"q": "/api/v2/receipts"}  # type: ignore[index,call-overload]
    assert request.answer is not None
    assert request.answer.body == ""


DEEP = b"[" * 10_000 + b"]" * 10_000

RUBBISH: dict[str, tuple[bytes, int, int, str]] = {
    "nothing": (b"", 400, 2001, ""),
    "not JSON": (b"what?", 400, 2001, ""),
    "cut off": (b'{"data": {"id": "r', 400, 2001, ""),
    "invalid UTF-8": (b'{"data": {"id": "\xff"}}', 400, 2001, ""),
    "a NUL byte": (b'{"data": {"id": "\x00"}}', 400, 2001, ""),
    "10 000 levels": (DEEP, 400, 2001, ""),
    "10 000 levels in a field that nobody reads": (
        b'{"x": ' + DEEP + b', "data": {"id": "r", "type": "SELL", "totalAmount": 1}}',
        400,
        2001,
        "",
    ),
    "no data": (b"{}", 400, 2002, "data"),
    "an empty array": (b"[]", 400, 2002, ""),
    "a number for an object": (b'{"data": 5}', 400, 2003, "data"),
    "no total": (b'{"data": {"id": "r-1", "type": "SELL"}}', 400, 2002, "data.totalAmount"),
    "a total of text": (
        b'{"data": {"id": "r-1", "type": "SELL", "totalAmount": "many"}}',
        400,
        2003,
        "data.totalAmount",
    ),
    "NaN": (b'{"data": {"id": "r-1", "type": "SELL", "totalAmount": NaN}}', 400, 2001, ""),
    "NaN as a text": (b'{"data": {"id": "r-1", "type": "SELL", "totalAmount": "NaN"}}', 400, 2003, "data.totalAmount"),
    "out of range": (b'{"data": {"id": "r-1", "type": "SELL", "totalAmount": 1e5000}}', 400, 2003, "data.totalAmount"),
    "an escaped NUL": (b'{"data": {"id": "r\\u0000", "type": "SELL", "totalAmount": 1}}', 400, 2003, "data.id"),
    "a long id": (
        write_json({"data": {"id": "r" * 500, "type": "SELL", "totalAmount": 1}}),
        400,
        2003,
        "data.id",
    ),
    "3 MB of rubbish": (b"x" * (3 << 20), 400, 2001, ""),
    "too large": (b" " * ((10 << 20) + 1), 413, 2003, ""),
    "far too large": (b" " * (12 << 20), 413, 2003, ""),
}


@pytest.mark.parametrize(("body", "status", "code", "subject"), RUBBISH.values(), ids=RUBBISH.keys())
def test_bad_input_is_refused_in_evotors_form(till: Till, body: bytes, status: int, code: int, subject: str) -> None:
    response = till.send("POST", "/api/v2/receipts", body)
    assert response.status_code == status
    error = error_of(response.content)
    assert error["code"] == code
    assert error["reason"]
    assert error.get("subject", "") == subject
    assert not Receipt.objects.exists()


def test_rubbish_stands_in_the_journal_and_becomes_an_unreadable_message(till: Till) -> None:
    till.send("POST", "/api/v2/receipts", b"what?\xff")
    request = ExchangeEvent.objects.get(direction="request")
    assert read_json(request.body)["body"] == "what?\\xff"  # type: ignore[index,call-overload]
    judge_later()
    assert Discrepancy.objects.get().kind == "unreadable"


def test_much_rubbish_is_kept_in_bounds(till: Till) -> None:
    till.send("POST", "/api/v2/receipts", b"\x00" * (3 << 20))
    assert len(ExchangeEvent.objects.get(direction="request").body) < 500_000


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mutated_receipt_never_breaks_the_program(till: Till, data: st.DataObject) -> None:
    body = bytearray(write_json(make_event(make_receipt("r-1", [TEA, CUP], BILL))))
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    before = ExchangeEvent.objects.filter(direction="request").count()
    response = till.send("POST", "/api/v2/receipts", bytes(body))
    assert response.status_code in (200, 400)
    assert ExchangeEvent.objects.filter(direction="request").count() == before + 1


@pytest.mark.parametrize(
    "address", ["/api/v2/bill/byid/%00", "/api/v2/list?number=%00", "/api/v2/bill/byid/" + "1" * 300]
)
def test_an_address_that_names_nothing_is_refused(till: Till, address: str) -> None:
    response = till.send("GET", address)
    assert response.status_code == 400
    assert error_of(response.content)["code"] == 2003


def test_text_that_is_not_utf_8_in_an_address_breaks_nothing(till: Till) -> None:
    assert till.send("GET", "/api/v2/list?number=%ff%fe").status_code == 200
    assert till.send("GET", "/api/v2/bill/byid/%ff").status_code in (400, 404)


def test_a_sale_without_a_bill_is_a_case_of_its_own(till: Till) -> None:
    till.sell("r-1", [TEA], None)
    assert judge_later() == {(None, "r-1", "no_bill", "7600.00")}


@pytest.mark.parametrize(
    ("price", "later", "is_noted"),
    [
        pytest.param(100, timedelta(seconds=59), False, id="seen again within a minute"),
        pytest.param(100, timedelta(seconds=60), True, id="seen again a minute later"),
        pytest.param(110, timedelta(seconds=1), True, id="at another price"),
    ],
)
def test_a_product_is_noted_when_something_is_new(till: Till, price: int, later: timedelta, is_noted: bool) -> None:
    first = timezone.now().replace(microsecond=0)
    for receipt_id, said, at in (("r-1", 100, first), ("r-2", price, first + later)):
        with patch("django.utils.timezone.now", return_value=at):
            till.sell(receipt_id, [line("tea", said)], make_bill(receipt_id, []))
    product = Product.objects.get()
    assert product.price == price
    assert product.last_seen_at == (first + later if is_noted else first)


def test_what_a_till_did_is_judged(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.bill("1")
    till.sell("r-1", [CUP], BILL, extras={"contentModified": True})
    assert judge_later() == {("1", None, "partial_receipt", "-7600.00")}


def test_a_bill_that_a_till_opened_is_awaited(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.bill("1")
    assert judge_later() == {("1", None, "opened_not_paid", None)}


def test_the_journal_of_live_exchanges_can_be_exported_and_imported_again(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.bill("1")
    till.sell("r-1", [CUP], BILL)
    till.offers()
    count = ExchangeEvent.objects.count()
    log = export_log()
    import_log(log)
    assert ExchangeEvent.objects.count() == count
    assert export_log() == log
    assert count == 8
