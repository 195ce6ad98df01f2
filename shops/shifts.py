"""A shift as a person looks at it: what its receipts come to, beside the documents of its register."""

from dataclasses import dataclass

from django.db.models import Q

from shops.models import Receipt, RegisterDocument, Shift
from shops.shift_totals import ShiftTotals, count_shifts

RECEIPTS_SHOWN = 200
DOCUMENT_TYPES = ("OPEN_SESSION", "CLOSE_SESSION", "Z_REPORT", "X_REPORT", "CASH_INCOME", "CASH_OUTCOME")


@dataclass(frozen=True, slots=True)
class ShiftSides:
    """`receipts` are the first of them, in the order of time; `totals` are those of all."""

    shift: Shift
    totals: ShiftTotals
    receipts: tuple[Receipt, ...]
    documents: tuple[RegisterDocument, ...]

    @property
    def has_more(self) -> bool:
        return self.totals.receipts > len(self.receipts)


def describe_shift(shift: Shift) -> ShiftSides:
    """Both sides of a shift; three queries."""
    receipts = Receipt.objects.filter(terminal=shift.terminal_id, shift__in=shift.names)
    totals = sum(count_shifts(receipts).values(), ShiftTotals())
    shown = receipts.select_related("bill", "employee").order_by("printed_at", "pk")[:RECEIPTS_SHOWN]
    named = Q(session_id=shift.session_id) if shift.session_id else Q(session_number=shift.key)
    documents = RegisterDocument.objects.filter(named, terminal=shift.terminal_id, type__in=DOCUMENT_TYPES)
    ordered = documents.defer("body").order_by("closed_at", "pk")
    return ShiftSides(shift, totals, tuple(shown), tuple(ordered))
