"""The table by which a receipt is split: its lines downwards, bills across, sums in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from shops.allocations import LinePart, Part
from shops.bill_values import load_bills
from shops.models import Bill, Receipt, ReceiptLine
from shops.money import ZERO, format_plain, parse_amount
from shops.payment import values
from shops.payment.matching import Ledger
from shops.payment.splitting import divide, divide_quantity

NO_BILL = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """What of a line pays one bill, as it was typed."""

    name: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class SplitRow:
    line: ReceiptLine
    cells: tuple[Cell, ...]


@dataclass(slots=True)
class SplitTable:
    """The receipt's lines against `bills` and a last column for what pays none of them."""

    receipt: Receipt
    lines: Sequence[ReceiptLine]
    bills: Sequence[Bill]
    typed: Mapping[str, str]
    faults: list[str] = field(default_factory=list)

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The key and the title of every column."""
        return [*((str(bill.pk), str(bill)) for bill in self.bills), (NO_BILL, _("no bill"))]

    @property
    def rows(self) -> list[SplitRow]:
        return [
            SplitRow(
                line,
                tuple(
                    Cell(name := name_cell(line, key), self.typed.get(name, ""), f"{line}: {title}")
                    for key, title in self.columns
                ),
            )
            for line in self.lines
            if line.total
        ]

    def read_parts(self) -> list[Part] | None:
        """The parts as they were typed; None, with `faults`, where they are not the receipt."""
        shares = {line.pk: self._read_line(line) for line in self.lines}
        if self.faults:
            return None
        pieces = [self._pieces(place, shares) for place in range(len(self.columns))]
        sums = [sum((line.total for line in part), ZERO) for part in pieces]
        beyond = divide(self.receipt.total - sum(sums, ZERO), sums)
        parts = [
            Part(bill.pk if bill else None, amount + share, tuple(lines))
            for bill, lines, amount, share in zip((*self.bills, None), pieces, sums, beyond, strict=True)
            if lines or amount + share
        ]
        if len(parts) < 2:
            self.faults.append(_("A receipt is split over at least two bills, each named once."))
        return None if self.faults else parts

    def _read_line(self, line: ReceiptLine) -> list[tuple[Decimal, Decimal]]:
        """Quantity and sum of the line for each column."""
        totals = [self._read_cell(line, key) for key, _title in self.columns]
        if line.total and sum(totals, ZERO) != line.total:
            self.faults.append(_("%(line)s: the parts do not add up to the line of the receipt.") % {"line": line})
        value = values.ReceiptLine(
            line.product_external_id, line.name, line.price, line.quantity, line.discount, line.total
        )
        return list(zip(divide_quantity(value, totals), totals, strict=True))

    def _read_cell(self, line: ReceiptLine, key: str) -> Decimal:
        text = "".join(self.typed.get(name_cell(line, key), "").split()).replace(",", ".")
        try:
            amount = parse_amount(text or 0)
        except ValueError:
            self.faults.append(_("%(line)s: “%(text)s” is no sum.") % {"line": line, "text": text})
            return ZERO
        if amount * line.total < 0:
            self.faults.append(_("%(line)s: a part cannot be negative.") % {"line": line})
        return amount

    def _pieces(self, place: int, shares: Mapping[int, Sequence[tuple[Decimal, Decimal]]]) -> list[LinePart]:
        return [LinePart(line.pk, *shares[line.pk][place]) for line in self.lines if any(shares[line.pk][place])]


def name_cell(line: ReceiptLine, key: str) -> str:
    return f"part-{line.pk}-{key}"


def propose(lines: Sequence[ReceiptLine], bills: Sequence[Bill]) -> dict[str, str]:
    """Every line where a bill still asks for it; what none asks for pays no bill."""
    known = load_bills(bills)
    ledgers = {bill.pk: Ledger.of(known[bill.pk].lines or ()) for bill in bills}
    typed: dict[str, str] = {}
    for line in lines:
        value = values.ReceiptLine(line.product_external_id, line.name, line.price, line.quantity, ZERO, line.total)
        key = next((str(pk) for pk, ledger in ledgers.items() if _is_asked_for(ledger, value)), NO_BILL)
        typed[name_cell(line, key)] = format_plain(line.total)
    return typed


def _is_asked_for(ledger: Ledger, line: values.ReceiptLine) -> bool:
    """Whether the bill asks for the line; it is then counted as sold."""
    product = ledger.product_of_receipt_line(line)
    if not any(open_line.outstanding for open_line in ledger.by_product.get(product, ())):
        return False
    ledger.take([line])
    return True
