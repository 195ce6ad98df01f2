"""Which line of a receipt pays which line of the bill. Pure.

A line is known by its product id; by its name where the receipt or the bill gives it no id. Within a product, lines of
the same price are matched first, then those of the nearest. The result does not depend on the order in which lines or
receipts are given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shops.money import ZERO, multiply, round_to_kopeck
from shops.payment.values import BillLine, ReceiptLine


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
        """What the bill asks for the whole quantity of this line, the excess included; rounded once, as the line is."""
        return round_to_kopeck(self._billed_exactly + (self.priced_as.price * self.excess if self.priced_as else ZERO))

    @property
    def billed_for_excess(self) -> Decimal:
        """What the excess adds to it."""
        return self.billed - round_to_kopeck(self._billed_exactly)

    @property
    def _billed_exactly(self) -> Decimal:
        return sum((portion.bill_line.price * portion.quantity for portion in self.portions), ZERO)


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
    by_product: dict[str, list[OpenLine]] = field(default_factory=dict)
    product_by_name: dict[str, str] = field(default_factory=dict)
    unexpected_products: set[str] = field(default_factory=set)  # sold so far, though the bill has them not

    def __post_init__(self) -> None:
        for line in self.lines:
            product = product_of(line.bill_line)
            self.by_product.setdefault(product, []).append(line)
            self.product_by_name.setdefault(_fold(line.bill_line.name), product)

    @classmethod
    def of(cls, lines: Iterable[BillLine]) -> "Ledger":
        ordered = sorted(lines, key=lambda line: (product_of(line), line.price, line.quantity, line.mark, line.name))
        return cls([OpenLine(line) for line in ordered])

    def product_of_receipt_line(self, line: ReceiptLine) -> str:
        """The bill's product that a receipt line sells; the line's own where the bill has none.

        Ids decide where both sides have one: another id is another product, whatever its name.
        """
        if line.product_id in self.by_product:
            return line.product_id
        nameless_id = f"name {_fold(line.name)}"
        if nameless_id in self.by_product:
            return nameless_id
        return line.product_id or self.product_by_name.get(_fold(line.name), nameless_id)

    def sells_again(self, lines: Sequence[ReceiptLine]) -> bool:
        """Whether all that `lines` sell has been sold before, and the bill asks for no more of it."""
        products = {self.product_of_receipt_line(line) for line in lines}
        billed = products & self.by_product.keys()
        return (
            bool(billed)
            and not any(line.outstanding for product in billed for line in self.by_product[product])
            and products - billed <= self.unexpected_products
        )

    def take(self, lines: Iterable[ReceiptLine]) -> list[MatchedLine]:
        """Matches the lines of one receipt and counts them as sold."""
        ordered = sorted(lines, key=self._order_of)
        portions: list[list[Portion]] = [[] for _ in ordered]
        left = [line.quantity for line in ordered]
        for same_price in (True, False):
            for index, line in enumerate(ordered):
                for portion in self._take_portions(line, left[index], same_price=same_price):
                    portions[index].append(portion)
                    left[index] -= portion.quantity
        self.unexpected_products |= {self.product_of_receipt_line(line) for line in ordered} - self.by_product.keys()
        return [
            MatchedLine(line, tuple(portions[index]), left[index], self._priced_as(line))
            for index, line in enumerate(ordered)
        ]

    def _order_of(self, line: ReceiptLine) -> tuple[object, ...]:
        """By all that tells two lines apart, so that the order in which they were given does not show."""
        by_money = (line.price, line.quantity, line.total, line.discount, line.tax_percent, line.tax)
        return (self.product_of_receipt_line(line), *by_money, line.name, line.product_id)

    def _take_portions(self, line: ReceiptLine, quantity: Decimal, *, same_price: bool) -> Iterable[Portion]:
        if quantity <= 0:
            return
        candidates = self._lines_of(line)
        if same_price:
            candidates = [open_line for open_line in candidates if open_line.bill_line.price == line.price]
        else:
            candidates = sorted(candidates, key=lambda open_line: abs(open_line.bill_line.price - line.price))
        for open_line in candidates:
            taken = min(quantity, open_line.outstanding)
            if taken > 0:
                open_line.sold += taken
                quantity -= taken
                yield Portion(open_line.bill_line, taken)

    def _priced_as(self, line: ReceiptLine) -> BillLine | None:
        bill_lines = (open_line.bill_line for open_line in self._lines_of(line))
        return min(bill_lines, key=lambda bill_line: abs(bill_line.price - line.price), default=None)

    def _lines_of(self, line: ReceiptLine) -> list[OpenLine]:
        return self.by_product.get(self.product_of_receipt_line(line), [])


def product_of(line: BillLine | ReceiptLine) -> str:
    """What a line is known by: its product id, or its name where it has none."""
    return line.product_id or f"name {_fold(line.name)}"


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
