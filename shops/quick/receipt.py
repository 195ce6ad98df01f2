"""An ordinary receipt on PostgreSQL: all that it needs to know in one round trip, all that it changes in another.

Ordinary is one that is new, names a known bill that no other receipt pays, and was printed at a known place in an open
shift: nearly all of them. `record` leaves every other one to `shops.recording`, which also says what the rows are.
Rows are locked in the same order: bills, shifts.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models
from psycopg.types.json import Jsonb

from shops.live_journal import make_answer
from shops.messages import Message
from shops.models import ExchangeEvent, Product, Receipt, ReceiptDelivery, ReceiptLine
from shops.payment import values
from shops.payment.offer import Offer, offer_of
from shops.quick.journal import ANSWERED, ENTRY, cast_places, list_entry_values, list_learned_values, name_columns
from shops.recording.products import name_rate
from shops.recording.receipts import make_delivery, make_line_value, make_lines, make_receipt
from shops.statements import Row, pipelined_transaction, send
from shops.wire import ReceiptEvent, ReceiptStatement

LOCK_BILL = """
SELECT id, version > 0, external_id, number, issued_at, customer_name, customer_taxpayer_number, total, prepayment,
    cancelled_at IS NULL AND closed_at IS NULL AND left_list_at IS NULL
FROM shops_bill WHERE shop_id = %s AND external_id = %s FOR NO KEY UPDATE"""

# A document that closes the shift waits for the receipt; other receipts do not.
LOCK_SHIFT = """
SELECT closed_at FROM shops_shift
WHERE terminal_id = (SELECT id FROM shops_terminal WHERE shop_id = %s AND evotor_id = %s)
    AND (key = %s OR session_id = %s)
ORDER BY id FOR SHARE"""

READ_PLACES = """
SELECT (SELECT id FROM shops_store WHERE shop_id = %s AND evotor_id = %s),
    (SELECT id FROM shops_terminal WHERE shop_id = %s AND evotor_id = %s),
    (SELECT id FROM shops_employee WHERE shop_id = %s AND evotor_id = %s)"""

IS_TOUCHED = """
SELECT EXISTS (SELECT FROM shops_receipt WHERE shop_id = %s AND receipt_id = %s)
    OR EXISTS (SELECT FROM shops_receipt WHERE bill_id = bill.id)
    OR EXISTS (SELECT FROM shops_allocatedpart WHERE bill_id = bill.id)
FROM shops_bill bill WHERE shop_id = %s AND external_id = %s"""

READ_BILL_LINES = """
SELECT product_external_id, name, price, quantity, tax_rate, goods_type, mark FROM shops_billline
WHERE version_id = (
    SELECT stated.id FROM shops_bill bill JOIN shops_billversion stated
    ON stated.bill_id = bill.id AND stated.sequence = bill.version
    WHERE bill.shop_id = %s AND bill.external_id = %s)
