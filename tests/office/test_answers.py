"""What the answers say: money and quantities as text, times in UTC, and everything that stands behind a row."""

import base64
from typing import Any

import pytest
from django.test import Client

from reconciliation.models import Case, Discrepancy
from shops.models import BillVersion, ExchangeBody, ExchangeEvent, Receipt, ReceiptDelivery, Shop
from tests.factories import import_sample, make_bill, make_event, make_shop
from tests.office.conftest import call_with_key, list_ids, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Client:
    """The office of shop 40 of the sample."""
    import_sample()
    return call_with_key(Shop.objects.get(number=40), "office")


def read_only_row(client: Client, name: str, **query: Any) -> Any:
    (key,) = list_ids(client, name, **query)
    return read(client, f"{name}/{key}")


def test_a_bill_leads_to_all_that_belongs_to_it(office: Client) -> None:
    bill = read_only_row(office, "bills", number="56770")
    assert (bill["total"], bill["due"], bill["offered_total"]) == ("31690.00", "31690.00", "31040.00")
    assert bill["issued_at"] == "2026-03-24T13:15:25Z"
    assert [(line["position"], line["price"], line["quantity"], line["sum"]) for line in bill["lines"]] == [
        (0, "7600.00", "1.000", "7600.00"),
        (1, "7920.00", "1.000", "7920.00"),
        (2, "7920.00", "1.000", "7920.00"),
        (3, "7600.00", "1.000", "7600.00"),
        (4, "650.00", "1.000", "650.00"),
    ]
    assert "\x1d91" in bill["lines"][0]["mark"]
    assert [(receipt["total"], receipt["bill"]) for receipt in bill["receipts"]] == [("650.00", bill["id"])]
    assert [(found["kind"], found["amount"]) for found in bill["discrepancies"]] == [("partial_receipt", "-31040.00")]


def test_a_bill_shows_the_lines_of_its_newest_version(office: Client) -> None:
    bill = make_bill(make_shop(1))
    older = bill.versions.get()
    newer = BillVersion.objects.create(
        bill=bill, sequence=2, stated_by=older.stated_by, total=1, prepayment=0, prepayment_enabled=False
    )
    newer.lines.create(position=0, name="Мёд", price=1, quantity="0.350")
    bill.version = 2
    bill.save(update_fields=["version"])
    lines = read(call_with_key(bill.shop, "office"), f"bills/{bill.pk}")["lines"]
    assert [(line["name"], line["quantity"], line["sum"]) for line in lines] == [("Мёд", "0.350", "0.35")]


def test_a_bill_that_nobody_has_judged_has_no_discrepancies_and_one_without_contents_no_lines(office: Client) -> None:
    bill = make_bill(make_shop(1))
    bill.version = 0
    bill.save(update_fields=["version"])
    answer = read(call_with_key(bill.shop, "office"), f"bills/{bill.pk}")
    assert (answer["lines"], answer["discrepancies"], answer["contents_known"]) == ([], [], False)


def test_a_receipt_has_its_lines_and_deliveries(office: Client) -> None:
    receipt = read_only_row(office, "receipts", bill_number="56770")
    assert (receipt["printed_at"], receipt["received_at"]) == ("2026-03-25T14:24:06Z", "2026-03-25T14:24:09Z")
    assert [(line["name"], line["total"], line["tax"], line["quantity"]) for line in receipt["lines"]] == [
        ("Доставка", "650.00", "30.95", "1.000")
    ]
    (delivery,) = receipt["deliveries"]
    assert (delivery["answered"], delivery["same_contents"]) == (True, True)
    event = read(office, f"exchange-events/{delivery['event']}")
    assert receipt["receipt_id"] in event["body"]


def test_a_delivery_with_other_contents_is_told_apart(office: Client) -> None:
    receipt = Receipt.objects.get(bill_number="56770")
    event = make_event(receipt.shop, kind="RECEIPT")
    ReceiptDelivery.objects.create(receipt=receipt, event=event, fingerprint="other")
    deliveries = read(office, f"receipts/{receipt.pk}")["deliveries"]
    assert sorted((delivery["answered"], delivery["same_contents"]) for delivery in deliveries) == [
        (False, False),
        (True, True),
    ]


def test_a_message_is_verbatim_and_leads_to_its_other_half(office: Client) -> None:
    answer = ExchangeEvent.objects.get(shop=40, kind="BILL", direction="answer")
    told = read(office, f"exchange-events/{answer.pk}")
    assert told["body"] == answer.body
    assert told["verbatim"] is None
    request = read(office, f"exchange-events/{told['request']}")
    assert (request["answer"], request["direction"], request["request"]) == (answer.pk, "request", None)
    assert "body" not in read(office, "exchange-events")["results"][0]


def test_bytes_that_are_no_text_come_in_base64(office: Client) -> None:
    event = make_event(Shop.objects.get(number=40))
    ExchangeBody.objects.filter(entry_id=event.pk).update(verbatim=b"\xff\x00")
    told = read(office, f"exchange-events/{event.pk}")
    assert base64.b64decode(told["verbatim"]) == b"\xff\x00"


def test_a_discrepancy_is_explained_in_the_language_of_the_caller(office: Client) -> None:
    found = read_only_row(office, "discrepancies", kind="partial_receipt")
    assert found["explanation"].startswith("650.00 of 31,690.00 received; 4 lines unpaid")
    assert (found["amount"], found["due"], found["received"]) == ("-31040.00", "31690.00", "650.00")
    assert [line["unpaid"] for line in found["evidence"]["lines"]] == ["7600.00", "7600.00", "7920.00", "7920.00"]
    assert [(step["action"], step["actor"], step["to_status"]) for step in found["history"]] == [
        ("opened", None, "open")
    ]
    answer = office.get(f"/api/office/discrepancies/{found['id']}/", headers={"Accept-Language": "ru"})
    assert answer.json()["explanation"].startswith("получено 650,00 из 31")


def test_a_discrepancy_of_a_message_names_no_bill(office: Client) -> None:
    event = make_event(Shop.objects.get(number=40))
    found = Discrepancy.objects.get(kind="partial_receipt")
    case = Case.objects.create(shop=event.shop, event=event, judged_at=found.opened_at, judged_as_of=found.opened_at)
    row = Discrepancy.objects.create(
        case=case,
        shop=event.shop,
        kind="unreadable",
        evidence={"kind": "LIST", "fault": "cut off"},
        opened_at=found.opened_at,
        changed_at=found.opened_at,
    )
    told = read(office, f"discrepancies/{row.pk}")
    assert (told["event"], told["bill"], told["receipt"], told["customer_name"], told["amount"]) == (
        event.pk,
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_slash_at_the_end_may_be_left_out(office: Client, slash: str) -> None:
    assert office.get(f"/api/office/bills{slash}").status_code == 200
    assert office.get(f"/api/office/bills/0{slash}").status_code == 404
    assert office.post(f"/api/office/discrepancies/1/take{slash}").status_code == 403


def test_a_method_that_is_not_served_is_refused(office: Client) -> None:
    for method in (office.post, office.put, office.patch, office.delete, office.options):
        answer = method("/api/office/bills/")
        assert (answer.status_code, list(answer.json())) == (405, ["detail"])
        assert answer["Allow"] == "GET, HEAD"


def test_a_format_that_is_not_served_is_refused(office: Client) -> None:
    answer = office.get("/api/office/bills/", headers={"Accept": "application/pdf"})
    assert (answer.status_code, list(answer.json())) == (406, ["detail"])
