"""The limit of serving: WSGI programs that do nothing but what has to be done, for `gunicorn tests.benchmarks.bare`.

RECEIPT inserts the rows that crmpos writes for an ordinary receipt, in one transaction and with nothing looked up that
a dictionary can hold; LIST and BILL are one SELECT and an encoder of JSON. Nothing is journaled before it is
understood, nothing is checked, nothing is compared.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from django.utils.timezone import now

SHOPS: dict[str, int] = json.loads(os.environ.get("BARE_SHOPS", "{}"))  # by the callers' tokens
ZONE = ZoneInfo("Europe/Moscow")

Answer = tuple[str, bytes]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

encode = msgspec.json.Encoder(decimal_format="number").encode

EVENT = """INSERT INTO shops_exchangeevent (shop_id, kind, direction, occurred_at, position, size_bytes, digest,
answer_id, bill_external_id, bill_number, origin, remark, request_id, fault)
VALUES (%s, 'RECEIPT', %s, %s, %s, %s, %s, %s, %s, %s, 'served', '', '', '') RETURNING id"""
BODY = "INSERT INTO shops_exchangebody (entry_id, occurred_at, body) VALUES (%s, %s, %s)"
BILL = """UPDATE shops_bill SET on_offer = false, offered_total = NULL, unjudged_since = %s
WHERE shop_id = %s AND external_id = %s RETURNING id"""
RECEIPT = """INSERT INTO shops_receipt (shop_id, receipt_id, type, printed_at, received_at, total, tax, discount,
informational, payment_source, settlement_method, shift, store_id, terminal_id, employee_id, user_id, bill_id,
bill_external_id, bill_number, bill_issued_at, customer_name, customer_taxpayer_number, prepayment, content_modified,
new_content, fingerprint, is_allocated)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '[]', %s, false)
RETURNING id"""
LINE = """INSERT INTO shops_receiptline (receipt_id, position, product_external_id, name, price, quantity, discount,
total, tax, tax_percent, item_type, unit) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
DELIVERY = """INSERT INTO shops_receiptdelivery (receipt_id, event_id, evotor_event_id, fingerprint)
VALUES (%s, %s, %s, %s)"""
PRODUCT = """INSERT INTO shops_product (shop_id, external_id, name, unit, price, tax_rate, last_seen_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (shop_id, external_id) DO UPDATE
SET name = EXCLUDED.name, unit = EXCLUDED.unit, price = EXCLUDED.price, tax_rate = EXCLUDED.tax_rate,
last_seen_at = EXCLUDED.last_seen_at"""
LIST = """SELECT external_id, issued_at, coalesce(offered_total, total), number, customer_name FROM shops_bill
WHERE shop_id = %s AND on_offer ORDER BY issued_at DESC, id DESC"""
STATEMENT = """SELECT body FROM shops_bill bill JOIN shops_exchangeevent event ON event.id = bill.stated_by_id
JOIN shops_exchangebody text ON text.entry_id = event.id AND text.occurred_at = event.occurred_at
WHERE bill.shop_id = %s AND bill.external_id = %s AND bill.on_offer"""


@cache
def positions() -> "count[int]":
    """Places in the journal that no other process takes: two messages may come in one microsecond."""
    return count(os.getpid() % 1000 * 1_000_000)


@cache
def connect() -> psycopg.Connection[Any]:
    """One connection for the life of the process."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@cache
def read_places(shop: int) -> dict[str, int]:
    """Stores, terminals and employees by their ids at Evotor."""
    tables = ("shops_store", "shops_terminal", "shops_employee")
    union = " UNION ALL ".join(f"SELECT evotor_id, id FROM {table} WHERE shop_id = %s" for table in tables)
    return dict(connect().execute(union, [shop] * len(tables)).fetchall())


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    shop = SHOPS.get(environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer "))
    status, body = ("401 Unauthorized", b"") if shop is None else answer(shop, environ)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def answer(shop: int, environ: dict[str, Any]) -> Answer:
    path: str = environ["PATH_INFO"]
    if path == "/api/v2/receipts":
        accept(shop, environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        return "200 OK", b""
    if path == "/api/v2/list":
        return "200 OK", write_list(shop)
    return "200 OK", write_bill(shop, path.rpartition("/")[2])


def accept(shop: int, body: bytes) -> None:
    event = msgspec.json.decode(body)
    data, time = event["data"], now()
    extras, places = data["extras"], read_places(shop)
    fingerprint, digest = hashlib.sha256(body).hexdigest(), hashlib.md5(body).hexdigest()
    bill, number = extras["billId"], extras["number"]
    second = time.replace(microsecond=0)
    text = body.decode()
    connection = connect()
    with connection.transaction(), connection.cursor() as cursor:

        def insert(statement: str, *values: object) -> Any:
            row = cursor.execute(statement, values).fetchone()
            assert row is not None
            return row[0]

        answered = (shop, "answer", second, next(positions()), 0, digest, None, bill, "")
        answer_id = insert(EVENT, *answered)
        asked = (shop, "request", second, next(positions()), len(body), digest, answer_id, bill, number)
        request_id = insert(EVENT, *asked)
        cursor.execute(BODY, (request_id, second, text))
        bill_id = insert(BILL, time, shop, bill)
        receipt_id = insert(
            RECEIPT,
            *(shop, data["id"], data["type"], datetime.fromisoformat(data["dateTime"]), second),
            *(data["totalAmount"], data["totalTax"], data["totalDiscount"], data["infoCheck"], data["paymentSource"]),
            *(extras["settlementMethod"], data["shiftId"], places[data["storeId"]], places[data["deviceId"]]),
            *(places[data["employeeId"]], event["userId"], bill_id, bill, number),
            *(datetime.fromisoformat(extras["date"]).replace(tzinfo=ZONE), extras["customer"]["name"].strip()),
            *(extras["customer"]["inn"], extras["prepayment"], extras["contentModified"], fingerprint),
        )
        lines = list(enumerate(data["items"]))
        cursor.executemany(LINE, [(receipt_id, place, *list_line(line)) for place, line in lines])
        cursor.execute(DELIVERY, (receipt_id, request_id, event["id"], fingerprint))
        # In one order, or two receipts wait for each other's products.
        sold = sorted(data["items"], key=lambda line: str(line["id"]))
        cursor.executemany(PRODUCT, [list_product(shop, line, second) for line in sold])


def list_line(line: dict[str, Any]) -> list[Any]:
    names = ("id", "name", "price", "quantity", "discount", "sumPrice", "tax", "taxPercent", "itemType", "measureName")
    return [line[name] for name in names]


def list_product(shop: int, line: dict[str, Any], time: datetime) -> tuple[Any, ...]:
    return shop, line["id"], line["name"], line["measureName"], line["price"], f"{line['taxPercent']}%", time


def write_list(shop: int) -> bytes:
    rows = connect().execute(LIST, [shop]).fetchall()
    return encode(
        [
            {
                "id": int(external_id),
                "date": issued_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"),
                "summ": total,
                "number": number,
                "customername": customer.strip(),
            }
            for external_id, issued_at, total, number, customer in rows
        ]
    )


def write_bill(shop: int, bill: str) -> bytes:
    row = connect().execute(STATEMENT, [shop, bill]).fetchone()
    assert row is not None
    return encode(msgspec.json.decode(row[0])["body"])
