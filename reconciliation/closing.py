"""Takes a bill off the list when its partial payment is resolved for good, and puts it back when that is undone.

Used by decisions and by the judge, within their transactions.
"""

from collections.abc import Iterable
from datetime import datetime

from reconciliation.models import Discrepancy, DiscrepancyStep, KindChoice, Reason, Status
from shops.models import Bill
from shops.serving import close_bills

# With these nothing of the bill remains to be paid at a register. A bill that is corrected in the CRM is offered as
# the CRM then states it, and the rest that "will be paid" has to be on offer.
CLOSING_REASONS = frozenset(
    {Reason.CONTENTS_CHANGED, Reason.PAID_ANOTHER_WAY, Reason.CORRECTION_RECEIPT, Reason.WRITTEN_OFF}
)


def lock_bill(discrepancy: Discrepancy) -> None:
    """Locks the bill that a decision about this discrepancy may close or open."""
    if discrepancy.kind == KindChoice.PARTIAL_RECEIPT:
        list(Bill.objects.filter(case=discrepancy.case_id).select_for_update(no_key=True, of=("self",)))


def close_or_open(steps: Iterable[DiscrepancyStep], *, now: datetime) -> None:
    """Closes the bills that these steps close, and opens those that they open again: the last step of a bill says."""
    is_closed: dict[int, bool] = {}
    for step in steps:
        discrepancy = step.discrepancy
        closed_before = _closes(step.from_status, step.from_reason)
        closed_after = _closes(step.to_status, step.reason)
        if discrepancy.kind == KindChoice.PARTIAL_RECEIPT and closed_before != closed_after:
            bill_id = discrepancy.case.bill_id
            assert bill_id is not None, "what is paid in part is a bill"
            is_closed[bill_id] = closed_after
    close_bills([bill_id for bill_id, closed in is_closed.items() if closed], now=now)
    close_bills([bill_id for bill_id, closed in is_closed.items() if not closed], now=None)


def _closes(status: str, reason: str) -> bool:
    return status == Status.RESOLVED and reason in CLOSING_REASONS
