"""Which line of a receipt pays which line of the bill. Pure.

A line is known by its product id; a receipt line without one by its name. Within a product, lines of the same
price are matched first. The result does not depend on the order in which lines or receipts are given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from reconciliation.rules.facts import BillLine, Receipt, ReceiptLine
from shops.money import ZERO, multiply


@dataclass(frozen=True, slots=True)
class Portion:
    """A quantity of a receipt line that pays a bill line."""

    bill_line: BillLine
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A receipt line with the bill lines that it pays.

    `excess` is the quantity beyond what was billed, `priced_as` the bill line at whose price it counts; both are
    empty and `portions` too where the bill has no such product.
    """

    line: ReceiptLine
    portions: tuple[Portion, ...]
    excess: Decimal
    priced_as: BillLine | None

    @property
    def is_unexpected(self) -> bool:
        return self.priced_as is None

    @property
    def billed(self) -> Decimal:
        """What the bill asks for the whole quantity of this line, the excess included."""
        paid = sum((multiply(portion.bill_line.price, portion.quantity) for portion in self.portions), ZERO)
        return paid + (multiply(self.priced_as.price, self.excess) if self.priced_as else ZERO)


@dataclass(slots=True)
class OpenLine:
    """A bill line and how much of it has been sold so far."""

    bill_line: BillLine
    sold: Decimal = ZERO

    @property
    def outstanding(self) -> Decimal:
        return max(self.bill_line.quantity - self.sold, ZERO)

    @property
    def unpaid(self) -> Decimal:
        """The value of what was not sold, at the bill's price."""
        if not self.outstanding:
            return ZERO
        return self.bill_line.total - multiply(self.bill_line.price, self.sold)


@dataclass(slots=True)
class Ledger:
    """The lines of a bill, from which sales are taken one receipt after the other."""

    lines: list[OpenLine]
    by_product: dict[str, list[OpenLine]] = field(init=False)
    product_by_name: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.by_product = {}
        self.product_by_name = {}
        for line in self.lines:
            product = product_of(line.bill_line)
            self.by_product.setdefault(product, []).append(line)
            self.product_by_name.setdefault(_fold(line.bill_line.name), product)

    @classmethod
    def of(cls, lines: Iterable[BillLine]) -> "Ledger":
        ordered = sorted(lines, key=lambda line: (product_of(line), line.price, line.quantity, line.mark, line.name))
        return cls([OpenLine(line) for line in ordered])

    def product_of_receipt_line(self, line: ReceiptLine) -> str:
        """The bill's product that a receipt line sells; the line's own where the bill has none."""
        return line.product_id or self.product_by_name.get(_fold(line.name), "") or product_of(line)

    def sells_again(self, receipt: Receipt, lines: Sequence[ReceiptLine]) -> bool:
        """Whether all that `lines` of the receipt sell has already been sold as it was billed."""
        return bool(lines) and all(self._is_sold_out(self.product_of_receipt_line(line)) for line in lines)

    def take(self, lines: Iterable[ReceiptLine]) -> list[MatchedLine]:
        """Matches the lines of one receipt and counts them as sold."""
        ordered = sorted(
            lines, key=lambda line: (self.product_of_receipt_line(line), line.price, line.quantity, line.total)
        )
        portions: list[list[Portion]] = [[] for _ in ordered]
        left = [line.quantity for line in ordered]
        for same_price in (True, False):
            for index, line in enumerate(ordered):
                for portion in self._take_portions(line, left[index], same_price=same_price):
                    portions[index].append(portion)
                    left[index] -= portion.quantity
        return [
            MatchedLine(line, tuple(portions[index]), left[index], self._priced_as(line))
            for index, line in enumerate(ordered)
        ]

    def _take_portions(self, line: ReceiptLine, quantity: Decimal, *, same_price: bool) -> Iterable[Portion]:
        for open_line in self.by_product.get(self.product_of_receipt_line(line), ()):
            taken = min(quantity, open_line.outstanding)
            if taken > 0 and (not same_price or open_line.bill_line.price == line.price):
                open_line.sold += taken
                quantity -= taken
                yield Portion(open_line.bill_line, taken)

    def _priced_as(self, line: ReceiptLine) -> BillLine | None:
        candidates = [open_line.bill_line for open_line in self.by_product.get(self.product_of_receipt_line(line), ())]
        return next((bill_line for bill_line in candidates if bill_line.price == line.price), None) or next(
            iter(candidates), None
        )

    def _is_sold_out(self, product: str) -> bool:
        lines = self.by_product.get(product, ())
        return bool(lines) and not any(line.outstanding for line in lines)


def product_of(line: BillLine | ReceiptLine) -> str:
    """What a line is known by: its product id, or its name where it has none."""
    return line.product_id or f"name {_fold(line.name)}"


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
