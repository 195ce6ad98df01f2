"""A bill and its receipts side by side, line by line: what the page of a discrepancy shows.

Pure like the rules, on whose facts and matching it stands. Every line of the bill and of every receipt that counts
stands in the table exactly once, so its feet are what was due and what was received.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from reconciliation.rules.observations import read_rate
from shops.marks import Mark, read_mark
from shops.money import ZERO, tax_inside
from shops.payment.matching import Ledger, product_of
from shops.payment.takings import count_takings
from shops.payment.values import PAYBACK, Bill, BillLine, Receipt, ReceiptLine


class State(StrEnum):
    """What became of a line."""

    PAID = "paid"
    PARTLY_PAID = "partly_paid"
    UNPAID = "unpaid"
    OVERPAID = "overpaid"
    REFUNDED = "refunded"
    UNEXPECTED = "unexpected"
    AGAIN = "again"
    REFUND = "refund"
    UNCOMPARED = "uncompared"  # the bill's contents are unknown, or there is no bill


class Cell(StrEnum):
    """What can differ between the bill and a receipt in one row."""

    NAME = "name"
    PRICE = "price"
    QUANTITY = "quantity"
    DISCOUNT = "discount"
    TOTAL = "total"
    TAX_RATE = "tax_rate"
    TAX = "tax"


class Adjustment(StrEnum):
    """What stands between the sum of the lines and the foot."""

    BILL_TOTAL_DIFFERS = "bill_total_differs"
    PREPAYMENT = "prepayment"
    RECEIPT_TOTAL_DIFFERS = "receipt_total_differs"
    ON_ACCOUNT = "on_account"
    SET_OFF = "set_off"


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of a receipt. The figures of a refund are negative."""

    receipt_number: int  # of the receipts of the case, as they were printed, beginning with 1
    line: ReceiptLine
    sign: int = 1
    is_again: bool = False
    excess: Decimal = ZERO

    @property
    def quantity(self) -> Decimal:
        return self.sign * self.line.quantity

    @property
    def total(self) -> Decimal:
        return self.sign * self.line.total

    @property
    def tax(self) -> Decimal:
        return self.sign * self.line.tax


@dataclass(frozen=True, slots=True)
class Row:
    """A bill line with the receipt line that pays it; one of both may be missing.

    Further receipt lines for the same bill line stand in rows of their own, without the bill line.
    """

    state: State
    position: int | None = None
    billed: BillLine | None = None
    sold: Sold | None = None
    paid_with: int | None = None  # the position of the line beside which the receipt line stands that pays this one too
    differing: frozenset[Cell] = frozenset()

    @property
    def differs(self) -> dict[str, bool]:
        """The same by name, as a template asks for it."""
        return {cell.value: cell in self.differing for cell in Cell}

    @property
    def mark(self) -> Mark | None:
        return (
            read_mark(self.billed.mark, item_type=self.billed.goods_type) if self.billed and self.billed.mark else None
        )


@dataclass(frozen=True, slots=True)
class Side:
    """The foot of one side: the lines' sum, what is added to it, and the figure that counts."""

    lines_total: Decimal | None
    adjustments: tuple[tuple[Adjustment, Decimal], ...]
    total: Decimal


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[Row, ...]
    billed: Side | None
    sold: Side | None
    counted: tuple[Receipt, ...]  # receipts that bring money, in the order of their numbers
    left_out: tuple[Receipt, ...]  # the others: informational, on credit
    contents_known: bool

    @property
    def gap(self) -> Decimal | None:
        """Received less due; None where no money came."""
        return self.sold.total - (self.billed.total if self.billed else ZERO) if self.sold else None


@dataclass(slots=True)
class _Place:
    """A bill line while the table is being made."""

    position: int
    line: BillLine
    sold: list[Sold] = field(default_factory=list)
    paid_with: int | None = None


