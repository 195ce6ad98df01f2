"""The owner's pages through the browser's door: who sees them, how many queries they take, and their files."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from reconciliation.owner.asked import read_rows_asked
from reconciliation.owner.rows import PAGES, find_rows
from shops.models import Bill, Receipt, Shop
from shops.presentation import show_amount
from tests.factories import import_sample, join_shop, make_bill, make_discrepancy, make_receipt, make_shop
from tests.owner.books import LAST_DAY, count_by_hand

QUERIES_AT_MOST = 17  # two of what is kept of days
OWN = f"?period=own&from={LAST_DAY - timedelta(days=14)}&to={LAST_DAY}"


@pytest.fixture
def shop(owner: User) -> Shop:
    """A shop with something on every part of the page, of today."""
    shop = make_shop(7)
    fill_today(shop)
    return shop


def fill_today(shop: Shop) -> None:
    now = timezone.now()
    bill = make_bill(shop)
    receipt = make_receipt(bill, total="40.00")
    discrepancy = make_discrepancy(bill)
    Bill.objects.filter(pk=bill.pk).update(issued_at=now)
    Receipt.objects.filter(pk=receipt.pk).update(printed_at=now)
    type(discrepancy).objects.filter(pk=discrepancy.pk).update(opened_at=now)


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("period", ["today", "month"])
def test_the_page_takes_a_few_queries_however_much_it_shows(visitor: Client, shop: Shop, period: str) -> None:
    address = f"/shops/7/?period={period}"
    before = count_queries(visitor, address)
    for _ in range(12):
        fill_today(shop)
    assert count_queries(visitor, address) == before <= QUERIES_AT_MOST


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_of_rows_takes_a_few_queries(visitor: Client, shop: Shop, page: str) -> None:
    before = count_queries(visitor, f"/shops/7/{page}/")
    for _ in range(12):
        fill_today(shop)
    assert count_queries(visitor, f"/shops/7/{page}/") == before <= QUERIES_AT_MOST


def test_many_shops_take_no_more_queries_than_two(visitor: Client, shop: Shop) -> None:
    fill_today(make_shop(8))
    before = count_queries(visitor, "/shops/?period=today")
    for number in range(9, 15):
        fill_today(Shop.objects.create(number=number, time_zone="Asia/Vladivostok" if number % 2 else "Europe/Moscow"))
    assert count_queries(visitor, "/shops/?period=today") == before <= QUERIES_AT_MOST


ADDRESSES = ("/shops/7/", "/shops/7/files/page/xlsx/", *(f"/shops/7/{page}/" for page in PAGES), "/shops/7/bills/csv/")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_shop_that_one_does_not_belong_to_is_not_there(client: Client, shop: Shop, address: str) -> None:
    stranger = User.objects.create_user("stranger")
    join_shop(stranger, "Owners", make_shop(8))
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    assert client.get(address.replace("/7/", "/8/")).status_code == 200


@pytest.mark.parametrize("address", ("/shops/", *ADDRESSES))
def test_one_has_to_log_in(client: Client, shop: Shop, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert f"next={address}" in answer.headers["Location"]


def test_who_has_one_shop_is_led_to_it(client: Client, shop: Shop) -> None:
    make_shop(8)
    person = User.objects.create_user("keeper")
    join_shop(person, "Owners", shop)
    client.force_login(person)
    assert client.get("/shops/").headers["Location"] == "/shops/7/"
    assert client.get("/").headers["Location"] == "/shops/"


def test_the_shop_in_the_admin_leads_to_the_owners_page(admin_client: Client, shop: Shop) -> None:
    assert 'href="/shops/7/"' in admin_client.get("/admin/shops/shop/7/change/").content.decode()
    assert admin_client.get("/").headers["Location"] == "/admin/"


def test_who_has_no_shop_is_told_what_to_do(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("nobody"))
    page = client.get("/shops/", headers={"Accept-Language": "en"})
    assert "Ask the administrator" in page.content.decode()


@pytest.mark.parametrize(
    "question",
    ["period=never", "period=own", "period=own&from=x&to=y", "period=own&from=2026-02-01&to=2026-01-01"]
    + ["period=own&from=0001-01-01&to=9999-12-31", "period=own&from=2999-01-01&to=2999-01-02", "period=own&from=%00"],
)
def test_a_question_that_makes_no_sense_is_answered_with_yesterday(visitor: Client, shop: Shop, question: str) -> None:
    answer = visitor.get(f"/shops/7/?{question}")
    assert answer.status_code == 200
    assert 'class="notice warning"' in answer.content.decode()


@pytest.mark.parametrize("question", ["what=x", "type=BUY", "age=9", "store=-1", "from=soon", "terminal=1e3", "sign=+"])
def test_rows_that_there_are_not_are_not_found(visitor: Client, shop: Shop, question: str) -> None:
    assert visitor.get(f"/shops/7/receipts/?{question}").status_code == 404


def test_the_page_runs_no_script_and_no_style_of_its_own(visitor: Client, shop: Shop) -> None:
    """It works where a policy allows files of the site alone."""
    make_shop(8)
    for address in ("/shops/", "/shops/7/?period=today", *(f"/shops/7/{page}/" for page in PAGES)):
        page = visitor.get(address).content.decode()
        assert all('src="/static/' in script for script in re.findall(r"<script[^>]*>", page))
        assert "<style" not in page
        assert re.findall(r'<[^>]*\s(?:style|on[a-z]+)="', page) == []
        assert "javascript:" not in page


def test_the_workbook_holds_what_the_page_shows(books: None, visitor: Client) -> None:
    answer = visitor.get(f"/shops/502/files/page/xlsx/{OWN}", headers={"Accept-Language": "en"})
    book = load_workbook(io.BytesIO(answer.content), data_only=True)
    expected = count_by_hand(502, LAST_DAY - timedelta(days=14), LAST_DAY)
    figures = {row[0]: row[1] for row in book["Figures"].iter_rows(values_only=True)}
    assert read_amount(figures["Billed"]) == expected.billed
    assert read_amount(figures["Received"]) == expected.received
    assert read_amount(figures["Refunded"]) == expected.refunded
    assert read_amount(figures["Outstanding in all"]) == expected.outstanding
    (total,) = (row for row in book["Sales by register"].iter_rows(values_only=True) if row[0] == "Total")
    assert read_amount(total[2]) == expected.received
    assert len(book.sheetnames) == 10
    page = visitor.get(f"/shops/502/{OWN}", headers={"Accept-Language": "en"}).content.decode()
    assert show_amount(expected.received).replace("\u00a0", "&nbsp;") in page or str(f"{expected.received:,}") in page


def read_amount(cell: object) -> Decimal:
    return Decimal(str(cell)).quantize(Decimal("0.01"))


def test_the_files_of_rows_add_up_to_the_figure(books: None, visitor: Client) -> None:
    question = f"from={LAST_DAY - timedelta(days=14)}&to={LAST_DAY}&type=sale"
    expected = count_by_hand(504, LAST_DAY - timedelta(days=14), LAST_DAY).received
    answer = visitor.get(f"/shops/504/receipts/csv/?{question}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert sum(Decimal(row[-1]) for row in rows[1:]) == expected
    answer = visitor.get(f"/shops/504/receipts/xlsx/?{question}")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    assert sheet is not None
    assert sum(read_amount(row[-1]) for row in list(sheet.iter_rows(values_only=True))[1:]) == expected


def test_a_name_never_becomes_a_formula(visitor: Client, shop: Shop) -> None:
    Bill.objects.update(customer_name='=HYPERLINK("x")', number="@SUM(1)")
    answer = visitor.get("/shops/7/bills/csv/?what=outstanding")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=HYPERLINK" in text and "'@SUM" in text
    text = visitor.get("/shops/7/files/outstanding/csv/?period=today").content.decode()
    assert "'=HYPERLINK" in text and "'@SUM" in text


def test_pages_of_rows_show_the_total_of_all_of_them(visitor: Client, shop: Shop) -> None:
    for _ in range(60):
        fill_today(shop)
    page = visitor.get("/shops/7/receipts/?page=2", headers={"Accept-Language": "en"}).content.decode()
    assert "Page 2 of 2" in page and "61 rows" in page and "2,440.00" in page


def test_the_sample_says_what_is_missing(visitor: Client, owner: User) -> None:
    import_sample()
    shop = Shop.objects.get(pk=40)
    rows = find_rows("discrepancies", shop, read_rows_asked({"sign": "missing"}), timezone.now())
    assert rows.totals[-1] == Decimal("-31040.00")
    page = visitor.get("/shops/40/discrepancies/", headers={"Accept-Language": "en"}).content.decode()
    assert "650.00 of 31,690.00 received" in page and "Nobody has taken it yet." in page
