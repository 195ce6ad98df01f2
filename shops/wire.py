"""The v2 protocol: its messages as plain values.

Pure: no Django, no clock. Every shape of the wire stands here and nowhere else; what a field means is in the
project's description of the protocol. Unknown fields are ignored (the message itself is kept verbatim elsewhere),
fields that may be absent have a default, and what cannot be understood raises `WireError`, which says what and where.
What other apps put into a receipt's `extras` never does: a sale is read whatever they wrote there.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from shops.money import AMOUNT_LIMIT, ZERO, multiply, parse_amount, parse_quantity

LIST, BILL, RECEIPT = "LIST", "BILL", "RECEIPT"
KINDS = (LIST, BILL, RECEIPT)

IDENTIFIER_LENGTH = 200

Value = TypeVar("Value")

MALFORMED, MISSING, INCORRECT = 2001, 2002, 2003  # Evotor's error codes


class WireError(ValueError):
    """A message that cannot be understood: Evotor's `code`, a `reason`, and the `subject`, the path of the field.

    `receipts` are those of an array of events that could be understood nevertheless: each stands on its own merits.
    """

    def __init__(self, code: int, reason: str, subject: str = "", *, receipts: "Sequence[ReceiptEvent]" = ()) -> None:
        super().__init__(f"{subject}: {reason}" if subject else reason)
        self.code, self.reason, self.subject, self.receipts = code, reason, subject, tuple(receipts)


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the journal: the query of the original's front controller, and the raw body."""

    path: str
    bill_id: str  # the bill a BILL request asks for
    number: str  # the bill number a LIST request filters by
    body: bytes  # JSON


@dataclass(frozen=True, slots=True)
class ListedBill:
    """One element of a LIST answer; `date` is in the shop's own time zone."""

    external_id: str
    date: datetime | None
    total: Decimal
    number: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class Customer:
    external_id: str = ""
    name: str = ""
    full_name: str = ""
    taxpayer_number: str = ""  # ИНН


@dataclass(frozen=True, slots=True)
class BillLine:
    product_id: str
    name: str
    price: Decimal
    quantity: Decimal
    tax_rate: str  # as the CRM writes it: "5%"
    subject: str  # itemType, the subject of settlement (fiscal tag 1212): "1" goods, "3" work
    goods_type: str  # type: "NORMAL", "LIGHT_INDUSTRY_MARKED", "" for a delivery
    unit: str
    mark: str


@dataclass(frozen=True, slots=True)
class BillStatement:
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


@dataclass(frozen=True, slots=True)
class ReceiptLine:
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


@dataclass(frozen=True, slots=True)
class BillReference:
    """What a receipt says of the bill it belongs to (`extras`, written by the register's app)."""

    bill_id: str = ""
    number: str = ""
    date: datetime | None = None
    customer: Customer = Customer()
    prepayment: Decimal = ZERO
    content_modified: bool = False
    new_content: tuple[tuple[str, Decimal], ...] = ()  # product id, quantity left on the receipt
    settlement_method: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptStatement:
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


@dataclass(frozen=True, slots=True)
class ReceiptEvent:
    """One delivery of a receipt: the event's id and the sender's account change, the receipt does not."""

    event_id: str
    user_id: str
    receipt: ReceiptStatement


# --- the wire's own types: only what is read ---------------------------------------------------------------

Text = str | int | None
NULL = msgspec.Raw(b"null")


class _Envelope(msgspec.Struct):
    get: dict[str, Any] | list[Any] | None = None
    body: msgspec.Raw = NULL


class _Listed(msgspec.Struct):
    id: str | int
    summ: Decimal
    date: str | None = None
    number: Text = None
    customername: Text = None


class _Customer(msgspec.Struct):
    id: Text = None
    name: Text = None
    fullname: Text = None
    inn: Text = None


class _BillLine(msgspec.Struct):
    price: Decimal
    quantity: Decimal
    id: Text = None
    prodname: str | None = None
    taxrate: Text = None
    itemType: Text = None
    type: Text = None
    unitname: str | None = None
    mark: str | None = None


class _Bill(msgspec.Struct):
    id: str | int
    summ: Decimal
    date: str | None = None
    number: Text = None
    customer: _Customer | list[Any] | str | None = None  # `[]` and "" stand for none
    products: list[_BillLine] | None = None
    prepayment: Decimal | None = None
    prepaymentEnable: bool | Text = None


class _ReceiptLine(msgspec.Struct):
    sumPrice: Decimal
    price: Decimal
    quantity: Decimal
    id: Text = None
    name: str | None = None
    discount: Decimal | None = None
    tax: Decimal | None = None
    taxPercent: Decimal | None = None
    itemType: Text = None
    measureName: str | None = None


