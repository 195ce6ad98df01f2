"""The v2 protocol: its messages as plain values.

Pure: no Django, no clock. What a message says, and how it is read: `wire_shapes` has the objects of its JSON and
`wire_fields` reads their fields; what a field means is in the project's description of the protocol. Unknown fields are
ignored (the message itself is kept verbatim elsewhere), fields that may be absent have a default, and what cannot be
understood raises `WireError`, which says what and where. What other apps put into a receipt's `extras` never does: a
sale is read whatever they wrote there.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from shops import wire_shapes as shapes
from shops.money import AMOUNT_LIMIT, ZERO, multiply
from shops.wire_fields import (
    INCORRECT,
    MISSING,
    WireError,
    decode,
    join_path,
    read_amount,
    read_flag,
    read_identifier,
    read_leniently,
    read_local_time,
    read_name,
    read_quantity,
    read_text,
    read_utc_time,
)

LIST, BILL, RECEIPT = "LIST", "BILL", "RECEIPT"
PUT_BILL, DELETE_BILL = "PUT_BILL", "DELETE_BILL"  # what a CRM sends to this program
KINDS = (LIST, BILL, RECEIPT, PUT_BILL, DELETE_BILL)


class Request(msgspec.Struct, frozen=True, gc=False):
    """A request of the journal: the query of the original's front controller, and the raw body."""

    path: str
    bill_id: str  # the bill a BILL request asks for
    number: str  # the bill number a LIST request filters by
    body: bytes  # JSON


class ListedBill(msgspec.Struct, frozen=True, gc=False):
    """One element of a LIST answer; `date` is in the shop's own time zone."""

    external_id: str
    date: datetime | None
    total: Decimal
    number: str
    customer_name: str


class Customer(msgspec.Struct, frozen=True, gc=False):
    external_id: str = ""
    name: str = ""
    full_name: str = ""
    taxpayer_number: str = ""  # ИНН


class BillLine(msgspec.Struct, frozen=True, gc=False):
    product_id: str
    name: str
    price: Decimal
    quantity: Decimal
    tax_rate: str  # as the CRM writes it: "5%"
    subject: str  # itemType, the subject of settlement (fiscal tag 1212): "1" goods, "3" work
    goods_type: str  # type: "NORMAL", "LIGHT_INDUSTRY_MARKED", "" for a delivery
    unit: str
    mark: str


class BillStatement(msgspec.Struct, frozen=True, gc=False):
    """A BILL answer: what the CRM asks to be paid."""

    external_id: str
    date: datetime | None
    total: Decimal
    number: str
    customer: Customer
    lines: tuple[BillLine, ...]
    prepayment: Decimal
    prepayment_enabled: bool

    @property
    def fingerprint(self) -> str:
        return _fingerprint(self)


class ReceiptLine(msgspec.Struct, frozen=True, gc=False):
    product_id: str
    name: str
    price: Decimal
    quantity: Decimal
    discount: Decimal
    total: Decimal  # sumPrice: what was paid for the line, after its discount
    tax: Decimal
    tax_percent: Decimal
    item_type: str
    unit: str


class BillReference(msgspec.Struct, frozen=True, gc=False):
    """What a receipt says of the bill it belongs to (`extras`, written by the register's app)."""

    bill_id: str = ""
    number: str = ""
    date: datetime | None = None
    customer: Customer = Customer()
    prepayment: Decimal = ZERO
    content_modified: bool = False
    new_content: tuple[tuple[str, Decimal], ...] = ()  # product id, quantity left on the receipt
    settlement_method: str = ""


class ReceiptStatement(msgspec.Struct, frozen=True, gc=False):
    """A receipt as Evotor delivers it."""

    receipt_id: str
    type: str
    printed_at: datetime | None
    total: Decimal
    tax: Decimal
    discount: Decimal
    informational: bool
    payment_source: str
    store_id: str
    terminal_id: str
    employee_id: str
    shift: str
    lines: tuple[ReceiptLine, ...]
    reference: BillReference

    @property
    def fingerprint(self) -> str:
        return _fingerprint(self)


class ReceiptEvent(msgspec.Struct, frozen=True, gc=False):
    """One delivery of a receipt: the event's id and the sender's account change, the receipt does not."""

    event_id: str
    user_id: str
    receipt: ReceiptStatement


class PartlyUnreadable(WireError):
    """An array of events with one that cannot be understood; `receipts` are those of the others."""

    def __init__(self, fault: WireError, receipts: Sequence[ReceiptEvent]) -> None:
        super().__init__(fault.code, fault.reason, fault.subject)
        self.receipts = tuple(receipts)


# --- reading -----------------------------------------------------------------------------------------------


