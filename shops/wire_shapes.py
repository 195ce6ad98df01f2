"""The v2 protocol as JSON: its objects with the fields that are read, and their decoders.

Pure. Imported by `shops.wire` alone, which makes plain values of them.
"""

from decimal import Decimal
from typing import Any

import msgspec

Text = str | int | None
NULL = msgspec.Raw(b"null")


class Envelope(msgspec.Struct):
    get: dict[str, Any] | list[Any] | None = None
    body: msgspec.Raw = NULL


class Listed(msgspec.Struct):
    id: str | int
    summ: Decimal
    date: str | None = None
    number: Text = None
    customername: Text = None


class Customer(msgspec.Struct):
    id: Text = None
    name: Text = None
    fullname: Text = None
    inn: Text = None


class BillLine(msgspec.Struct):
    price: Decimal
    quantity: Decimal
    id: Text = None
    prodname: str | None = None
    taxrate: Text = None
    itemType: Text = None
    type: Text = None
    unitname: str | None = None
    mark: str | None = None


class BillId(msgspec.Struct):
    id: str | int


class Bill(msgspec.Struct):
    id: str | int
    summ: Decimal
    date: str | None = None
    number: Text = None
    customer: Customer | list[Any] | str | None = None  # `[]` and "" stand for none
    products: list[BillLine] | None = None
    prepayment: Decimal | None = None
    prepaymentEnable: bool | Text = None


class ReceiptLine(msgspec.Struct):
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


class NewContent(msgspec.Struct):
    id: Text = None
    newQuantity: Decimal | None = None


class Extras(msgspec.Struct):
    """Each field is read by itself, so that one odd field spoils neither the others nor the receipt."""

    billId: msgspec.Raw = NULL
    number: msgspec.Raw = NULL
    date: msgspec.Raw = NULL
    customer: msgspec.Raw = NULL
    prepayment: msgspec.Raw = NULL
    contentModified: msgspec.Raw = NULL
    newContent: msgspec.Raw = NULL
    settlementMethod: msgspec.Raw = NULL


class Settlement(msgspec.Struct):
    """A method with an amount (PartialSettlement)."""

    type: Text = None


class Receipt(msgspec.Struct):
    id: str | int
    type: str
    totalAmount: Decimal
    items: list[ReceiptLine] | None = None
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


class Event(msgspec.Struct):
    data: Receipt
    id: Text = None
    userId: Text = None


decode_envelope = msgspec.json.Decoder(Envelope).decode
decode_listed = msgspec.json.Decoder(list[Listed]).decode
decode_bill_id = msgspec.json.Decoder(BillId).decode
decode_bill = msgspec.json.Decoder(Bill).decode
decode_extras = msgspec.json.Decoder(Extras).decode
decode_text = msgspec.json.Decoder(Text).decode
decode_number = msgspec.json.Decoder(Decimal | None).decode
decode_flag = msgspec.json.Decoder(bool | Text).decode
decode_customer = msgspec.json.Decoder(Customer | None).decode
decode_new_content = msgspec.json.Decoder(list[NewContent] | None).decode
decode_settlement = msgspec.json.Decoder(Settlement | Text).decode
decode_event = msgspec.json.Decoder(Event).decode
decode_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