class _NewContent(msgspec.Struct):
    id: Text = None
    newQuantity: Decimal | None = None


class _Extras(msgspec.Struct):
    """Each field is read by itself, so that one odd field spoils neither the others nor the receipt."""

    billId: msgspec.Raw = NULL
    number: msgspec.Raw = NULL
    date: msgspec.Raw = NULL
    customer: msgspec.Raw = NULL
    prepayment: msgspec.Raw = NULL
    contentModified: msgspec.Raw = NULL
    newContent: msgspec.Raw = NULL
    settlementMethod: msgspec.Raw = NULL


class _Settlement(msgspec.Struct):
    """A method with an amount (PartialSettlement)."""

    type: Text = None


class _Receipt(msgspec.Struct):
    id: str | int
    type: str
    totalAmount: Decimal
    items: list[_ReceiptLine] | None = None
    extras: msgspec.Raw = NULL
    dateTime: str | None = None
    totalTax: Decimal | None = None
    totalDiscount: Decimal | None = None
    infoCheck: bool | None = None
    paymentSource: Text = None
    storeId: Text = None
    deviceId: Text = None
    employeeId: Text = None
    shiftId: Text = None


class _Event(msgspec.Struct):
    data: _Receipt
    id: Text = None
    userId: Text = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_listed = msgspec.json.Decoder(list[_Listed]).decode
_decode_bill = msgspec.json.Decoder(_Bill).decode
_decode_extras = msgspec.json.Decoder(_Extras).decode
_decode_text = msgspec.json.Decoder(Text).decode
_decode_number = msgspec.json.Decoder(Decimal | None).decode
_decode_flag = msgspec.json.Decoder(bool | Text).decode
_decode_customer = msgspec.json.Decoder(_Customer | None).decode
_decode_new_content = msgspec.json.Decoder(list[_NewContent] | None).decode
_decode_settlement = msgspec.json.Decoder(_Settlement | Text).decode
_decode_event = msgspec.json.Decoder(_Event).decode
_decode_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode


# --- reading -----------------------------------------------------------------------------------------------


def read_request(body: bytes) -> Request:
    """A request as the journal writes it. Raises WireError."""
    envelope = _decode(_decode_envelope, body)
    query = envelope.get if isinstance(envelope.get, dict) else {}
    path = _text(query.get("q"), "get.q")
    bill_id = _text(query.get("id"), "get.id") or _bill_id_of(path)
    return Request(path, bill_id, _text(query.get("number"), "get.number"), bytes(envelope.body))


def read_list(body: bytes) -> tuple[ListedBill, ...]:
    """A LIST answer; nothing for an error answer, or where there is nothing to list. Raises WireError."""
    if _says_nothing(body) or is_error_answer(body):
        return ()
    return tuple(_listed(row, f"[{index}]") for index, row in enumerate(_decode(_decode_listed, body)))


def read_bill(body: bytes) -> BillStatement | None:
    """A BILL answer; None where it says that there is no such bill. Raises WireError."""
    if _says_nothing(body) or is_error_answer(body):
        return None
    bill: _Bill = _decode(_decode_bill, body)
    lines = tuple(_bill_line(line, f"products[{index}]") for index, line in enumerate(bill.products or ()))
    _check_worth(lines, "products")
    return BillStatement(
        external_id=_identifier(bill.id, "id"),
        date=_local_time(bill.date, "date"),
        total=_amount(bill.summ, "summ"),
        number=_text(bill.number, "number"),
        customer=_customer(bill.customer, "customer"),
        lines=lines,
        prepayment=_amount(bill.prepayment or ZERO, "prepayment"),
        prepayment_enabled=_flag(bill.prepaymentEnable),
    )


def read_receipts(body: bytes) -> Sequence[ReceiptEvent]:
    """The receipts of a RECEIPT request's own body: one event, or an array of them. Raises WireError."""
    if not body.lstrip().startswith(b"["):
        return [_receipt_event(body, "")]
    events = _decode(_decode_elements, body)
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
        raise WireError(faults[0].code, faults[0].reason, faults[0].subject, receipts=receipts)
    return receipts


def _says_nothing(body: bytes) -> bool:
    return body.strip() in (b"null", b"[]", b"{}")


def is_error_answer(body: bytes) -> bool:
    """Whether an answer is Evotor's `{"errors": [...]}`, which says nothing about bills."""
    return body.lstrip().startswith(b"{") and b'"errors"' in body[:40]