def read_request(body: bytes) -> Request:
    """A request as the journal writes it. Raises WireError."""
    envelope = decode(shapes.decode_envelope, body)
    query = envelope.get if isinstance(envelope.get, dict) else {}
    path = read_text(query.get("q"), "get.q")
    bill_id = read_text(query.get("id"), "get.id") or find_bill_id(path)
    return Request(path, bill_id, read_text(query.get("number"), "get.number"), bytes(envelope.body))


def read_list(body: bytes) -> tuple[ListedBill, ...]:
    """A LIST answer; nothing for an error answer, or where there is nothing to list. Raises WireError."""
    if _says_nothing(body) or is_error_answer(body):
        return ()
    return tuple(_listed(row, f"[{index}]") for index, row in enumerate(decode(shapes.decode_listed, body)))


def read_bill(body: bytes) -> BillStatement | None:
    """A BILL answer; None where it says that there is no such bill. Raises WireError."""
    if _says_nothing(body) or is_error_answer(body):
        return None
    bill: shapes.Bill = decode(shapes.decode_bill, body)
    lines = tuple(_bill_line(line, f"products[{index}]") for index, line in enumerate(bill.products or ()))
    _check_worth(lines, "products")
    return BillStatement(
        external_id=read_identifier(bill.id, "id"),
        date=read_local_time(bill.date, "date"),
        total=read_amount(bill.summ, "summ"),
        number=read_text(bill.number, "number"),
        customer=_customer(bill.customer, "customer"),
        lines=lines,
        prepayment=read_amount(bill.prepayment or ZERO, "prepayment"),
        prepayment_enabled=read_flag(bill.prepaymentEnable),
    )


def read_bill_id(body: bytes) -> str:
    """The id that a bill states, also of one that is otherwise wrong; empty where there is none."""
    try:
        return read_identifier(decode(shapes.decode_bill_id, body).id, "id")
    except WireError:
        return ""


def split_bills(body: bytes) -> list[bytes]:
    """The bills of a request that brings many: the elements of an array, or one a line (NDJSON). Raises WireError."""
    if body.lstrip().startswith(b"["):
        return [bytes(element) for element in decode(shapes.decode_elements, body)]
    return [line for line in body.splitlines() if line.strip()]


def read_receipts(body: bytes) -> Sequence[ReceiptEvent]:
    """The receipts of a RECEIPT request's own body: one event, or an array of them. Raises WireError."""
    if not body.lstrip().startswith(b"["):
        return [_receipt_event(body, "")]
    events = decode(shapes.decode_elements, body)
    if not events:
        raise WireError(MISSING, "an empty array brings no receipt")
    receipts: list[ReceiptEvent] = []
    faults: list[WireError] = []
    for index, event in enumerate(events):
        try:
            receipts.append(_receipt_event(bytes(event), f"[{index}]"))
        except WireError as fault:
            faults.append(fault)
    if faults:
        raise PartlyUnreadable(faults[0], receipts)
    return receipts


def _says_nothing(body: bytes) -> bool:
    return body.strip() in (b"null", b"[]", b"{}")


def is_error_answer(body: bytes) -> bool:
    """Whether an answer is Evotor's `{"errors": [...]}`, which says nothing about bills."""
    return body.lstrip().startswith(b"{") and b'"errors"' in body[:40]


def _listed(row: shapes.Listed, at: str) -> ListedBill:
    return ListedBill(
        external_id=read_identifier(row.id, f"{at}.id"),
        date=read_local_time(row.date, f"{at}.date"),
        total=read_amount(row.summ, f"{at}.summ"),
        number=read_text(row.number, f"{at}.number"),
        customer_name=read_name(row.customername, f"{at}.customername"),
    )


def _bill_line(line: shapes.BillLine, at: str) -> BillLine:
    return BillLine(
        product_id=read_text(line.id, f"{at}.id"),
        name=read_text(line.prodname, f"{at}.prodname", limit=None),
        price=read_amount(line.price, f"{at}.price"),
        quantity=read_quantity(line.quantity, f"{at}.quantity"),
        tax_rate=read_text(line.taxrate, f"{at}.taxrate"),
        subject=read_text(line.itemType, f"{at}.itemType"),
        goods_type=read_text(line.type, f"{at}.type"),
        unit=read_text(line.unitname, f"{at}.unitname"),
        mark=read_text(line.mark, f"{at}.mark", limit=None),
    )


def _receipt_event(body: bytes, at: str) -> ReceiptEvent:
    event: shapes.Event = decode(shapes.decode_event, body, at)
    receipt = _receipt(event.data, join_path(at, "data"))
    return ReceiptEvent(
        read_text(event.id, join_path(at, "id")), read_text(event.userId, join_path(at, "userId")), receipt
    )


