"""Whether a bill is paid, and since when. Pure."""

from collections.abc import Sequence

from shops.payment.sales import compare
from shops.payment.takings import PARTIAL_SETTLEMENT, count_takings
from shops.payment.values import Bill, Moment, Receipt


def is_fully_paid(bill: Bill, receipts: Sequence[Receipt]) -> bool:
    """Whether nothing of the bill remains to be paid: what was received reaches what is due, or every line was sold.

    Selling every line is no payment in full where money was given back, or where a receipt itself says that it
    settles a part only.
    """
    takings = count_takings(receipts, bill)
    if not takings:
        return False
    if takings.received >= bill.due:
        return True
    if not bill.lines or any(sale.settlement_method == PARTIAL_SETTLEMENT for sale in takings.sales):
        return False
    comparison = compare(bill, receipts)
    return not comparison.refunds.given_back and not any(line.outstanding for line in comparison.open_lines)


def fully_paid_since(bill: Bill, receipts: Sequence[Receipt]) -> Moment | None:
    """When the register was told that the receipt which paid the bill in full had arrived; None if it is not paid.

    A bill that was refunded and paid again counts from its last payment.
    """
    answered = sorted((moment, receipt.receipt_id, receipt) for receipt in receipts if (moment := receipt.answered))
    since: Moment | None = None
    for count in range(len(answered), 0, -1):
        if not is_fully_paid(bill, [receipt for _, _, receipt in answered[:count]]):
            break
        since = answered[count - 1][0]
    return since
