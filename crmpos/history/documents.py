"""The documents of the invented shops and how the wire writes them. Pure.

The key order is the wire's own: every object is written in the order in which its dictionary is built.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from crmpos.history.trades import DELIVERY_SUBJECT, NORMAL, SUBJECTS
from shops.money import ZERO, multiply, tax_inside
from shops.wire_writer import Written, write_text

MOSCOW = timezone(timedelta(hours=3))  # no summer time since 2014: the whole history lies after that

HEADERS = {"vary": ["Accept"]}


@dataclass(frozen=True, slots=True)
class Customer:
    customer_id: int
    name: str
    taxpayer_number: str = ""
    registration_reason: str = ""
    is_company: bool = False

    def as_wire(self) -> dict[str, object]:
        return {
            "inn": self.taxpayer_number,
            "kpp": self.registration_reason,
            "reg": "",
            "name": f"{self.name} ",
            "okpo": "",
            "fullname": f"{self.name} ",
            "legalentity": self.is_company,
        }


@dataclass(frozen=True, slots=True)
class Product:
    product_id: int | str
    name: str
    price: Decimal
    unit: str
    goods_type: str  # "" for a delivery
    gtin: str = ""
    most_pieces: int = 1
    by_weight: bool = False

    @property
    def is_marked(self) -> bool:
        return bool(self.gtin)

    @property
    def subject(self) -> int:
        return SUBJECTS.get(self.goods_type, 1) if self.goods_type else DELIVERY_SUBJECT


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill."""

    product: Product
    quantity: Decimal
    mark: str = ""

    @property
    def total(self) -> Decimal:
        return multiply(self.product.price, self.quantity)

    @property
    def is_whole(self) -> bool:
        return self.quantity == int(self.quantity)

    def as_wire(self, tax_rate: str) -> dict[str, object]:
        product = self.product
        return {
            "id": product.product_id,
            **({"mark": self.mark} if self.mark else {}),
            **({"type": product.goods_type} if product.goods_type else {}),
            "price": product.price,
            "taxrate": tax_rate,
            "itemType": product.subject,
            "prodname": product.name,
            "quantity": self.quantity,
            "unitname": product.unit,
        }


@dataclass(slots=True)
class Bill:
    shop_number: int
    bill_id: int
    number: str
    issued_at: datetime
    customer: Customer
    lines: list[Line]
    tax_rate: str
    tax_percent: Decimal
    total: Decimal = ZERO
    listed_total: Decimal = ZERO
    prepayment: Decimal = ZERO

    def __post_init__(self) -> None:
        self.charge(self.lines_total)

    def charge(self, total: Decimal) -> None:
        self.total = self.listed_total = total

    @property
    def lines_total(self) -> Decimal:
        return sum((line.total for line in self.lines), ZERO)

    def write_listed(self) -> Written:
        return write_text(
            {
                "id": self.bill_id,
                "date": str(self.issued_at),
                "summ": self.listed_total,
                "number": self.number,
                "customername": self.customer.name,
            }
        )

    def write(self) -> Written:
        return write_text(
            {
                "id": self.bill_id,
                "date": str(self.issued_at),
                "summ": self.total,
                "number": self.number,
                "customer": {"id": self.customer.customer_id, **self.customer.as_wire()},
                "products": [line.as_wire(self.tax_rate) for line in self.lines],
                "prepayment": self.prepayment,
                "prepaymentEnable": True,
            }
        )


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of a receipt; `tax` is set where it is not the one contained in the sum."""

    product: Product
    quantity: Decimal
    price: Decimal
    tax_percent: Decimal
    discount: Decimal = ZERO
    wrong_tax: Decimal | None = None

    @property
    def total(self) -> Decimal:
        return multiply(self.price, self.quantity) - self.discount

    @property
    def tax(self) -> Decimal:
        return tax_inside(self.total, self.tax_percent) if self.wrong_tax is None else self.wrong_tax

    def as_wire(self) -> dict[str, object]:
        return {
            "id": str(self.product.product_id),
            "tax": self.tax,
            "name": self.product.name,
            "price": self.price,
            "discount": self.discount,
            "itemType": self.product.goods_type or NORMAL,
            "quantity": self.quantity,
            "sumPrice": self.total,
            "costPrice": 0,
            "taxPercent": self.tax_percent,
            "measureName": self.product.unit,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """A terminal in its store, with the shop's Evotor user."""

    store_id: str
    terminal_id: str
    user_id: str
    first_shift: int


