"""How a bill stands: what is due, what was received, what remains. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shops.money import ZERO
from shops.payment.paid import is_fully_paid
from shops.payment.takings import count_takings
from shops.payment.values import Bill, Receipt


@dataclass(frozen=True, slots=True)
class Standing:
    """`is_fully_paid` decides what remains: a bill all of whose lines were sold for less owes nothing more."""

    due: Decimal
    received: Decimal
    is_fully_paid: bool

    @property
    def remaining(self) -> Decimal:
        return ZERO if self.is_fully_paid else self.due - self.received

    @property
    def is_partly_paid(self) -> bool:
        return not self.is_fully_paid and self.received > ZERO


def find_standing(bill: Bill, receipts: Sequence[Receipt]) -> Standing:
    """How a bill stands by its receipts."""
    takings = count_takings(receipts, bill)
    return Standing(bill.due, takings.received if takings else ZERO, is_fully_paid(bill, receipts))
