"""An ordinary receipt on PostgreSQL: all that it needs to know in one round trip, all that it changes in another.

Ordinary is one that is new, was printed at a known place in an open shift, and names a known bill that no other receipt
pays, or no bill at all (who came in and bought something): nearly all of them. `record` leaves every other one to
`shops.recording`, which also says what the rows are. Rows are locked in the same order: bills, shifts. Whatever
PostgreSQL believes of the tables, it looks rows up by the index that finds each. None of the large ones has another
that begins likewise, and goods are asked for by a subquery that gives one value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from django.db import models
from psycopg.types.json import Jsonb

from shops.live_journal import make_answer
from shops.messages import Message
from shops.models import Receipt
from shops.new_event import NewEvent
from shops.payment import values
from shops.payment.offer import Offer, offer_of
from shops.quick.journal import ANSWERED, ENTRY, cast_places, list_entry_values, list_learned_values, name_columns
from shops.recording.products import SEEN_AGAIN_AFTER, name_rate
from shops.recording.receipts import make_line_value, make_receipt
from shops.statements import Row, pipelined_transaction, send
from shops.wire import ReceiptEvent, ReceiptLine, ReceiptStatement

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

PLACES = """(SELECT id FROM shops_store WHERE shop_id = %s AND evotor_id = %s),
    (SELECT id FROM shops_terminal WHERE shop_id = %s AND evotor_id = %s),
    (SELECT id FROM shops_employee WHERE shop_id = %s AND evotor_id = %s)"""
# That this receipt is not there yet is not asked: where it is, its bill is paid, or its own constraint will say so.
READ_AROUND = f"""
SELECT {PLACES},
    EXISTS (SELECT FROM shops_receipt WHERE bill_id = bill.id)
    OR EXISTS (SELECT FROM shops_allocatedpart WHERE bill_id = bill.id)
FROM shops_bill bill WHERE shop_id = %s AND external_id = %s"""

# Of one without a bill nothing else would say beforehand that it is there already.
READ_AROUND_UNBILLED = f"""
SELECT {PLACES},
    EXISTS (SELECT FROM shops_receipt WHERE shop_id = %s AND receipt_id = %s)"""

READ_BILL_LINES = """
SELECT product_external_id, name, price, quantity, tax_rate, goods_type, mark FROM shops_billline
WHERE version_id = (
    SELECT stated.id FROM shops_bill bill JOIN shops_billversion stated
    ON stated.bill_id = bill.id AND stated.sequence = bill.version
    WHERE bill.shop_id = %s AND bill.external_id = %s)
ORDER BY position"""

# The lines, and what they say of products, each in one text of JSON: their fields are the names in it.
INSERT_LINES = """
    INSERT INTO shops_receiptline (receipt_id, position, product_external_id, name, price, quantity, discount, total,
        tax, tax_percent, item_type, unit)
    SELECT receipt.id, ordinality - 1, product_id, name, price, quantity, discount, total,
        tax, tax_percent, item_type, unit
    FROM receipt, ROWS FROM (json_to_recordset(%s) AS (
        product_id varchar, name text, price numeric, quantity numeric, discount numeric, total numeric, tax numeric,
        tax_percent numeric, item_type varchar, unit varchar
    )) WITH ORDINALITY AS told"""
INSERT_PRODUCTS = """
    INSERT INTO shops_product (shop_id, last_seen_at, external_id, name, unit, price, tax_rate)
    SELECT seen.shop_id, seen.at, told.*
    FROM entry, (VALUES (%s::integer, %s::timestamptz, %s::timestamptz)) AS seen (shop_id, at, again_after),
        json_to_recordset(%s) AS told (external_id varchar, name text, unit varchar, price numeric, tax_rate varchar)
    WHERE (
        SELECT count(*) FROM shops_product held
        WHERE held.shop_id = seen.shop_id AND held.external_id = told.external_id
        AND held.name = told.name AND held.unit = told.unit AND held.price = told.price
        AND held.tax_rate = told.tax_rate AND held.last_seen_at > seen.again_after
    ) = 0
    ON CONFLICT (shop_id, external_id) DO UPDATE
    SET last_seen_at = EXCLUDED.last_seen_at, name = EXCLUDED.name, unit = EXCLUDED.unit, price = EXCLUDED.price,
        tax_rate = EXCLUDED.tax_rate
    WHERE shops_product.last_seen_at <= EXCLUDED.last_seen_at"""

PAY_BILL = """, bill AS (
    UPDATE shops_bill SET unjudged_since = %s, on_offer = %s, offered_total = %s FROM entry WHERE shops_bill.id = %s
)"""


class SeenProduct(msgspec.Struct, gc=False):
    """What a line says of its product, by the columns of `Product`."""

    external_id: str
    name: str
    unit: str
    price: Decimal
    tax_rate: str


class Unusual(Exception):
    """The receipt is none of the ordinary ones."""


@dataclass(frozen=True, slots=True)
class Payment:
    """The bill that a receipt pays, by its key, and what is offered of it once the receipt is there."""

    bill_id: int
    offer: Offer


def record(request: NewEvent, message: Message, *, now: datetime, answered_at: datetime) -> bool:
    """Records a RECEIPT request and stores its empty answer, all or nothing; False where it is to be done plainly."""
    if message.error or len(message.receipts) != 1:
        return False
    event = message.receipts[0]
    reference = event.receipt.reference
    if reference.number and not reference.bill_id:
        return False  # its bill is to be found by a number, which several may have
    with pipelined_transaction():
        try:
            if reference.bill_id:
                receipt, payment = _read(request, event)
            else:
                receipt, payment = _read_unbilled(request, event, now), None
        except Unusual:
            return False  # with nothing written, and so nothing to undo
        answer = make_answer(request, b"", now=answered_at)
        written = _write(request, answer, event, receipt, payment, now)
    return bool(written.fetchall())


def _read(request: NewEvent, event: ReceiptEvent) -> tuple[Receipt, Payment]:
    """The receipt's row, and what it pays. Raises Unusual."""
    shop, said = request.shop_id, event.receipt
    named = (shop, said.reference.bill_id)
    bills = send(LOCK_BILL, named)
    shifts = send(LOCK_SHIFT, (shop, said.terminal_id, said.shift, said.shift))
    around = send(READ_AROUND, (*_list_places(shop, said), *named))
    lines = send(READ_BILL_LINES, named)
    bill, found = bills.fetchone(), around.fetchone()
    if bill is None or found is None:
        raise Unusual
    bill_id, contents_known, *stated, is_open = bill
    *place_ids, is_touched = found
    if not is_open or is_touched or not _is_shift_open(said, shifts.fetchall()):
        raise Unusual
    receipt = make_receipt(request, event, None)
    receipt.bill_id = bill_id
    _place(receipt, said, place_ids)
    stated.append(tuple(values.BillLine(*line) for line in lines.fetchall()) if contents_known else None)
    offer = offer_of(values.Bill(*stated), [_paying(receipt, said)], after_partial=request.shop.after_partial)
    return receipt, Payment(bill_id, offer)