@dataclass(slots=True)
class Receipt:
    """A receipt; what it says of its bill can be wrong on purpose."""

    receipt_id: str
    lines: list[SoldLine]
    place: Place
    employee_id: str
    payment_source: str
    bill: Bill | None = None
    type: str = "SELL"
    informational: bool = False
    beyond_lines: Decimal = ZERO  # what the total has beyond its lines
    contents_changed: bool = False
    bill_id: str = ""
    number: str = ""
    customer: Customer | None = None
    empty_extras: Written = field(default_factory=lambda: Written("{}"))

    def __post_init__(self) -> None:
        if self.bill:
            self.bill_id, self.number = str(self.bill.bill_id), self.bill.number
            self.customer = self.bill.customer

    @property
    def lines_total(self) -> Decimal:
        return sum((line.total for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        return self.lines_total + self.beyond_lines

    def change(self, index: int, **fields: object) -> None:
        self.lines[index] = replace(self.lines[index], **fields)  # type: ignore[arg-type]

    def write(self, printed_at: datetime, first_day: datetime) -> Written:
        """The receipt itself, as it stands in every delivery of it."""
        return write_text(
            {
                "id": self.receipt_id,
                "type": self.type,
                "items": [line.as_wire() for line in self.lines],
                "extras": self._extras(),
                "shiftId": str(self.place.first_shift + (printed_at.date() - first_day.date()).days),
                "storeId": self.place.store_id,
                "dateTime": f"{_to_utc(printed_at):%Y-%m-%dT%H:%M:%S}.000Z",
                "deviceId": self.place.terminal_id,
                "totalTax": sum((line.tax for line in self.lines), ZERO),
                "infoCheck": self.informational,
                "employeeId": self.employee_id,
                "totalAmount": self.total,
                "paymentSource": self.payment_source,
                "totalDiscount": sum((line.discount for line in self.lines), ZERO),
            }
        )

    def _extras(self) -> object:
        if self.bill is None or self.customer is None:
            return self.empty_extras
        kept = [{"id": str(line.product.product_id), "newQuantity": line.quantity} for line in self.lines]
        return {
            "date": str(self.bill.issued_at),
            "billId": self.bill_id,
            "number": self.number,
            "customer": self.customer.as_wire(),
            **({"newContent": kept} if self.contents_changed else {}),
            "prepayment": self.bill.prepayment,
            "contentModified": self.contents_changed,
            "settlementMethod": "FullSettlement",
        }


def write_event(receipt: Written, event_id: str, user_id: str, sent_at: datetime, milliseconds: int) -> Written:
    """One delivery of a receipt."""
    timestamp = int(_to_utc(sent_at).timestamp()) * 1000 + milliseconds
    return write_text(
        {
            "id": event_id,
            "data": receipt,
            "type": "ReceiptCreated",
            "userId": user_id,
            "version": 2,
            "timestamp": timestamp,
        }
    )


def write_request(path: str, body: Written | None = None, **arguments: str) -> Written:
    """A request as the CRM's front controller logs it: query, body, the body once more, headers."""
    query = {"q": path, **{name: value for name, value in arguments.items() if value}}
    return write_text({"get": query, "body": body, "post": body or [], "headers": HEADERS})


def write_list(bills: Iterable[Bill]) -> Written:
    return write_text([bill.write_listed() for bill in bills])


def _to_utc(local_time: datetime) -> datetime:
    return local_time.replace(tzinfo=MOSCOW).astimezone(UTC)
