"""What was received: which receipts of a case bring money, and how much. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from shops.money import ZERO
from shops.payment.matching import Ledger
from shops.payment.values import PAYBACK, SELL, Bill, Receipt

# Settlement methods of the terminal, fiscal tag 1214.
ADVANCES = frozenset({"PartialPrepayment", "AdvancePayment"})  # money on account, not for particular lines
PREPAYMENTS = ADVANCES | {"FullPrepayment"}
SETTLEMENTS = frozenset({"FullSettlement", "PartialSettlement"})
PARTIAL_SETTLEMENT = "PartialSettlement"
CREDIT = "Lend"  # goods handed over, money later


@dataclass(frozen=True, slots=True)
class Takings:
    """The receipts of a case that count, each kind in the order of time.

    `sales` are judged line by line; `on_account` is money taken before the goods, `set_off` the part of it that a
    later settlement receipt shows once more. Money counts once, when it was taken. `credits` handed goods over for
    money that is still to come: they bring nothing, but the bill is no longer one that nobody has touched.
    """

    sales: tuple[Receipt, ...]
    advances: tuple[Receipt, ...]
    paybacks: tuple[Receipt, ...]
    on_account: Decimal
    set_off: Decimal
    credits: tuple[Receipt, ...]

    @property
    def received(self) -> Decimal:
        sold = sum((receipt.total for receipt in self.sales), ZERO)
        given_back = sum((receipt.total for receipt in self.paybacks), ZERO)
        return sold + self.on_account - self.set_off - given_back

    def __bool__(self) -> bool:
        return bool(self.sales or self.advances or self.paybacks or self.credits)


def brings_money(receipt: Receipt) -> bool:
    """Whether a receipt is fiscal and adds or returns money.

    Not so: an informational receipt, a purchase from the customer, and goods handed over on credit, whose money
    comes with a later receipt (LoanPayment).
    """
    return not receipt.informational and receipt.type in (SELL, PAYBACK) and receipt.settlement_method != CREDIT


def count_takings(receipts: Iterable[Receipt], bill: Bill | None) -> Takings:
    """The takings of a case, whatever the order in which `receipts` come."""
    receipts = tuple(receipts)
    counted = sorted((receipt for receipt in receipts if brings_money(receipt)), key=lambda receipt: receipt.time_order)
    sales = tuple(receipt for receipt in counted if receipt.type == SELL)
    advances = tuple(receipt for receipt in sales if _is_on_account(receipt, sales))
    sales = tuple(receipt for receipt in sales if receipt not in advances)
    on_account = sum((receipt.total for receipt in advances), ZERO)
    return Takings(
        sales=sales,
        advances=advances,
        paybacks=tuple(receipt for receipt in counted if receipt.type == PAYBACK),
        on_account=on_account,
        set_off=_set_off(on_account, sales, bill) if bill and on_account else ZERO,
        credits=tuple(receipt for receipt in receipts if _is_on_credit(receipt)),
    )


def list_set_offs(receipts: Iterable[Receipt], bill: Bill) -> list[tuple[datetime, Decimal]]:
    """When settlement receipts showed once more what was taken on account, and how much of it, in the order of time.

    The amounts add up to the `set_off` of all receipts; one that takes something of it back is less than nothing.
    """
    counted = [receipt for receipt in receipts if brings_money(receipt)]
    methods = {receipt.settlement_method for receipt in counted}
    if not methods & PREPAYMENTS or not methods & SETTLEMENTS:
        return []
    steps: list[tuple[datetime, Decimal]] = []
    before = ZERO
    for moment in sorted({receipt.time_order[0] for receipt in counted}):
        shown = count_takings((receipt for receipt in counted if receipt.time_order[0] <= moment), bill).set_off
        if shown != before:
            steps.append((moment, shown - before))
        before = shown
    return steps


def _is_on_credit(receipt: Receipt) -> bool:
    return not receipt.informational and receipt.type == SELL and receipt.settlement_method == CREDIT


def _set_off(on_account: Decimal, sales: Sequence[Receipt], bill: Bill) -> Decimal:
    """How much of the money on account the settlement receipts show once more.

    It is what would be too much otherwise: more than the goods cost that were sold, and those still to be sold.
    """
    settled = sum((receipt.total for receipt in sales if receipt.settlement_method in SETTLEMENTS), ZERO)
    sold = sum((receipt.total for receipt in sales), ZERO)
    return min(on_account, settled, max(on_account + sold - _cost_of_all(sales, bill), ZERO))


def _cost_of_all(sales: Sequence[Receipt], bill: Bill) -> Decimal:
    """What the customer has to pay in the end: for what was sold as it was sold, for the rest as it is billed."""
    if bill.lines is None or not sales:
        return bill.due
    ledger = Ledger.of(bill.lines)
    cost = -bill.prepayment
    for sale in sales:
        if not ledger.sells_again(sale.lines):
            ledger.take(sale.lines)
            cost += sum((line.total for line in sale.lines), ZERO)
    return cost + sum((line.unpaid for line in ledger.lines), ZERO)


def _is_on_account(receipt: Receipt, sales: tuple[Receipt, ...]) -> bool:
    """Whether a sale took money on account: an advance, or a full prepayment that a settlement receipt followed."""
    if receipt.settlement_method in ADVANCES:
        return True
    return receipt.settlement_method in PREPAYMENTS and any(
        other.settlement_method in SETTLEMENTS and other.time_order > receipt.time_order for other in sales
    )
