"""What LIST and BILL offer: never what has been paid."""

from decimal import Decimal
from pathlib import Path

import pytest

from shops.exchange_log import Direction, Entry, read_oldest_first
from shops.models import Bill, Shop
from shops.serving import close_bills
from shops.wire_writer import read_json
from tests.logs import line, make_bill, make_receipt
from tests.protocol.conftest import Crm, Till

SAMPLE = Path(__file__).parents[2] / "crmpos" / "samples" / "exchange-log.txt"

TEA, CUP, DELIVERY = line("101", 7600), line("102", 7920), line("delivery-uuid", 650)


def read_sample_answers(kind: str) -> list[bytes]:
    with SAMPLE.open("rb") as file:
        return [
            entry.body
            for entry in read_oldest_first(file)
            if isinstance(entry, Entry) and (entry.kind, entry.direction) == (kind, Direction.ANSWER)
        ]


@pytest.mark.parametrize("body", read_sample_answers("BILL"))
def test_a_bill_is_answered_to_the_byte_as_the_original_answers_it(till: Till, crm: Crm, body: bytes) -> None:
    bill = read_json(body)
    assert isinstance(bill, dict)
    assert crm.send("PUT", f"/api/v2/bill/byid/{bill['id']}", body).status_code == 201
    assert till.get(f"/api/v2/bill/byid/{bill['id']}").content == body


def test_a_list_is_answered_to_the_byte_as_the_original_answers_it(till: Till, crm: Crm) -> None:
    body = max(read_sample_answers("LIST"), key=len)
    listed = read_json(body)
    assert isinstance(listed, list)
    for row in reversed(listed):
        assert isinstance(row, dict)
        name = f"{row['customername']} "
        bill = make_bill(str(row["id"]), [], total=row["summ"], date=row["date"], number=row["number"])
        crm.put(bill | {"customer": bill["customer"] | {"name": name, "fullname": name}})
    assert till.get("/api/v2/list").content == body


def test_an_empty_list_is_two_brackets(till: Till) -> None:
    assert till.get("/api/v2/list").content == b"[]"


def test_a_number_finds_its_bill_alone(till: Till, crm: Crm) -> None:
    crm.put(make_bill("1", [TEA], number="A-1"))
    crm.put(make_bill("2", [TEA], number="A-12"))
    assert till.list_ids(number="A-1") == [1]
    assert till.list_ids(number="nothing") == []


def test_a_paid_bill_is_offered_no_more(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA, CUP])
    crm.put(bill)
    till.sell("r-1", [TEA, CUP], bill)
    assert till.list_ids() == []
    response = till.get("/api/v2/bill/byid/1")
    assert response.status_code == 404
    assert read_json(response.content) == {
        "errors": [{"code": 2003, "reason": "no such bill is waiting to be paid", "subject": "id"}]
    }


def test_what_remains_of_a_bill_is_offered_after_a_partial_receipt(till: Till, crm: Crm) -> None:
    bill = make_bill("137456", [TEA, CUP, DELIVERY])
    crm.put(bill)
    till.sell("r-1", [DELIVERY], bill)
    assert [(row["id"], row["summ"]) for row in till.offers()] == [(137456, 15520)]
    offered = till.bill("137456")
    assert offered["summ"] == 15520
    assert [product["id"] for product in offered["products"]] == ["101", "102"]
    till.sell("r-2", [TEA, CUP], bill)
    assert till.list_ids() == []


def test_the_rest_of_a_quantity_is_offered(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [line("101", "12.50", "1.500")])
    crm.put(bill)
    till.sell("r-1", [line("101", "12.50", "0.500")], bill)
    offered = till.bill("1")
    assert offered["products"][0]["quantity"] == 1
    assert offered["summ"] == Decimal("12.5")


def test_what_was_prepaid_stays_prepaid_in_what_remains(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA, CUP], prepayment=1000)
    crm.put(bill)
    till.sell("r-1", [TEA], bill)
    offered = till.bill("1")
    assert (offered["summ"], offered["prepayment"]) == (7920, 1000)


@pytest.mark.parametrize(("after_partial", "offered"), [("full", [8250]), ("close", []), ("remaining", [7600])])
def test_a_shop_decides_what_is_offered_after_a_partial_receipt(
    till: Till, crm: Crm, shop: Shop, after_partial: str, offered: list[int]
) -> None:
    shop.after_partial = after_partial
    shop.save(update_fields=["after_partial"])
    bill = make_bill("1", [TEA, DELIVERY])
    crm.put(bill)
    till.sell("r-1", [DELIVERY], bill)
    assert [row["summ"] for row in till.offers()] == offered


def test_money_given_back_puts_the_bill_on_the_list_again(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA, DELIVERY])
    crm.put(bill)
    till.sell("r-1", [TEA, DELIVERY], bill)
    till.sell("r-2", [TEA], bill, type="PAYBACK")
    assert [row["summ"] for row in till.offers()] == [7600]
    till.sell("r-3", [TEA], bill)
    assert till.list_ids() == []


def test_an_informational_receipt_pays_nothing(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA])
    crm.put(bill)
    till.sell("r-1", [TEA], bill, infoCheck=True)
    assert till.list_ids() == [1]


def test_a_receipt_that_came_before_its_bill_keeps_it_off_the_list(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA])
    till.sell("r-1", [TEA], bill)
    crm.put(bill)
    assert till.list_ids() == []


def test_a_bill_that_grows_after_its_receipt_is_offered_with_what_was_added(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA])
    crm.put(bill)
    till.sell("r-1", [TEA], bill)
    crm.put(make_bill("1", [TEA, CUP]))
    assert [row["summ"] for row in till.offers()] == [7920]


def test_a_cancelled_bill_is_offered_no_more_until_it_is_stated_again(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA])
    crm.put(bill)
    assert crm.delete("1").status_code == 204
    assert till.list_ids() == []
    assert crm.delete("1").status_code == 204
    crm.put(bill)
    assert till.list_ids() == [1]


def test_a_closed_bill_is_offered_no_more(till: Till, crm: Crm, shop: Shop) -> None:
    bill = make_bill("1", [TEA, CUP])
    crm.put(bill)
    till.sell("r-1", [TEA], bill)
    row = Bill.objects.get(external_id="1")
    close_bills([row.pk], now=row.unjudged_since)
    assert till.list_ids() == []
    close_bills([row.pk], now=None)
    assert till.list_ids() == [1]


def test_shops_do_not_see_each_other(till: Till, crm: Crm, other_till: Till, other_crm: Crm) -> None:
    bill = make_bill("1", [TEA])
    crm.put(bill)
    assert other_till.list_ids() == []
    assert other_till.get("/api/v2/bill/byid/1").status_code == 404
    other_crm.put(make_bill("1", [CUP]))
    other_till.sell("r-1", [CUP], bill)
    assert till.list_ids() == [1]
    assert till.bill("1")["summ"] == 7600


def test_the_front_controllers_address_is_the_same_service(till: Till, crm: Crm) -> None:
    bill = make_bill("1", [TEA], number="A-1")
    crm.put(bill)
    assert till.get("/index.php", q="/api/v2/list", number="A-1").content == till.get("/api/v2/list").content
    assert till.get("/index.php", q="/api/v2/bill/byid/1").content == till.get("/api/v2/bill/byid/1").content
    response = till.send("POST", "/index.php?q=/api/v2/receipts", {"data": make_receipt("r-1", [TEA], bill)})
    assert response.status_code == 200
    assert till.list_ids() == []
    assert till.get("/index.php", q="/index.php").status_code == 404
