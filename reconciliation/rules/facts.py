"""What the rules judge: plain immutable values, made from rows elsewhere. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shops.payment.values import Bill, Receipt

UNANSWERED_AFTER = timedelta(minutes=1)  # an answer belongs to a request at most this much older


@dataclass(frozen=True, slots=True)
class Policy:
    """A shop's own limits."""

    opened_not_paid_after: timedelta = timedelta(hours=24)
    late_receipt_after: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the journal that is judged by itself, or a request that nobody answered."""

    kind: str
    is_request: bool
    occurred_at: datetime
    answered: bool = False
    fault: str = ""  # why it cannot be read


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift of a cash register: what it declared, and what the receipts that came of it add up to."""

    closed_at: datetime | None
    closing_revenue: Decimal | None
    report_revenue: Decimal | None
    receipts: int
    sales: Decimal
    paybacks: Decimal
    cash: Decimal
    card: Decimal
    vat: tuple[tuple[Decimal, Decimal], ...] = ()  # rate and tax

    @property
    def revenue(self) -> Decimal:
        return self.sales - self.paybacks

    @property
    def declared(self) -> Decimal | None:
        """The Z-report's figure is the fiscal one; the closing of the shift stands in for it."""
        return self.closing_revenue if self.report_revenue is None else self.report_revenue


@dataclass(frozen=True, slots=True)
class Case:
    """A bill with its receipts, one receipt without a bill, one message, or one shift; with the shop's limits."""

    policy: Policy = Policy()
    bill: Bill | None = None
    receipts: tuple[Receipt, ...] = ()
    unanswered: tuple[Message, ...] = ()  # requests that name the bill (or brought the receipt)
    message: Message | None = None
    shift: Shift | None = None
    paid_marks: tuple[tuple[str, tuple[str, ...]], ...] = ()  # marking code: other, fully paid bills with its item