ORDER BY position"""


class Unusual(Exception):
    """The receipt is none of the ordinary ones."""


def record(request: ExchangeEvent, message: Message, *, now: datetime, answered_at: datetime) -> bool:
    """Records a RECEIPT request and stores its empty answer, all or nothing; False where it is to be done plainly."""
    if message.error or len(message.receipts) != 1 or not message.receipts[0].receipt.reference.bill_id:
        return False
    event = message.receipts[0]
    try:
        with pipelined_transaction():
            bill_id, offer, receipt = _read(request, event)
            answer = make_answer(request, b"", now=answered_at)
            written = _write(request, answer, event, receipt, (bill_id, offer), now)
    except Unusual:
        return False
    return bool(written.fetchall())


def _read(request: ExchangeEvent, event: ReceiptEvent) -> tuple[int, Offer, Receipt]:
    """The bill's key, what is offered of it once the receipt is there, and the receipt's row. Raises Unusual."""
    shop, said = request.shop_id, event.receipt
    named = (shop, said.reference.bill_id)
    bills = send(LOCK_BILL, named)
    shifts = send(LOCK_SHIFT, (shop, said.terminal_id, said.shift, said.shift))
    places = send(READ_PLACES, (shop, said.store_id, shop, said.terminal_id, shop, said.employee_id))
    touched = send(IS_TOUCHED, (shop, said.receipt_id, *named))
    lines = send(READ_BILL_LINES, named)
    bill, is_touched = bills.fetchone(), touched.fetchone()
    if bill is None or is_touched != (False,):
        raise Unusual
    bill_id, contents_known, *stated, is_open = bill
    if not is_open or not _is_shift_open(said, shifts.fetchall()):
        raise Unusual
    receipt = make_receipt(request, event, None)
    receipt.bill_id = bill_id
    _place(receipt, said, places.fetchone())
    stated.append(tuple(values.BillLine(*line) for line in lines.fetchall()) if contents_known else None)
    offer = offer_of(values.Bill(*stated), [_paying(receipt, said)], after_partial=request.shop.after_partial)
    return bill_id, offer, receipt


def _is_shift_open(said: ReceiptStatement, shifts: Sequence[Row]) -> bool:
    return shifts == [(None,)] if said.terminal_id and said.shift else True


def _place(receipt: Receipt, said: ReceiptStatement, places: Row | None) -> None:
    """Sets where it was printed and by whom. Raises Unusual where that is not known yet."""
    assert places is not None
    receipt.store_id, receipt.terminal_id, receipt.employee_id = places
    names = (said.store_id, said.terminal_id, said.employee_id)
    if any(name and place is None for name, place in zip(names, places, strict=True)):
        raise Unusual


def _paying(receipt: Receipt, said: ReceiptStatement) -> values.Receipt:
    """The receipt as the offer of its bill sees it."""
    return values.Receipt(
        said.receipt_id,
        said.type,
        said.printed_at,
        receipt.received_at,
        None,
        said.total,
        tuple(make_line_value(line) for line in said.lines),
        said.discount,
        said.informational,
        said.reference.settlement_method,
    )


# --- writing ---------------------------------------------------------------------------------------------------


def _write(
    request: ExchangeEvent,
    answer: ExchangeEvent,
    event: ReceiptEvent,
    receipt: Receipt,
    paid: tuple[int, Offer],
    now: datetime,
) -> Any:
    """Sends all that the receipt changes. Nothing is written where the answer's place in the journal was taken."""
    bill_id, offer = paid
    delivery = make_delivery(request, event, receipt)
    arguments = [
        *list_entry_values(answer),
        *list_learned_values(request),
        *_list_values(receipt, _fields(Receipt)),
        *_list_columns(list(make_lines(receipt, event.receipt)), _fields(ReceiptLine, without="receipt")),
        *_list_values(delivery, _fields(ReceiptDelivery, without="receipt")),
        *_list_columns(_list_products(request, event.receipt), _fields(Product)),
        *(now, offer.on_list, offer.total if offer.is_partial else None, bill_id),
    ]
    return send(_write_statement(), arguments)


@cache
def _write_statement() -> str:
    product = [field for field in _fields(Product) if field.column not in ("shop_id", "external_id")]
    return f"""{ENTRY}{ANSWERED}, receipt AS (
    INSERT INTO shops_receipt ({name_columns(_fields(Receipt))})
    SELECT {cast_places(_fields(Receipt))} FROM entry
    RETURNING id
), line AS (
    INSERT INTO shops_receiptline (receipt_id, {name_columns(_fields(ReceiptLine, without="receipt"))})
    SELECT receipt.id, told.* FROM receipt, unnest({cast_places(_fields(ReceiptLine, without="receipt"), "[]")}) told
), delivery AS (
    INSERT INTO shops_receiptdelivery (receipt_id, {name_columns(_fields(ReceiptDelivery, without="receipt"))})
    SELECT receipt.id, {cast_places(_fields(ReceiptDelivery, without="receipt"))} FROM receipt
), product AS (
    INSERT INTO shops_product ({name_columns(_fields(Product))})
    SELECT told.* FROM entry, unnest({cast_places(_fields(Product), "[]")}) told
    ON CONFLICT (shop_id, external_id) DO UPDATE
    SET {", ".join(f"{field.column} = EXCLUDED.{field.column}" for field in product)}
    WHERE shops_product.last_seen_at <= EXCLUDED.last_seen_at
), bill AS (
    UPDATE shops_bill SET unjudged_since = %s, on_offer = %s, offered_total = %s FROM entry WHERE shops_bill.id = %s
) SELECT id FROM entry"""


@cache
def _fields(model: type[models.Model], *, without: str = "") -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if not field.primary_key and field.name != without]


def _list_values(row: models.Model, fields: "Collection[models.Field[Any, Any]]") -> list[object]:
    found = (getattr(row, field.attname) for field in fields)
    return [Jsonb(value) if isinstance(value, list) else value for value in found]


def _list_columns(rows: Sequence[models.Model], fields: "Collection[models.Field[Any, Any]]") -> list[list[object]]:
    return [[getattr(row, field.attname) for row in rows] for field in fields]


def _list_products(request: ExchangeEvent, said: ReceiptStatement) -> list[Product]:
    """What the receipt says of products: the last line about each, in the order in which rows are locked."""
    seen: Mapping[str, Product] = {
        line.product_id: Product(
            shop_id=request.shop_id,
            external_id=line.product_id,
            name=line.name,
            unit=line.unit,
            price=line.price,
            tax_rate=name_rate(line),
            last_seen_at=request.occurred_at,
        )
        for line in said.lines
        if line.product_id
    }
    return [seen[product_id] for product_id in sorted(seen)]
