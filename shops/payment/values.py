"""Bills and receipts as plain immutable values, made from rows in `shops.bill_values`. Pure.

Times are aware and in UTC. A `Moment` orders what happened within one second of the journal.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from shops.money import ZERO, multiply

SELL, PAYBACK = "SELL", "PAYBACK"


class Moment(NamedTuple):
    """A place in the journal: a time of whole seconds, and the order within the second."""

    at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class BillLine:
    product_id: str
    name: str
    price: Decimal
    quantity: Decimal
    tax_rate: str = ""
    goods_type: str = ""
    mark: str = ""

    @property
    def total(self) -> Decimal:
        return multiply(self.price, self.quantity)


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill as it was last stated; `lines` is None when its contents are unknown (it was only ever listed)."""

    external_id: str
    number: str
    issued_at: datetime | None
    customer_name: str
    customer_taxpayer_number: str
    total: Decimal
    prepayment: Decimal
    lines: tuple[BillLine, ...] | None
    listed_total: Decimal | None = None
    listed: Moment | None = None  # the last LIST answer that offers it
    opened_at: datetime | None = None  # the first BILL request for it that was answered

    @property
    def due(self) -> Decimal:
        return self.total - self.prepayment


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    product_id: str
    name: str
    price: Decimal
    quantity: Decimal
    discount: Decimal
    total: Decimal  # what was paid for it, after the discount
    tax: Decimal = ZERO
    tax_percent: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Receipt:
    receipt_id: str
    type: str
    printed_at: datetime | None
    received_at: datetime
    answered: Moment | None  # the first answer to one of its deliveries
    total: Decimal
    lines: tuple[ReceiptLine, ...]
    discount: Decimal = ZERO  # totalDiscount: of all lines, and what was given on the receipt as a whole
    informational: bool = False
    settlement_method: str = ""
    bill_id: str = ""  # what it says of its bill
    bill_number: str = ""
    bill_issued_at: datetime | None = None
    customer_name: str = ""
    customer_taxpayer_number: str = ""
    number_belongs_to: str = ""  # id of the shop's bill that has `bill_number`, where the receipt has no bill
    content_modified: bool = False
    store_id: str = ""
    store_shop: int | None = None  # number of the shop that owns the store, when it is another one
    other_contents_count: int = 0  # deliveries of the same id with other contents

    @property
    def time_order(self) -> tuple[datetime, str]:
        """As they were printed; receipts of the same instant in the order of their ids."""
        return (self.printed_at or self.received_at, self.receipt_id)