def build_table(bill: Bill | None, receipts: Sequence[Receipt]) -> Table:
    """The table of a case. Receipts are taken in the order in which they were printed."""
    takings = count_takings(receipts, bill)
    counted = tuple(
        sorted((*takings.sales, *takings.advances, *takings.paybacks), key=lambda receipt: receipt.time_order)
    )
    lines = tuple((bill.lines if bill else None) or ())
    places = {id(line): _Place(position, line) for position, line in enumerate(lines, start=1)}
    ledger = Ledger.of(lines)
    unexpected: list[Sold] = []
    for number, receipt in enumerate(counted, start=1):
        if receipt not in takings.advances:
            _place_receipt(number, receipt, ledger, places, unexpected)
    contents_known = bill is not None and bill.lines is not None
    rows = [row for place in places.values() for row in _rows_of(place, ledger, places)]
    rows += [_unexpected_row(sold, contents_known) for sold in unexpected]
    return Table(
        rows=tuple(rows),
        billed=_billed_side(bill) if bill else None,
        sold=_sold_side(counted, takings.advances, takings.on_account, takings.set_off) if counted else None,
        counted=counted,
        left_out=tuple(receipt for receipt in receipts if receipt not in counted),
        contents_known=contents_known,
    )


def _place_receipt(
    number: int, receipt: Receipt, ledger: Ledger, places: dict[int, _Place], unexpected: list[Sold]
) -> None:
    """Puts each line of a receipt beside the bill line that it pays, and counts it in the ledger."""
    if receipt.type == PAYBACK:
        for line in receipt.lines:
            home = _give_back(line, ledger)
            target = places[id(home)].sold if home else unexpected
            target.append(Sold(number, line, sign=-1))
        return
    if ledger.sells_again(receipt.lines):
        for line in receipt.lines:
            home = _first_of_product(line, ledger)
            target = places[id(home)].sold if home else unexpected
            target.append(Sold(number, line, is_again=True))
        return
    for matched in ledger.take(receipt.lines):
        paid = [portion.bill_line for portion in matched.portions]
        home = paid[0] if paid else matched.priced_as
        target = places[id(home)].sold if home else unexpected
        target.append(Sold(number, matched.line, excess=matched.excess if home else ZERO))
        for also_paid in paid[1:]:
            assert home is not None
            places[id(also_paid)].paid_with = places[id(home)].position


def _first_of_product(line: ReceiptLine, ledger: Ledger) -> BillLine | None:
    candidates = ledger.by_product.get(ledger.product_of_receipt_line(line))
    return candidates[0].bill_line if candidates else None


def _give_back(line: ReceiptLine, ledger: Ledger) -> BillLine | None:
    """Takes a refunded quantity out of what was sold; gives the bill line beside which the refund stands."""
    candidates = ledger.by_product.get(ledger.product_of_receipt_line(line), [])
    ordered = sorted(candidates, key=lambda candidate: (not candidate.sold, candidate.bill_line.price != line.price))
    left = line.quantity
    for candidate in ordered:
        returned = min(left, candidate.sold)
        candidate.sold -= returned
        left -= returned
    return ordered[0].bill_line if ordered else None


# --- rows ----------------------------------------------------------------------------------------------------


def _rows_of(place: _Place, ledger: Ledger, places: dict[int, _Place]) -> list[Row]:
    """The row of a bill line, and one for each further receipt line beside it."""
    state = _state_of(place, ledger)
    cells = _differing_figures(place, places)
    first = place.sold[0] if place.sold else None
    rows = [
        Row(
            state=state,
            position=place.position,
            billed=place.line,
            sold=first,
            paid_with=place.paid_with,
            differing=_differing(first, place.line, cells) if first else frozenset(),
        )
    ]
    for sold in place.sold[1:]:
        differing = _differing(sold, place.line, cells)
        rows.append(Row(state=_state_of_further(sold, state), sold=sold, differing=differing))
    return rows


