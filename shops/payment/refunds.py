"""What refunds answer: a repeated sale that was given back, or a bill that has been changed to match. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shops.money import ZERO
from shops.payment.matching import Ledger
from shops.payment.values import Receipt


@dataclass(frozen=True, slots=True)
class Refunds:
    """`repaid` are repeated sales that were given back entirely, `answered` the products whose refund the bill matches.

    `closed` are these products and those whose refunds went into repeated sales; `given_back` is the money of all
    other refunds.
    """

    repaid: tuple[Receipt, ...] = ()
    answered: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    given_back: Decimal = ZERO


def weigh_refunds(
    ledger: Ledger, sales: Sequence[Receipt], repeated: Iterable[Receipt], paybacks: Sequence[Receipt]
) -> Refunds:
    """What became of the money that `paybacks` returned.

    A refund is answered when what the customer kept of a product (sold less given back) costs exactly what the
    bill asks for it: then the bill has been changed to match, or the refund gave back what should not have been taken.
    Receipts whose lines do not add up say nothing certain about their products: then no refund is answered.
    """
    returned = _totals_by_product(ledger, paybacks)
    refunded = frozenset(returned)
    money = sum((receipt.total for receipt in paybacks), ZERO)
    repaid = []
    for receipt in repeated:
        sold = _totals_by_product(ledger, [receipt])
        if receipt.total <= money and all(returned.get(product, ZERO) >= total for product, total in sold.items()):
            repaid.append(receipt)
            money -= receipt.total
            returned |= {product: returned.get(product, ZERO) - total for product, total in sold.items()}
    left = {product: total for product, total in returned.items() if total}
    answered = _products_as_billed(ledger, sales, left) if _add_up([*sales, *paybacks]) else frozenset[str]()
    given_back = money - sum((left[product] for product in answered), ZERO)
    return Refunds(tuple(repaid), answered, answered | (refunded - left.keys()), given_back)


def _totals_by_product(ledger: Ledger, receipts: Iterable[Receipt]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for receipt in receipts:
        for line in receipt.lines:
            product = ledger.product_of_receipt_line(line)
            totals[product] = totals.get(product, ZERO) + line.total
    return totals


def _products_as_billed(ledger: Ledger, sales: Iterable[Receipt], returned: dict[str, Decimal]) -> frozenset[str]:
    sold = _totals_by_product(ledger, sales)
    billed = {
        product: sum((line.bill_line.total for line in lines), ZERO) for product, lines in ledger.by_product.items()
    }
    return frozenset(
        product for product, total in returned.items() if sold.get(product, ZERO) - total == billed.get(product, ZERO)
    )


def _add_up(receipts: Iterable[Receipt]) -> bool:
    return all(sum((line.total for line in receipt.lines), ZERO) == receipt.total for receipt in receipts)
