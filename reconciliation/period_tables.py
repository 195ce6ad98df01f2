"""The protocol of a month as an accountant reads it, and its parts as tables. Used by the admin and the workbook.

What makes outstanding less is shown without a minus, under a sign: opening + billed − received + refunded = closing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from reconciliation.models import Discrepancy, PeriodEntry
from reconciliation.period_protocol import UNBILLED, Figures, Line
from shops.models import Bill, Receipt, Shop
from shops.presentation import MINUS
from shops.wording import word_payment_source

What = PeriodEntry.What

# The things in the order of the protocol, and whether each makes what is outstanding less.
THINGS = (
    (What.BILLED, False),
    (What.RECEIVED, True),
    (What.REFUNDED, False),
    (What.SET_OFF, False),
    (What.WRITTEN_OFF, True),
    (What.SETTLED, True),
)
ALWAYS_SHOWN = (What.BILLED, What.RECEIVED, What.REFUNDED, What.WRITTEN_OFF)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the protocol; `level` says how it looks: a balance, a line, a part of the line above."""

    level: str
    sign: str
    label: str
    month: Decimal | None
    adjustments: Decimal | None
    total: Decimal


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry with its document."""

    what: str
    part: str
    dated_at: datetime | None
    document: Bill | Receipt | Discrepancy
    bill: Bill | None
    payment: str
    amount: Decimal

    @property
    def page(self) -> str:
        """The name of the document's page in the admin."""
        return f"admin:{self.document._meta.app_label}_{self.document._meta.model_name}_change"


def show_month(month: date) -> str:
    """`March 2026`, `Март 2026`."""
    return f"{capfirst(date_format(month, 'F'))} {month.year}"


def list_rows(figures: Figures) -> list[Row]:
    """What is outstanding, from the opening to the closing balance."""
    rows = [Row("balance", "", _("Outstanding at the beginning of the month"), None, None, figures.opening)]
    for what, is_less in THINGS:
        rows += _thing(figures, what, is_less)
    return [*rows, Row("balance", "=", _("Outstanding at the end of the month"), None, None, figures.closing)]


def list_unbilled(figures: Figures) -> list[Row]:
    """The money that came and went without a bill; none of it is in the balance."""
    return [
        row for what in UNBILLED for row in _thing(figures, what, is_less=what == What.RECEIVED_UNBILLED, aside=True)
    ]


def _thing(figures: Figures, what: What, is_less: bool, *, aside: bool = False) -> Iterator[Row]:
    lines = [line for line in figures.lines if line.what == what]
    if not lines and what not in ALWAYS_SHOWN:
        return
    sign = "" if aside else MINUS if is_less else "+"
    yield _row("line", sign, capfirst(str(what.label)), figures.sum_of(what), is_less)
    for line in lines:
        if line.payment_source or what in (What.RECEIVED, What.REFUNDED, *UNBILLED):
            label = word_payment_source(line.payment_source) or _("payment not stated")
            yield _row("part", "", label, line, is_less)


def _row(level: str, sign: str, label: str, line: Line, is_less: bool) -> Row:
    amounts = (line.month, line.adjustments, line.total)
    return Row(level, sign, label, *((0 - amount if is_less else amount) for amount in amounts))


def find_documents(entries: Sequence[PeriodEntry]) -> list[EntryRow]:
    """The entries with their documents, in three queries."""
    bills = Bill.objects.in_bulk([entry.bill_id for entry in entries if entry.bill_id])
    receipts = Receipt.objects.select_related("bill").in_bulk([e.receipt_id for e in entries if e.receipt_id])
    decided = Discrepancy.objects.select_related("case__bill")
    discrepancies = decided.in_bulk([entry.discrepancy_id for entry in entries if entry.discrepancy_id])
    return [_entry_row(entry, bills, receipts, discrepancies) for entry in entries]


def _entry_row(
    entry: PeriodEntry, bills: dict[int, Bill], receipts: dict[int, Receipt], discrepancies: dict[int, Discrepancy]
) -> EntryRow:
    document: Bill | Receipt | Discrepancy
    bill: Bill | None
    if entry.bill_id:
        document = bill = bills[entry.bill_id]
    elif entry.receipt_id:
        document = receipt = receipts[entry.receipt_id]
        bill = receipt.bill
    else:
        assert entry.discrepancy_id is not None, "an entry counts one document"
        document = decided = discrepancies[entry.discrepancy_id]
        bill = decided.case.bill
    what, part = What(entry.what), PeriodEntry.Part(entry.part)
    payment = word_payment_source(entry.payment_source)
    return EntryRow(str(what.label), str(part.label), entry.dated_at, document, bill, payment, entry.amount)


def in_batches(entries: Iterable[PeriodEntry], size: int) -> Iterator[EntryRow]:
    """All entries with their documents, in bounded memory."""
    batch: list[PeriodEntry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == size:
            yield from find_documents(batch)
            batch = []
    yield from find_documents(batch)


def show_day(moment: datetime | None, shop: Shop) -> str:
    """A day as spreadsheets sort it, on the shop's clock."""
    return "" if moment is None else f"{moment.astimezone(shop.zone):%Y-%m-%d}"