def _read_unbilled(request: NewEvent, event: ReceiptEvent, now: datetime) -> Receipt:
    """The row of a receipt that names no bill: it is a case of its own. Raises Unusual."""
    shop, said = request.shop_id, event.receipt
    shifts = send(LOCK_SHIFT, (shop, said.terminal_id, said.shift, said.shift))
    around = send(READ_AROUND_UNBILLED, (*_list_places(shop, said), shop, said.receipt_id))
    [(*place_ids, is_there)] = around.fetchall()
    if is_there or not _is_shift_open(said, shifts.fetchall()):
        raise Unusual
    receipt = make_receipt(request, event, None)
    receipt.unjudged_since = now
    _place(receipt, said, place_ids)
    return receipt


def _list_places(shop: int, said: ReceiptStatement) -> tuple[object, ...]:
    """Where a receipt says that it was printed, and by whom, as the questions ask for it."""
    return shop, said.store_id, shop, said.terminal_id, shop, said.employee_id


def _is_shift_open(said: ReceiptStatement, shifts: Sequence[Row]) -> bool:
    return shifts == [(None,)] if said.terminal_id and said.shift else True


def _place(receipt: Receipt, said: ReceiptStatement, places: Sequence[int | None]) -> None:
    """Sets where it was printed and by whom. Raises Unusual where that is not known yet."""
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
    request: NewEvent,
    answer: NewEvent,
    event: ReceiptEvent,
    receipt: Receipt,
    payment: Payment | None,
    now: datetime,
) -> Any:
    """Sends all that the receipt changes. Nothing is written where the answer's place in the journal was taken."""
    arguments = [
        *list_entry_values(answer),
        *list_learned_values(request),
        *_list_values(receipt),
        _write_json(event.receipt.lines),
        *(request.pk, event.event_id, receipt.fingerprint),
        *(request.shop_id, request.occurred_at, request.occurred_at - SEEN_AGAIN_AFTER),
        _write_json(_list_products(event.receipt.lines)),
    ]
    if payment is not None:
        offer = payment.offer
        arguments += [now, offer.on_list, offer.total if offer.is_partial else None, payment.bill_id]
    return send(_write_statement(payment is not None), arguments)


@cache
def _write_statement(pays_bill: bool) -> str:
    fields = _list_fields()
    return f"""{ENTRY}{ANSWERED}, receipt AS (
    INSERT INTO shops_receipt ({name_columns(fields)}) SELECT {cast_places(fields)} FROM entry RETURNING id
), line AS ({INSERT_LINES}
), delivery AS (
    INSERT INTO shops_receiptdelivery (receipt_id, event_id, evotor_event_id, fingerprint)
    SELECT receipt.id, %s::bigint, %s::varchar, %s::varchar FROM receipt
), product AS ({INSERT_PRODUCTS}
){PAY_BILL if pays_bill else ""} SELECT id FROM entry"""


@cache
def _list_fields() -> "list[models.Field[Any, Any]]":
    return [field for field in Receipt._meta.concrete_fields if not field.primary_key]


def _list_values(receipt: Receipt) -> list[object]:
    found = (getattr(receipt, field.attname) for field in _list_fields())
    return [Jsonb(value) if isinstance(value, list) else value for value in found]


def _list_products(lines: Sequence[ReceiptLine]) -> list[SeenProduct]:
    """What is said of products: by the last line about each, in the order in which rows are locked."""
    seen = {
        line.product_id: SeenProduct(line.product_id, line.name, line.unit, line.price, name_rate(line))
        for line in lines
        if line.product_id
    }
    return [seen[product_id] for product_id in sorted(seen)]


def _write_json(rows: Sequence[msgspec.Struct]) -> str:
    return msgspec.json.encode(rows).decode()
