"""What of a bill is offered for payment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shops.money import ZERO
from shops.payment.matching import OpenLine, product_of
from shops.payment.paid import is_fully_paid
from shops.payment.sales import Comparison, compare
from shops.payment.takings import count_takings
from shops.payment.values import Bill, Receipt

# What a shop does with a bill that is paid in part.
REMAINING, FULL, CLOSE = "remaining", "full", "close"


@dataclass(frozen=True, slots=True)
class Offer:
    """What LIST and BILL say of a bill.

    A partial offer has the total and the prepayment that remain and, where the contents are known, the remaining
    quantity of every line in the order of the bill; otherwise the bill is offered as it was stated.
    """

    on_list: bool
    is_partial: bool = False
    total: Decimal = ZERO
    prepayment: Decimal = ZERO
    quantities: tuple[Decimal, ...] = ()


AS_STATED = Offer(on_list=True)
OFF_THE_LIST = Offer(on_list=False)


def offer_of(bill: Bill, receipts: Sequence[Receipt], *, after_partial: str = REMAINING) -> Offer:
    """What is still to be paid of a bill: all of it, what its receipts have left, or nothing."""
    takings = count_takings(receipts, bill)
    if not takings or takings.received == ZERO and not takings.sales:
        return AS_STATED
    if is_fully_paid(bill, receipts) or after_partial == CLOSE:
        return OFF_THE_LIST
    if after_partial == FULL:
        return AS_STATED
    outstanding = bill.due - takings.received
    if not bill.lines:
        return Offer(on_list=True, is_partial=True, total=outstanding)
    return _remaining_lines(bill, compare(bill, receipts), outstanding)


def _remaining_lines(bill: Bill, comparison: Comparison, outstanding: Decimal) -> Offer:
    """The lines that nobody has paid, or whose money was given back; what was prepaid of them stays prepaid."""
    _give_back(comparison)
    total = sum((line.unpaid for line in comparison.open_lines), ZERO)
    if not total:
        return OFF_THE_LIST
    by_line = {id(line.bill_line): line.outstanding for line in comparison.open_lines}
    return Offer(
        on_list=True,
        is_partial=True,
        total=total,
        prepayment=max(total - outstanding, ZERO),
        quantities=tuple(by_line[id(line)] for line in bill.lines or ()),
    )


def _give_back(comparison: Comparison) -> None:
    """Opens again what refunds gave back."""
    for receipt in comparison.takings.paybacks:
        for line in receipt.lines:
            left = line.quantity
            for open_line in _lines_of(comparison, product_of(line)):
                returned = min(left, open_line.sold)
                open_line.sold -= returned
                left -= returned


def _lines_of(comparison: Comparison, product: str) -> list[OpenLine]:
    if product in comparison.refunds.closed:
        return []
    return [line for line in comparison.open_lines if product_of(line.bill_line) == product]
