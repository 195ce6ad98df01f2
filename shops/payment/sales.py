"""A bill with known contents held against its sales: what the monetary rules look at. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shops.money import KOPECK, ZERO, multiply
from shops.payment.matching import Ledger, MatchedLine, OpenLine, product_of
from shops.payment.refunds import Refunds, weigh_refunds
from shops.payment.takings import PARTIAL_SETTLEMENT, Takings, count_takings
from shops.payment.values import Bill, Receipt, ReceiptLine


@dataclass(slots=True)
class Sale:
    """A sale, and how its lines match those of the bill; lines of products settled by a refund are left out."""

    receipt: Receipt
    matched: list[MatchedLine] = field(default_factory=list)

    @property
    def discount_on_total(self) -> Decimal:
        """A discount by which the receipt's total stays below its lines.

        It is what the lines do not show of the receipt's discount, or all of it where the total says so.
        """
        below_lines = lines_total(self.receipt) - self.receipt.total
        on_total = self.receipt.discount
        return max(on_total if on_total == below_lines else min(self._discount_beyond_lines, below_lines), ZERO)

    @property
    def discount_within_lines(self) -> Decimal:
        """A discount given on the receipt as a whole, by which its lines cost less than price × quantity says."""
        below_prices = sum(
            (max(_discounted(line.line) - line.line.total, ZERO) for line in self.compared if not is_as_billed(line)),
            ZERO,
        )
        return max(min(self._discount_beyond_lines - self.discount_on_total, below_prices), ZERO)

    @property
    def lines_beyond_total(self) -> Decimal:
        """By how much the lines exceed the total, a discount on the whole left aside.

        A partial settlement says on purpose that less was paid than handed over: that is no error of the receipt.
        """
        if self.receipt.settlement_method == PARTIAL_SETTLEMENT:
            return ZERO
        return lines_total(self.receipt) - self.receipt.total - self.discount_on_total

    @property
    def compared(self) -> list[MatchedLine]:
        """The lines that the bill has."""
        return [line for line in self.matched if not line.is_unexpected]

    @property
    def _discount_beyond_lines(self) -> Decimal:
        """The receipt's discount less what its lines show of it in their own sums."""
        shown = (min(line.discount, max(gross(line) - line.total, ZERO)) for line in self.receipt.lines)
        return self.receipt.discount - sum(shown, ZERO)


@dataclass(slots=True)
class Comparison:
    bill: Bill
    takings: Takings
    sales: list[Sale]
    duplicates: list[Sale]
    open_lines: list[OpenLine]
    refunds: Refunds


def compare(bill: Bill, receipts: Sequence[Receipt]) -> Comparison:
    """Matches the lines of the sales with those of the bill; sorts out repeated sales and answered refunds."""
    takings = count_takings(receipts, bill)
    ledger = Ledger.of(bill.lines or ())
    sales, repeated = list[Sale](), list[Receipt]()
    for receipt in takings.sales:
        if ledger.sells_again(receipt.lines):
            repeated.append(receipt)
        else:
            sales.append(Sale(receipt, ledger.take(receipt.lines)))
    refunds = Refunds()
    if takings.paybacks:
        refunds = weigh_refunds(ledger, [sale.receipt for sale in sales], repeated, takings.paybacks)
    if refunds.answered:
        ledger = _ledger_without(refunds.answered, bill)
        sales = [_sale_without(refunds.answered, sale.receipt, ledger) for sale in sales]
    duplicates = [Sale(receipt) for receipt in repeated if receipt not in refunds.repaid]
    return Comparison(bill, takings, sales, duplicates, ledger.lines, refunds)


def is_as_billed(matched: MatchedLine) -> bool:
    """Whether the line cost what the bill asks: a higher price less a discount is then no difference."""
    return not matched.excess and matched.line.total == matched.billed


def gross(line: ReceiptLine) -> Decimal:
    """The line before its discount. Registers write the price before it; where the price is after it, that is seen."""
    at_its_price = multiply(line.price, line.quantity)
    price_is_after_discount = line.discount and abs(at_its_price - line.total) <= KOPECK
    return line.total + line.discount if price_is_after_discount else at_its_price


def lines_total(receipt: Receipt) -> Decimal:
    return sum((line.total for line in receipt.lines), ZERO)


def lines_beyond_totals(sales: Iterable[Sale]) -> Decimal:
    return sum((max(sale.lines_beyond_total, ZERO) for sale in sales), ZERO)


def _discounted(line: ReceiptLine) -> Decimal:
    return gross(line) - line.discount


def _ledger_without(answered: frozenset[str], bill: Bill) -> Ledger:
    """The bill's lines, those of the answered products sold as they were billed."""
    ledger = Ledger.of(bill.lines or ())
    for open_line in ledger.lines:
        if product_of(open_line.bill_line) in answered:
            open_line.sold = open_line.bill_line.quantity
    return ledger


def _sale_without(answered: frozenset[str], receipt: Receipt, ledger: Ledger) -> Sale:
    return Sale(
        receipt, ledger.take(line for line in receipt.lines if ledger.product_of_receipt_line(line) not in answered)
    )