def _listed(row: _Listed, at: str) -> ListedBill:
    return ListedBill(
        external_id=_identifier(row.id, f"{at}.id"),
        date=_local_time(row.date, f"{at}.date"),
        total=_amount(row.summ, f"{at}.summ"),
        number=_text(row.number, f"{at}.number"),
        customer_name=_name(row.customername, f"{at}.customername"),
    )


def _bill_line(line: _BillLine, at: str) -> BillLine:
    return BillLine(
        product_id=_text(line.id, f"{at}.id"),
        name=_text(line.prodname, f"{at}.prodname", limit=None),
        price=_amount(line.price, f"{at}.price"),
        quantity=_quantity(line.quantity, f"{at}.quantity"),
        tax_rate=_text(line.taxrate, f"{at}.taxrate"),
        subject=_text(line.itemType, f"{at}.itemType"),
        goods_type=_text(line.type, f"{at}.type"),
        unit=_text(line.unitname, f"{at}.unitname"),
        mark=_text(line.mark, f"{at}.mark", limit=None),
    )


def _receipt_event(body: bytes, at: str) -> ReceiptEvent:
    event: _Event = _decode(_decode_event, body, at)
    receipt = _receipt(event.data, _join(at, "data"))
    return ReceiptEvent(_text(event.id, _join(at, "id")), _text(event.userId, _join(at, "userId")), receipt)


def _receipt(data: _Receipt, at: str) -> ReceiptStatement:
    lines = tuple(_receipt_line(line, f"{at}.items[{index}]") for index, line in enumerate(data.items or ()))
    _check_worth(lines, f"{at}.items")
    return ReceiptStatement(
        receipt_id=_identifier(data.id, f"{at}.id"),
        type=_identifier(data.type, f"{at}.type"),
        printed_at=_utc_time(data.dateTime, f"{at}.dateTime"),
        total=_amount(data.totalAmount, f"{at}.totalAmount"),
        tax=_amount(data.totalTax or ZERO, f"{at}.totalTax"),
        discount=_amount(data.totalDiscount or ZERO, f"{at}.totalDiscount"),
        informational=bool(data.infoCheck),
        payment_source=_text(data.paymentSource, f"{at}.paymentSource"),
        store_id=_text(data.storeId, f"{at}.storeId"),
        terminal_id=_text(data.deviceId, f"{at}.deviceId"),
        employee_id=_text(data.employeeId, f"{at}.employeeId"),
        shift=_text(data.shiftId, f"{at}.shiftId"),
        lines=lines,
        reference=_reference(bytes(data.extras)),
    )


def _receipt_line(line: _ReceiptLine, at: str) -> ReceiptLine:
    return ReceiptLine(
        product_id=_text(line.id, f"{at}.id"),
        name=_text(line.name, f"{at}.name", limit=None),
        price=_amount(line.price, f"{at}.price"),
        quantity=_quantity(line.quantity, f"{at}.quantity"),
        discount=_amount(line.discount or ZERO, f"{at}.discount"),
        total=_amount(line.sumPrice, f"{at}.sumPrice"),
        tax=_amount(line.tax or ZERO, f"{at}.tax"),
        tax_percent=_amount(line.taxPercent or ZERO, f"{at}.taxPercent"),
        item_type=_text(line.itemType, f"{at}.itemType"),
        unit=_text(line.measureName, f"{at}.measureName"),
    )


def _reference(extras: bytes) -> BillReference:
    """What `extras` says of the bill. A sale without a bill has other extras, `[]` or none."""
    said: _Extras = _lenient(_decode_extras, extras, lambda said: said, _Extras())
    return BillReference(
        bill_id=_lenient(_decode_text, said.billId, _plain_text, ""),
        number=_lenient(_decode_text, said.number, _plain_text, ""),
        date=_lenient(_decode_text, said.date, lambda date: _local_time(_plain_text(date), ""), None),
        customer=_lenient(_decode_customer, said.customer, lambda customer: _customer(customer, ""), Customer()),
        prepayment=_lenient(_decode_number, said.prepayment, lambda amount: _amount(amount or ZERO, ""), ZERO),
        content_modified=_lenient(_decode_flag, said.contentModified, _flag, False),
        new_content=_lenient(_decode_new_content, said.newContent, _new_content, ()),
        settlement_method=_lenient(_decode_settlement, said.settlementMethod, _settlement_method, ""),
    )


def _lenient(decoder: Any, body: bytes | msgspec.Raw, read: Callable[[Any], Value], otherwise: Value) -> Value:
    """What `read` makes of a part that the message can do without; `otherwise` where it makes nothing of it."""
    try:
        return read(_decode(decoder, bytes(body)))
    except WireError:
        return otherwise


