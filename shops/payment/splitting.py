"""A receipt divided into the parts that pay different bills. Pure.

A part is a receipt like any other, so that everything that judges receipts judges parts as they are. Whatever is
divided adds up to the whole exactly: sums, discounts and VAT, to the kopeck.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from shops.money import ZERO, round_quantity, round_to_kopeck, tax_inside
from shops.payment.values import Receipt, ReceiptLine


@dataclass(frozen=True, slots=True)
class LineShare:
    """How much of a line belongs to a part; `index` is the place of the line on the receipt."""

    index: int
    quantity: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a receipt: its sum, and what it has of the lines; without lines it is the whole receipt."""

    amount: Decimal
    lines: tuple[LineShare, ...] = ()


def without_reference(receipt: Receipt) -> Receipt:
    """The receipt without what it says of its bill and customer: a person's word stands in the place of it."""
    return replace(
        receipt,
        bill_id="",
        bill_number="",
        bill_issued_at=None,
        customer_name="",
        customer_taxpayer_number="",
        number_belongs_to="",
    )


def split_receipt(receipt: Receipt, shares: Sequence[Share]) -> tuple[Receipt, ...]:
    """One receipt for each share, in their order."""
    if not shares:
        return ()
    whole = without_reference(receipt)
    if len(shares) == 1 and not shares[0].lines:
        return (whole,)
    lines = _split_lines(receipt, shares)
    discounts = _split_discount(receipt, shares, lines)
    return tuple(
        replace(whole, total=share.amount, lines=tuple(part), discount=discount)
        for share, part, discount in zip(shares, lines, discounts, strict=True)
    )


def divide(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`amount` in proportion to `weights`, to the kopeck; it adds up, for each is rounded together with those before.

    Where the weights say nothing, the first has all of it.
    """
    whole = sum(weights, ZERO)
    if not whole:
        return [amount, *(ZERO for _ in weights[1:])]
    divided, before, weighed = [], ZERO, ZERO
    for weight in weights:
        weighed += weight
        upto = round_to_kopeck(amount * weighed / whole)
        divided.append(upto - before)
        before = upto
    return divided


def divide_quantity(line: ReceiptLine, totals: Sequence[Decimal]) -> list[Decimal]:
    """The quantity of a line that belongs to each of the sums into which it is divided."""
    if not line.total:
        return [line.quantity, *(ZERO for _ in totals[1:])]
    divided, before, upto = [], Decimal("0.000"), ZERO
    for total in totals:
        upto += total
        quantity = round_quantity(line.quantity * upto / line.total)
        divided.append(quantity - before)
        before = quantity
    return divided


def _split_lines(receipt: Receipt, shares: Sequence[Share]) -> list[list[ReceiptLine]]:
    parts: list[list[ReceiptLine]] = [[] for _ in shares]
    for index, line in enumerate(receipt.lines):
        pieces = [(number, share) for number, part in enumerate(shares) for share in part.lines if share.index == index]
        totals = [share.total for _, share in pieces]
        weights = totals if any(totals) else [share.quantity for _, share in pieces]
        discounts, taxes = divide(line.discount, weights), _split_tax(line, totals, weights)
        for (number, share), discount, tax in zip(pieces, discounts, taxes, strict=True):
            piece = replace(line, quantity=share.quantity, total=share.total, discount=discount, tax=tax)
            parts[number].append(piece)
    return parts


def _split_tax(line: ReceiptLine, totals: Sequence[Decimal], weights: Sequence[Decimal]) -> list[Decimal]:
    """VAT that was right on the receipt is right in every part; what was wrong is divided as it is."""
    if line.tax == tax_inside(line.total, line.tax_percent):
        return [tax_inside(total, line.tax_percent) for total in totals]
    return divide(line.tax, weights)


def _split_discount(receipt: Receipt, shares: Sequence[Share], lines: Sequence[Sequence[ReceiptLine]]) -> list[Decimal]:
    """The receipt's discount: what the lines have of it, and what was given on the whole.

    The latter goes where the lines cost more than the part's sum, for it is what explains that.
    """
    on_lines = [sum((line.discount for line in part), ZERO) for part in lines]
    beyond = [
        sum((line.total for line in part), ZERO) - share.amount for part, share in zip(lines, shares, strict=True)
    ]
    explains = any(beyond) and all(amount >= 0 for amount in beyond)
    on_whole = divide(receipt.discount - sum(on_lines, ZERO), beyond if explains else [s.amount for s in shares])
    return [line + whole for line, whole in zip(on_lines, on_whole, strict=True)]
