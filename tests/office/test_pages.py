"""A list comes in pages that neither repeat nor skip a row, whatever is inserted meanwhile, at the same cost each."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation.models import Discrepancy
from shops.models import Bill, ExchangeEvent
from tests.factories import NOON, make_bill, make_discrepancy, make_event, make_one_of_everything, make_receipt
from tests.office.conftest import download, list_ids, read

LISTS = ("bills", "receipts", "exchange-events", "discrepancies")
MOST_QUERIES = 9

pytestmark = pytest.mark.django_db


def read_pages(client: Client, address: str, direction: str = "next", **query: Any) -> Iterator[dict[str, Any]]:
    page = read(client, address, **query)
    yield page
    while page[direction]:
        answer = client.get(page[direction])
        assert answer.status_code == 200
        page = answer.json()
        yield page


def list_paged(client: Client, address: str, **query: Any) -> list[int]:
    return [row["id"] for page in read_pages(client, address, **query) for row in page["results"]]


@pytest.fixture
def bills(ours: Discrepancy) -> list[int]:
    """Nine bills, newest first: some of the same time, some without a time."""
    shop = ours.case.shop
    for hours in (0, 1, 1, 1, 2, None, None, None):
        bill = make_bill(shop)
        bill.issued_at = None if hours is None else NOON + timedelta(hours=hours)
        bill.save(update_fields=["issued_at"])
    return list(Bill.objects.order_by("-issued_at", "-id").values_list("id", flat=True))


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 8, 9, 10])
def test_pages_hold_every_row_once(office: Client, bills: list[int], page_size: int) -> None:
    pages = list(read_pages(office, "bills", page_size=page_size))
    assert [row["id"] for page in pages for row in page["results"]] == bills
    assert {len(page["results"]) for page in pages[:-1]} <= {page_size}
    assert pages[0]["previous"] is None


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 8])
def test_pages_lead_back_to_the_first(office: Client, bills: list[int], page_size: int) -> None:
    *_, last = read_pages(office, "bills", page_size=page_size)
    page, found = last, [row["id"] for row in last["results"]]
    while page["previous"]:
        page = office.get(page["previous"]).json()
        assert page["next"]
        found = [row["id"] for row in page["results"]] + found
    assert found == bills


def test_rows_that_come_meanwhile_shift_nothing(office: Client, bills: list[int], ours: Discrepancy) -> None:
    seen = []
    for page in read_pages(office, "bills", page_size=2):
        seen += [row["id"] for row in page["results"]]
        make_bill(ours.case.shop)  # at the same time as others
        newer = make_bill(ours.case.shop)
        Bill.objects.filter(pk=newer.pk).update(issued_at=NOON + timedelta(days=1))
    assert [row for row in seen if row in bills] == bills
    assert len(seen) == len(set(seen))


def test_a_filter_goes_on_from_page_to_page(office: Client, bills: list[int], theirs: Discrepancy) -> None:
    known = set(Bill.objects.filter(issued_at__gte=NOON + timedelta(hours=1)).values_list("id", flat=True))
    assert list_paged(office, "bills", page_size=1, issued_from="2026-03-25T13:00:00Z") == [
        row for row in bills if row in known
    ]


def test_messages_of_one_second_come_in_the_order_of_the_journal(office: Client, ours: Discrepancy) -> None:
    for position in (700, 900, 800):
        event = make_event(ours.case.shop)
        ExchangeEvent.objects.filter(pk=event.pk).update(position=position)
    found = list_paged(office, "exchange-events", page_size=1)
    assert found == list(ExchangeEvent.objects.order_by("-occurred_at", "-position").values_list("id", flat=True))


@pytest.mark.parametrize("address", LISTS)
def test_a_page_has_a_hundred_rows_and_five_hundred_at_the_most(
    accountant: Client, ours: Discrepancy, address: str
) -> None:
    if address == "bills":
        template = Bill.objects.get()
        Bill.objects.bulk_create(
            Bill(shop=template.shop, external_id=f"many {number}", total=1, issued_at=NOON) for number in range(501)
        )
        assert len(list_ids(accountant, address)) == 100
        assert len(list_ids(accountant, address, page_size=500)) == 500
    assert read(accountant, address, page_size=500)["previous"] is None


def test_a_cursor_of_another_list_is_refused(office: Client, bills: list[int]) -> None:
    page = read(office, "bills", page_size=1)
    cursor = page["next"].split("cursor=")[1].split("&")[0]
    assert office.get("/api/office/exchange-events/", {"cursor": cursor}).status_code == 400


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        download(client, address) if "format" in address else read(client, address)
    return len(queries)


@pytest.mark.parametrize("caller", ["office", "accountant"])
def test_thirty_rows_cost_no_more_queries_than_two(
    request: pytest.FixtureRequest, ours: Discrepancy, caller: str
) -> None:
    client: Client = request.getfixturevalue(caller)
    shop, bill = ours.case.shop, ours.case.bill
    assert bill is not None
    receipt = bill.receipts.get()
    addresses = [
        *LISTS,
        *(f"{name}?format={file}" for name in LISTS for file in ("csv", "xlsx")),
        f"bills/{bill.pk}",
        f"receipts/{receipt.pk}",
        f"exchange-events/{receipt.deliveries.get().event_id}",
        f"discrepancies/{ours.pk}",
    ]
    client.get("/api/office/bills")  # the first call notes that the key is used
    few = {address: count_queries(client, address) for address in addresses}
    for number in range(3, 33):
        make_one_of_everything(number)
        make_receipt(bill)
        make_discrepancy(make_bill(shop))
    many = {address: count_queries(client, address) for address in addresses}
    assert many == few
    assert max(many.values()) <= MOST_QUERIES