def _receipt(data: shapes.Receipt, at: str) -> ReceiptStatement:
    lines = tuple(_receipt_line(line, f"{at}.items[{index}]") for index, line in enumerate(data.items or ()))
    _check_worth(lines, f"{at}.items")
    return ReceiptStatement(
        receipt_id=read_identifier(data.id, f"{at}.id"),
        type=read_identifier(data.type, f"{at}.type"),
        printed_at=read_utc_time(data.dateTime, f"{at}.dateTime"),
        total=read_amount(data.totalAmount, f"{at}.totalAmount"),
        tax=read_amount(data.totalTax or ZERO, f"{at}.totalTax"),
        discount=read_amount(data.totalDiscount or ZERO, f"{at}.totalDiscount"),
        informational=bool(data.infoCheck),
        payment_source=read_text(data.paymentSource, f"{at}.paymentSource"),
        store_id=read_text(data.storeId, f"{at}.storeId"),
        terminal_id=read_text(data.deviceId, f"{at}.deviceId"),
        employee_id=read_text(data.employeeId, f"{at}.employeeId"),
        shift=read_text(data.shiftId, f"{at}.shiftId"),
        lines=lines,
        reference=_reference(bytes(data.extras)),
    )


def _receipt_line(line: shapes.ReceiptLine, at: str) -> ReceiptLine:
    return ReceiptLine(
        product_id=read_text(line.id, f"{at}.id"),
        name=read_text(line.name, f"{at}.name", limit=None),
        price=read_amount(line.price, f"{at}.price"),
        quantity=read_quantity(line.quantity, f"{at}.quantity"),
        discount=read_amount(line.discount or ZERO, f"{at}.discount"),
        total=read_amount(line.sumPrice, f"{at}.sumPrice"),
        tax=read_amount(line.tax or ZERO, f"{at}.tax"),
        tax_percent=read_amount(line.taxPercent or ZERO, f"{at}.taxPercent"),
        item_type=read_text(line.itemType, f"{at}.itemType"),
        unit=read_text(line.measureName, f"{at}.measureName"),
    )


def _reference(extras: bytes) -> BillReference:
    """What `extras` says of the bill. A sale without a bill has other extras, `[]` or none."""
    said: shapes.Extras = read_leniently(shapes.decode_extras, extras, lambda said: said, shapes.Extras())
    return BillReference(
        bill_id=read_leniently(shapes.decode_text, said.billId, _plain_text, ""),
        number=read_leniently(shapes.decode_text, said.number, _plain_text, ""),
        date=read_leniently(shapes.decode_text, said.date, lambda date: read_local_time(_plain_text(date), ""), None),
        customer=read_leniently(
            shapes.decode_customer, said.customer, lambda customer: _customer(customer, ""), Customer()
        ),
        prepayment=read_leniently(
            shapes.decode_number, said.prepayment, lambda amount: read_amount(amount or ZERO, ""), ZERO
        ),
        content_modified=read_leniently(shapes.decode_flag, said.contentModified, read_flag, False),
        new_content=read_leniently(shapes.decode_new_content, said.newContent, _new_content, ()),
        settlement_method=read_leniently(shapes.decode_settlement, said.settlementMethod, _settlement_method, ""),
    )


def _plain_text(value: shapes.Text) -> str:
    return read_text(value, "").strip()


def _new_content(items: list[shapes.NewContent] | None) -> tuple[tuple[str, Decimal], ...]:
    return tuple((read_text(item.id, ""), read_quantity(item.newQuantity or ZERO, "")) for item in items or ())


def _settlement_method(value: shapes.Settlement | shapes.Text) -> str:
    """The method's name; a method with an amount may come as an object with its `type`."""
    return _plain_text(value.type if isinstance(value, shapes.Settlement) else value)


def _customer(customer: shapes.Customer | list[Any] | str | None, at: str) -> Customer:
    if not isinstance(customer, shapes.Customer):
        return Customer()
    return Customer(
        external_id=read_text(customer.id, f"{at}.id"),
        name=read_name(customer.name, f"{at}.name"),
        full_name=read_name(customer.fullname, f"{at}.fullname"),
        taxpayer_number=read_text(customer.inn, f"{at}.inn").strip(),
    )


def _check_worth(lines: Sequence[BillLine | ReceiptLine], at: str) -> None:
    """What all the lines cost must be an amount too: each may be in range and their sum is not."""
    if sum(abs(multiply(line.price, line.quantity)) for line in lines) >= AMOUNT_LIMIT:
        raise WireError(INCORRECT, "incorrect: the lines cost more than any amount", at)


def find_bill_id(path: str) -> str:
    _, found, bill_id = path.partition("/bill/byid/")
    return bill_id.strip("/") if found else ""


def _fingerprint(statement: BillStatement | ReceiptStatement) -> str:
    return hashlib.sha256(msgspec.json.encode(statement)).hexdigest()
