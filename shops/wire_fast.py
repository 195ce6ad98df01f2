"""The usual messages of the v2 protocol, each read at once. Pure.

`shops.wire` reads every message and says what is wrong with it; it decodes part by part and checks field by field. What
is usual is known by its types and lengths alone, which the decoder sees to while it decodes. So each function here
gives exactly what `shops.wire` gives, or None for a message that needs more than that: `shops.wire` is to be asked.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec

from shops.money import AMOUNT_LIMIT, ZERO, take_amount, take_quantity
from shops.wire import (
    BillLine,
    BillReference,
    BillStatement,
    Customer,
    ListedBill,
    ReceiptEvent,
    ReceiptLine,
    ReceiptStatement,
    find_bill_id,
)
from shops.wire_fields import IDENTIFIER_LENGTH, read_flag, read_local_time, read_name, read_text, read_utc_time

Value = TypeVar("Value")

Short = Annotated[str, msgspec.Meta(max_length=IDENTIFIER_LENGTH)]
Whole = Annotated[int, msgspec.Meta(ge=-(1 << 62), le=1 << 62)]
Text = Short | Whole | None
LongText = str | Whole | None

NUL_BYTE, NUL_ESCAPE = b"\0", b"\\u0000"


class UsualListed(msgspec.Struct, gc=False):
    id: Short | Whole
    summ: Decimal
    date: str | None = None
    number: Text = None
    customername: LongText = None


class UsualCustomer(msgspec.Struct, gc=False):
    id: Text = None
    name: LongText = None
    fullname: LongText = None
    inn: Text = None


class UsualBillLine(msgspec.Struct, gc=False):
    price: Decimal
    quantity: Decimal
    id: Text = None
    prodname: str | None = None
    taxrate: Text = None
    itemType: Text = None
    type: Text = None
    unitname: Short | None = None
    mark: str | None = None


class UsualBill(msgspec.Struct, gc=False):
    id: Short | Whole
    summ: Decimal
    date: str | None = None
    number: Text = None
    customer: UsualCustomer | list[Any] | str | None = None
    products: list[UsualBillLine] | None = None
    prepayment: Decimal | None = None
    prepaymentEnable: bool | str | int | None = None


class UsualReceiptLine(msgspec.Struct, gc=False):
    sumPrice: Decimal
    price: Decimal
    quantity: Decimal
    id: Text = None
    name: str | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    taxPercent: Decimal | None = None
    itemType: Text = None
    measureName: Short | None = None


class UsualNewContent(msgspec.Struct, gc=False):
    id: Text = None
    newQuantity: Decimal | None = None


class UsualExtras(msgspec.Struct, gc=False):
    billId: Text = None
    number: Text = None
    date: Short | None = None
    customer: UsualCustomer | list[Any] | str | None = None
    prepayment: Decimal | None = None
    contentModified: bool | None = None
    newContent: list[UsualNewContent] | None = None
    settlementMethod: Text = None


class UsualReceipt(msgspec.Struct, gc=False):
    id: Short | Whole
    type: Short
    totalAmount: Decimal
    items: list[UsualReceiptLine] | None = None
    extras: UsualExtras | list[Any] | None = None
    dateTime: str | None = None
    totalTax: Decimal | None = None
    totalDiscount: Decimal | None = None
    infoCheck: bool | None = None
    paymentSource: Text = None
    storeId: Text = None
    deviceId: Text = None
    employeeId: Text = None
    shiftId: Text = None


class UsualEvent(msgspec.Struct, gc=False):
    data: UsualReceipt
    id: Text = None
    userId: Text = None


class UsualQuery(msgspec.Struct, gc=False):
    get: dict[str, Any] | list[Any] | None = None


class UsualReceiptRequest(msgspec.Struct, gc=False):
    body: UsualEvent
    get: dict[str, Any] | list[Any] | None = None


_decode_listed = msgspec.json.Decoder(list[UsualListed]).decode
_decode_bill = msgspec.json.Decoder(UsualBill).decode
_decode_event = msgspec.json.Decoder(UsualEvent).decode
_decode_query = msgspec.json.Decoder(UsualQuery).decode
_decode_receipt_request = msgspec.json.Decoder(UsualReceiptRequest).decode

_NOTHING = Customer()


def read_usual_query(body: bytes) -> tuple[str, str] | None:
    """The bill that a request of LIST or BILL names in its query: its id, and its number."""
    return _read(_decode_query, body, lambda request: _query(request.get))


def read_usual_receipt_request(body: bytes) -> ReceiptEvent | None:
    """What a request of RECEIPT brings, as the journal writes it."""
    return _read(_decode_receipt_request, body, _receipt_request)


def read_usual_receipt(body: bytes) -> ReceiptEvent | None:
    """What the own body of a request of RECEIPT brings: one event."""
    return _read(_decode_event, body, _event)


def read_usual_list(body: bytes) -> tuple[ListedBill, ...] | None:
    """What a LIST answer lists."""
    return _read(_decode_listed, body, lambda rows: tuple(_listed(row) for row in rows))


def read_usual_bill(body: bytes) -> BillStatement | None:
    """What a BILL answer states."""
    return None if b'"errors"' in body[:40] else _read(_decode_bill, body, _bill)


def _read(decode: Callable[[bytes], Any], body: bytes, read: Callable[[Any], Value]) -> Value | None:
    """A NUL is refused in many places, and is so rare that one look for it anywhere does."""
    if NUL_BYTE in body or NUL_ESCAPE in body:
        return None
    try:
        body.decode()  # the decoder does not look into what it skips
        return read(decode(body))
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _query(get: object) -> tuple[str, str]:
    query = get if isinstance(get, dict) else {}
    path = read_text(query.get("q"), "get.q")
    bill_id = read_text(query.get("id"), "get.id") or find_bill_id(path)
    return bill_id, read_text(query.get("number"), "get.number")


def _receipt_request(request: UsualReceiptRequest) -> ReceiptEvent:
    _query(request.get)  # one that cannot be read spoils the request
    return _event(request.body)


def _optional_amount(number: Decimal | None) -> Decimal:
    return take_amount(number) if number else ZERO


def _text(value: str | int | None) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _identifier(value: str | int) -> str:
    text = str(value).strip()
    if not text:
        raise ValueError
    return text


def _listed(row: UsualListed) -> ListedBill:
    return ListedBill(
        external_id=_identifier(row.id),
        date=read_local_time(row.date, ""),
        total=take_amount(row.summ),
        number=_text(row.number),
        customer_name=read_name(row.customername, ""),
    )


def _customer(customer: UsualCustomer | list[Any] | str | None) -> Customer:
    if not isinstance(customer, UsualCustomer):
        return _NOTHING
    return Customer(
        external_id=_text(customer.id),
        name=read_name(customer.name, ""),
        full_name=read_name(customer.fullname, ""),
        taxpayer_number=_text(customer.inn).strip(),
    )


def _bill(bill: UsualBill) -> BillStatement:
    lines = tuple(_bill_line(line) for line in bill.products or ())
    _check_worth(lines)
    return BillStatement(
        external_id=_identifier(bill.id),
        date=read_local_time(bill.date, ""),
        total=take_amount(bill.summ),
        number=_text(bill.number),
        customer=_customer(bill.customer),
        lines=lines,
        prepayment=_optional_amount(bill.prepayment),
        prepayment_enabled=read_flag(bill.prepaymentEnable),
    )


def _bill_line(line: UsualBillLine) -> BillLine:
    return BillLine(
        product_id=_text(line.id),
        name=line.prodname or "",
        price=take_amount(line.price),
        quantity=take_quantity(line.quantity),
        tax_rate=_text(line.taxrate),
        subject=_text(line.itemType),
        goods_type=_text(line.type),
        unit=line.unitname or "",
        mark=line.mark or "",
    )


def _event(event: UsualEvent) -> ReceiptEvent:
    return ReceiptEvent(_text(event.id), _text(event.userId), _receipt(event.data))


def _receipt(data: UsualReceipt) -> ReceiptStatement:
    lines = tuple(_receipt_line(line) for line in data.items or ())
    _check_worth(lines)
    return ReceiptStatement(
        receipt_id=_identifier(data.id),
        type=_identifier(data.type),
        printed_at=read_utc_time(data.dateTime, ""),
        total=take_amount(data.totalAmount),
        tax=_optional_amount(data.totalTax),
        discount=_optional_amount(data.totalDiscount),
        informational=bool(data.infoCheck),
        payment_source=_text(data.paymentSource),
        store_id=_text(data.storeId),
        terminal_id=_text(data.deviceId),
        employee_id=_text(data.employeeId),
        shift=_text(data.shiftId),
        lines=lines,
        reference=_reference(data.extras),
    )


def _receipt_line(line: UsualReceiptLine) -> ReceiptLine:
    return ReceiptLine(
        product_id=_text(line.id),
        name=line.name or "",
        price=take_amount(line.price),
        quantity=take_quantity(line.quantity),
        discount=_optional_amount(line.discount),
        total=take_amount(line.sumPrice),
        tax=_optional_amount(line.tax),
        tax_percent=_optional_amount(line.taxPercent),
        item_type=_text(line.itemType),
        unit=line.measureName or "",
    )


def _reference(extras: UsualExtras | list[Any] | None) -> BillReference:
    if not isinstance(extras, UsualExtras):
        return BillReference()
    return BillReference(
        bill_id=_text(extras.billId).strip(),
        number=_text(extras.number).strip(),
        date=read_local_time(extras.date and extras.date.strip(), ""),
        customer=_customer(extras.customer),
        prepayment=_optional_amount(extras.prepayment),
        content_modified=bool(extras.contentModified),
        new_content=tuple(
            (_text(item.id), take_quantity(item.newQuantity or ZERO)) for item in extras.newContent or ()
        ),
        settlement_method=_text(extras.settlementMethod).strip(),
    )


def _check_worth(lines: tuple[BillLine, ...] | tuple[ReceiptLine, ...]) -> None:
    """Far below the limit nothing has to be rounded to be sure."""
    if sum(abs(line.price * line.quantity) for line in lines) * 2 >= AMOUNT_LIMIT:
        raise ValueError
