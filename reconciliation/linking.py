"""The use cases of matching by hand: a receipt is linked to a bill, taken off it, or split over several.

`shops.allocations` writes the fact; here the histories of the discrepancies tell of it, and the cases are judged at
once. Doors check permissions and call nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from reconciliation.models import Discrepancy, DiscrepancyStep
from reconciliation.rules.kinds import MONETARY, Kind
from reconciliation.services import Reconciliation
from shops import allocations
from shops.allocations import NOTHING_SEEN, Allocated, Part
from shops.models import Allocation, Bill, Receipt
from shops.presentation import show_amount

Action = DiscrepancyStep.Action

ACTIONS = (Action.LINKED, Action.UNLINKED, Action.SPLIT)
# What depends on which receipts pay the bill: the histories of these tell of it.
CONCERNED = sorted(MONETARY | {Kind.REFERENCE_MISMATCH, Kind.OPENED_NOT_PAID, Kind.LISTED_AFTER_RECEIPT})


@dataclass(frozen=True, slots=True)
class Change:
    """Who says what, and when."""

    action: Action
    actor: User
    now: datetime
    comment: str


def link(
    receipt: Receipt, bill: Bill, *, actor: User, now: datetime, comment: str = "", seen_id: int = NOTHING_SEEN
) -> Allocation:
    """The whole receipt pays this bill; see `shops.allocations.link`."""
    with transaction.atomic():
        decided = allocations.link(receipt, bill, actor=actor, now=now, comment=comment, seen_id=seen_id)
        _tell_and_judge(decided, Change(Action.LINKED, actor, now, comment))
    return decided.allocation


def split(
    receipt: Receipt,
    parts: Sequence[Part],
    *,
    actor: User,
    now: datetime,
    comment: str = "",
    seen_id: int = NOTHING_SEEN,
) -> Allocation:
    """The receipt pays several bills; see `shops.allocations.split`."""
    with transaction.atomic():
        decided = allocations.split(receipt, parts, actor=actor, now=now, comment=comment, seen_id=seen_id)
        _tell_and_judge(decided, Change(Action.SPLIT, actor, now, comment))
    return decided.allocation


def unlink(
    receipt: Receipt, bill: Bill, *, actor: User, now: datetime, comment: str = "", seen_id: int = NOTHING_SEEN
) -> Allocation:
    """The receipt does not pay this bill; see `shops.allocations.unlink`."""
    with transaction.atomic():
        decided = allocations.unlink(receipt, bill, actor=actor, now=now, comment=comment, seen_id=seen_id)
        _tell_and_judge(decided, Change(Action.UNLINKED, actor, now, comment))
    return decided.allocation


def undo(allocation: Allocation, *, actor: User, now: datetime, comment: str = "") -> Allocation:
    """What the receipt paid before counts again; every history that tells of the decision tells of its end."""
    with transaction.atomic():
        decided = allocations.undo(allocation, actor=actor, now=now, comment=comment)
        _tell_and_judge(decided, Change(Action.UNDONE, actor, now, comment), undone=allocation)
    return decided.allocation


def _tell_and_judge(decided: Allocated, change: Change, *, undone: Allocation | None = None) -> None:
    receipt_id = decided.allocation.receipt_id
    rows = _lock_concerned(decided)
    steps = [_step(row, decided.allocation, change) for row in rows]
    if undone is not None:
        told = {step.discrepancy_id: step for step in DiscrepancyStep.objects.filter(allocation=undone)}
        for step in steps:
            step.undoes = told.get(step.discrepancy_id)
    DiscrepancyStep.objects.bulk_create(steps)
    Discrepancy.objects.filter(pk__in=[row.pk for row in rows]).update(changed_at=change.now)
    run = Reconciliation(change.now, change.now)
    run.judge_at_once(bill_ids=decided.bill_ids, receipt_ids=[receipt_id])


def _lock_concerned(decided: Allocated) -> list[Discrepancy]:
    """The discrepancies that the decision is about, and those whose history tells of the one before."""
    allocation = decided.allocation
    seen = Q(case__bill__in=decided.bill_ids) | Q(case__receipt=allocation.receipt_id)
    seen &= Q(kind__in=CONCERNED, cause_present=True)
    if allocation.replaces_id is not None:
        seen |= Q(pk__in=DiscrepancyStep.objects.filter(allocation=allocation.replaces_id).values("discrepancy"))
    rows = Discrepancy.objects.filter(seen).select_related("case", "assignee", "write_off_account").order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def _step(row: Discrepancy, allocation: Allocation, change: Change) -> DiscrepancyStep:
    """A step that changes nothing by itself: what follows from it, the judge says."""
    return DiscrepancyStep(
        discrepancy=row,
        at=change.now,
        actor=change.actor,
        action=change.action,
        from_status=row.status,
        to_status=row.status,
        from_reason=row.reason,
        reason=row.reason,
        from_assignee=row.assignee,
        assignee=row.assignee,
        from_write_off_account=row.write_off_account,
        write_off_account=row.write_off_account,
        amount_before=row.amount,
        amount=row.amount,
        allocation=allocation,
        comment="\n".join(text for text in (describe(allocation), change.comment.strip()) if text),
    )


def describe(allocation: Allocation) -> str:
    """The receipt and what it pays, in words."""
    parts = list(allocation.parts.select_related("bill").order_by("position"))
    receipt = allocation.receipt
    name = _("Receipt %(id)s of %(total)s") % {"id": receipt.receipt_id, "total": show_amount(receipt.total)}
    if not parts:
        return f"{name}: " + _("as it says itself")
    paid = [
        f"{_('bill %(bill)s') % {'bill': part.bill} if part.bill else _('no bill')} — {show_amount(part.amount)}"
        for part in parts
    ]
    return f"{name}: {'; '.join(paid)}"