def _plain_text(value: Text) -> str:
    return _text(value, "").strip()


def _new_content(items: list[_NewContent] | None) -> tuple[tuple[str, Decimal], ...]:
    return tuple((_text(item.id, ""), _quantity(item.newQuantity or ZERO, "")) for item in items or ())


def _settlement_method(value: _Settlement | Text) -> str:
    """The method's name; a method with an amount may come as an object with its `type`."""
    return _plain_text(value.type if isinstance(value, _Settlement) else value)


def _customer(customer: _Customer | list[Any] | str | None, at: str) -> Customer:
    if not isinstance(customer, _Customer):
        return Customer()
    return Customer(
        external_id=_text(customer.id, f"{at}.id"),
        name=_name(customer.name, f"{at}.name"),
        full_name=_name(customer.fullname, f"{at}.fullname"),
        taxpayer_number=_text(customer.inn, f"{at}.inn").strip(),
    )


# --- leaves ------------------------------------------------------------------------------------------------


def _decode(decoder: Any, body: bytes, at: str = "") -> Any:
    try:
        body.decode()  # The decoder looks at the fields it knows only; what is no UTF-8 anywhere is no JSON.
        return decoder(body)
    except msgspec.ValidationError as error:
        raise _shape_error(str(error), at) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
        raise WireError(MALFORMED, reason, at) from None


def _shape_error(message: str, at: str) -> WireError:
    """Evotor's code for what msgspec says, which ends in "- at `$.data.items[0].price`"."""
    reason, _, path = message.partition(" - at ")
    subject = _join(at, path.strip("`").removeprefix("$").removeprefix("."))
    missing = re.match(r"Object missing required field `(\w+)`", reason)
    if missing:
        return WireError(MISSING, "missing", _join(subject, missing[1]))
    return WireError(INCORRECT, f"incorrect: {reason}", subject)


def _join(*path: str) -> str:
    return ".".join(part for part in path if part)


def _text(value: object, at: str, *, limit: int | None = IDENTIFIER_LENGTH) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise WireError(INCORRECT, "incorrect: not a text", at)
    text = str(value)
    if "\0" in text or (limit is not None and len(text) > limit):
        raise WireError(INCORRECT, "incorrect: holds a NUL character or is too long", at)
    return text


def _name(value: object, at: str) -> str:
    """A name for people, cut to what is stored: a long one is no reason to refuse a message."""
    return _text(value, at, limit=None).strip()[:IDENTIFIER_LENGTH]


def _flag(value: object) -> bool:
    """A truth value, which a CRM may write as 0 and 1, or as a text."""
    return value not in (None, False, 0, "", "0", "false")


def _identifier(value: object, at: str) -> str:
    text = _text(value, at).strip()
    if not text:
        raise WireError(MISSING, "missing", at)
    return text


def _amount(value: Decimal, at: str) -> Decimal:
    try:
        return parse_amount(value)
    except ValueError as error:
        raise WireError(INCORRECT, f"incorrect: {error}", at) from None


def _quantity(value: Decimal, at: str) -> Decimal:
    try:
        return parse_quantity(value)
    except ValueError as error:
        raise WireError(INCORRECT, f"incorrect: {error}", at) from None


def _check_worth(lines: Sequence[BillLine | ReceiptLine], at: str) -> None:
    """What all the lines cost must be an amount too: each may be in range and their sum is not."""
    if sum(abs(multiply(line.price, line.quantity)) for line in lines) >= AMOUNT_LIMIT:
        raise WireError(INCORRECT, "incorrect: the lines cost more than any amount", at)


def _local_time(value: str | None, at: str) -> datetime | None:
    """A time in the shop's own zone, as the CRM writes it; naive."""
    if not value:
        return None
    time = _time(value, at)
    return time.replace(tzinfo=None)


def _utc_time(value: str | None, at: str) -> datetime | None:
    """A time with its offset, as Evotor writes it; UTC where it says none."""
    if not value:
        return None
    time = _time(value, at)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _time(value: str, at: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise WireError(INCORRECT, f"incorrect: {value[:40]!r} is no time", at) from None
    if not 1970 <= time.year <= 9000:
        raise WireError(INCORRECT, f"incorrect: the year {time.year}", at)
    return time


def _bill_id_of(path: str) -> str:
    _, found, bill_id = path.partition("/bill/byid/")
    return bill_id.strip("/") if found else ""


def _fingerprint(statement: BillStatement | ReceiptStatement) -> str:
    return hashlib.sha256(msgspec.json.encode(statement)).hexdigest()