def _state_of(place: _Place, ledger: Ledger) -> State:
    open_line = next(line for line in ledger.lines if line.bill_line is place.line)
    if any(sold.is_again for sold in place.sold):
        return State.AGAIN
    if any(sold.excess for sold in place.sold):
        return State.OVERPAID
    if not open_line.outstanding:
        return State.PAID
    if any(sold.sign < 0 for sold in place.sold):
        return State.REFUNDED
    return State.PARTLY_PAID if open_line.sold else State.UNPAID


def _state_of_further(sold: Sold, state: State) -> State:
    if sold.sign < 0:
        return State.REFUND
    return State.AGAIN if sold.is_again else state


def _unexpected_row(sold: Sold, contents_known: bool) -> Row:
    state = State.REFUND if sold.sign < 0 else State.UNEXPECTED if contents_known else State.UNCOMPARED
    cells = {Cell.NAME, Cell.TOTAL} if contents_known else set()
    return Row(state=state, sold=sold, differing=frozenset(cells | _wrong_tax(sold)))


def _differing_figures(place: _Place, places: dict[int, _Place]) -> set[Cell]:
    """Whether quantity and sum of the place's product differ between the bill and all that was sold of it."""
    product = product_of(place.line)
    same = [other for other in places.values() if product_of(other.line) == product]
    sold = [line for other in same for line in other.sold]
    cells = set()
    if sum((line.quantity for line in sold), ZERO) != sum((other.line.quantity for other in same), ZERO):
        cells.add(Cell.QUANTITY)
    if sum((line.total for line in sold), ZERO) != sum((other.line.total for other in same), ZERO):
        cells.add(Cell.TOTAL)
    return cells


def _differing(sold: Sold, line: BillLine, figures: set[Cell]) -> frozenset[Cell]:
    rate = read_rate(line.tax_rate)
    cells = _wrong_tax(sold)
    if sold.line.price != line.price:
        cells.add(Cell.PRICE)
    if sold.line.discount:
        cells.add(Cell.DISCOUNT)
    if rate is not None and sold.line.tax_percent != rate:
        cells.add(Cell.TAX_RATE)
    if Cell.QUANTITY in figures and sold.quantity != line.quantity or sold.is_again:
        cells.add(Cell.QUANTITY)
    if Cell.TOTAL in figures and sold.total != line.total or sold.is_again:
        cells.add(Cell.TOTAL)
    return frozenset(cells)


def _wrong_tax(sold: Sold) -> set[Cell]:
    return {Cell.TAX} if sold.line.tax != tax_inside(sold.line.total, sold.line.tax_percent) else set()


# --- feet ----------------------------------------------------------------------------------------------------


def _billed_side(bill: Bill) -> Side:
    adjustments = []
    lines_total = None
    if bill.lines is not None:
        lines_total = sum((line.total for line in bill.lines), ZERO)
        adjustments.append((Adjustment.BILL_TOTAL_DIFFERS, bill.total - lines_total))
    adjustments.append((Adjustment.PREPAYMENT, -bill.prepayment))
    return Side(lines_total, _without_empty(adjustments), bill.due)


def _sold_side(counted: Sequence[Receipt], advances: Sequence[Receipt], on_account: Decimal, set_off: Decimal) -> Side:
    lines_total = totals = ZERO
    for receipt in counted:
        if receipt in advances:
            continue
        sign = -1 if receipt.type == PAYBACK else 1
        lines_total += sign * sum((line.total for line in receipt.lines), ZERO)
        totals += sign * receipt.total
    adjustments = [
        (Adjustment.RECEIPT_TOTAL_DIFFERS, totals - lines_total),
        (Adjustment.ON_ACCOUNT, on_account),
        (Adjustment.SET_OFF, -set_off),
    ]
    return Side(lines_total, _without_empty(adjustments), totals + on_account - set_off)


def _without_empty(adjustments: Sequence[tuple[Adjustment, Decimal]]) -> tuple[tuple[Adjustment, Decimal], ...]:
    return tuple((adjustment, amount) for adjustment, amount in adjustments if amount)
