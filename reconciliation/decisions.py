"""What people decide about discrepancies. Every decision locks the discrepancy, changes it, and leaves a step.

Doors (admin actions, the back-office API) check permissions and call nothing else. A decision that closes a bill locks
the bill before the discrepancy, as the judge does.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from reconciliation import linking, notices
from reconciliation.attachments import CheckedFile, attach
from reconciliation.closing import close_or_open, lock_bill
from reconciliation.freezing import say_why_frozen
from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status
from reconciliation.rules.kinds import Kind
from reconciliation.rules.reasons import list_common_reasons
from shops.allocations import AllocationRefused
from shops.models import Allocation
from shops.presentation import show_signed_amount

Action = DiscrepancyStep.Action

UNDOABLE = (
    Action.TAKEN,
    Action.HANDED_OVER,
    Action.ASKED,
    Action.PROPOSED,
    Action.CONFIRMED,
    Action.DECLINED,
    Action.RESOLVED,
    Action.REOPENED,
)
FOLLOWING = (Action.CAUSE_GONE, Action.AMOUNT_CHANGED, Action.RETURNED)
REMARKS = (Action.COMMENTED, Action.ANSWERED)  # they stay, whatever is undone
UNDONE_WITH = ("actor", "from_assignee", "from_write_off_account", "allocation__receipt", "allocation__replaces")
DECIDED_FIELDS = ["status", "reason", "assignee", "write_off_account", "asked_by", "resolved_at", "changed_at"]
# One that writes a difference off is given by a decision of its own, in `reconciliation.write_offs`.
PEOPLES_REASONS = tuple(reason for reason in Reason if reason not in (Reason.WRITTEN_OFF, Reason.LATER_DOCUMENTS))


class DecisionRefused(Exception):
    """A decision that the state of the discrepancy does not allow; says what to do instead."""


def take(discrepancy: Discrepancy, *, actor: User, now: datetime) -> DiscrepancyStep:
    """`actor` works on it from now on."""
    with take_step(discrepancy, Action.TAKEN, actor, now) as (locked, step):
        refuse_if_decided(locked)
        locked.assignee, locked.status = actor, Status.IN_REVIEW
    return step


def hand_over(
    discrepancy: Discrepancy, *, actor: User, assignee: User, now: datetime, comment: str = ""
) -> DiscrepancyStep:
    """`assignee` works on it from now on."""
    with take_step(discrepancy, Action.HANDED_OVER, actor, now, comment) as (locked, step):
        refuse_if_decided(locked)
        locked.assignee, locked.status = assignee, Status.IN_REVIEW
    return step


def comment(
    discrepancy: Discrepancy, *, actor: User, comment: str, now: datetime, attachments: Sequence[CheckedFile] = ()
) -> DiscrepancyStep:
    """A remark, with files beside it; nothing else changes."""
    if not comment.strip():
        raise DecisionRefused(_("The comment is empty: write what is to be remembered."))
    with transaction.atomic():
        with take_step(discrepancy, Action.COMMENTED, actor, now, comment) as (_locked, step):
            pass
        attach(step, attachments)
    return step


def resolve(discrepancy: Discrepancy, *, actor: User, reason: str, comment: str, now: datetime) -> DiscrepancyStep:
    """Closes it with a reason of `PEOPLES_REASONS` that makes sense for its kind."""
    if reason == Reason.WRITTEN_OFF:
        raise DecisionRefused(_("What is written off needs an account: write it off instead of resolving it."))
    if reason not in PEOPLES_REASONS:
        raise DecisionRefused(_("Choose a reason from the list."))
    with take_step(discrepancy, Action.RESOLVED, actor, now, comment) as (locked, step):
        refuse_if_decided(locked)
        if reason not in list_sensible_reasons([locked.kind]):
            raise DecisionRefused(_refuse_reason(locked, reason))
        locked.status, locked.reason = Status.RESOLVED, reason
        locked.assignee = locked.assignee or actor
    return step


def reopen(discrepancy: Discrepancy, *, actor: User, comment: str, now: datetime) -> DiscrepancyStep:
    """Opens a resolved one again."""
    with take_step(discrepancy, Action.REOPENED, actor, now, comment) as (locked, step):
        if locked.status != Status.RESOLVED:
            raise DecisionRefused(_("It is not resolved: there is nothing to reopen."))
        if not locked.cause_present:
            raise DecisionRefused(_("The documents no longer show this difference: there is nothing to reopen."))
        locked.status, locked.reason, locked.write_off_account = Status.REOPENED, "", None
    return step


def undo(discrepancy: Discrepancy, *, actor: User, now: datetime, comment: str = "") -> DiscrepancyStep:
    """Takes the last decision back, whoever made it; a step of its own."""
    last = find_step_to_undo(discrepancy)
    if last is not None and last.allocation is not None:
        return _undo_allocation(discrepancy, last.allocation, actor=actor, now=now, comment=comment)
    with take_step(discrepancy, Action.UNDONE, actor, now, comment) as (locked, step):
        last = find_step_to_undo(locked)
        if last is None:
            raise DecisionRefused(_("There is no decision to undo, or documents have changed the matter since."))
        step.undoes = last
        locked.status, locked.reason, locked.assignee = last.from_status, last.from_reason, last.from_assignee
        locked.write_off_account = last.from_write_off_account
        question = find_open_question([step, *locked.steps.select_related("actor").order_by("-pk")])
        locked.asked_by = question.actor if question else None
    return step


def find_step_to_undo(discrepancy: Discrepancy) -> DiscrepancyStep | None:
    """The last decision that still stands, if nothing but comments (and undone decisions) came after it.

    What followed at once from matching a receipt with a bill by hand came with that decision, and goes with it.
    """
    steps = discrepancy.steps.select_related(*UNDONE_WITH)
    return pick_step_to_undo(steps.order_by("-pk"))


def pick_step_to_undo(steps: Iterable[DiscrepancyStep]) -> DiscrepancyStep | None:
    """The same of a history that is at hand, the last step first."""
    undone: set[int] = set()
    followed: set[datetime] = set()
    is_answered = False
    for step in steps:
        if step.action == Action.UNDONE and step.undoes_id is not None:
            undone.add(step.undoes_id)
        elif step.action in FOLLOWING:
            followed.add(step.at)
        elif step.action in REMARKS:
            is_answered |= step.action == Action.ANSWERED
        elif step.pk not in undone and not (is_answered and step.action == Action.ASKED):
            return step if _can_undo(step, followed) else None
    return None


def find_open_question(steps: Iterable[DiscrepancyStep]) -> DiscrepancyStep | None:
    """The question that still waits for an answer, by a history with the last step first.

    What closes a discrepancy, or says how the customer has paid, leaves nothing to answer.
    """
    undone: set[int] = set()
    for step in steps:
        if step.action == Action.UNDONE:
            if step.undoes_id is not None:
                undone.add(step.undoes_id)
        elif step.pk not in undone:
            if step.action == Action.ASKED:
                return step
            if step.action == Action.ANSWERED or _settles(step):
                return None
    return None


def _settles(step: DiscrepancyStep) -> bool:
    closes = step.to_status == Status.RESOLVED != step.from_status
    return closes or (step.action == Action.PROPOSED and step.reason == Reason.PAID_ANOTHER_WAY)


def undoes_link(discrepancy: Discrepancy) -> bool:
    """Whether what would be undone is a match of a receipt with a bill: who undoes that must be allowed to match."""
    step = find_step_to_undo(discrepancy)
    return step is not None and step.action in linking.ACTIONS


def _can_undo(step: DiscrepancyStep, followed: set[datetime]) -> bool:
    if step.action in linking.ACTIONS:
        return step.allocation is not None and step.allocation.ended_at is None and followed <= {step.at}
    return step.action in UNDOABLE and not followed


def _undo_allocation(
    discrepancy: Discrepancy, allocation: Allocation, *, actor: User, now: datetime, comment: str
) -> DiscrepancyStep:
    try:
        linking.undo(allocation, actor=actor, now=now, comment=comment)
    except AllocationRefused as refusal:
        raise DecisionRefused(str(refusal)) from refusal
    discrepancy.refresh_from_db(fields=DECIDED_FIELDS)
    return discrepancy.steps.filter(action=Action.UNDONE).latest("pk")


def list_sensible_reasons(kinds: Iterable[str]) -> list[Reason]:
    """The reasons with which discrepancies of all these kinds can be resolved."""
    sensible = {reason.value for reason in list_common_reasons(Kind(kind) for kind in kinds)}
    return [reason for reason in PEOPLES_REASONS if reason.value in sensible]


def _refuse_reason(discrepancy: Discrepancy, reason: str) -> str:
    sensible = list_sensible_reasons([discrepancy.kind])
    return _("“%(reason)s” does not suit “%(kind)s”. What does: %(reasons)s.") % {
        "reason": Reason(reason).label,
        "kind": discrepancy.get_kind_display(),
        "reasons": "; ".join(str(reason.label) for reason in sensible),
    }


def refuse_if_decided(discrepancy: Discrepancy) -> None:
    """What is resolved is reopened first, and what waits for a second person is decided by that person."""
    if discrepancy.status == Status.RESOLVED:
        raise DecisionRefused(_("It is resolved already. Reopen it first."))
    if discrepancy.status == Status.WAITING:
        raise DecisionRefused(
            _("What is proposed about it waits for confirmation. Confirm or decline it, or undo the proposal, first.")
        )


def refuse_another_amount(discrepancy: Discrepancy, seen_amount: Decimal | None) -> None:
    """`seen_amount` is what the person has been shown, where it was shown: documents may have changed it since."""
    if seen_amount is not None and seen_amount != discrepancy.amount:
        raise DecisionRefused(
            _("Documents have changed the amount from %(seen)s to %(amount)s meanwhile. Look at it again.")
            % {"seen": show_signed_amount(seen_amount), "amount": show_signed_amount(discrepancy.amount)}
        )


@contextmanager
def take_step(
    discrepancy: Discrepancy, action: Action, actor: User, now: datetime, comment: str = ""
) -> Iterator[tuple[Discrepancy, DiscrepancyStep]]:
    """Locks the discrepancy, lets the caller change it, and writes both the change and the step that tells of it.

    For the modules of decisions only. The caller's own `discrepancy` is brought up to date.
    """
    with transaction.atomic():
        lock_bill(discrepancy)
        locked = (
            Discrepancy.objects.select_for_update(of=("self",))
            .select_related("assignee", "write_off_account", "asked_by", "case__shop")
            .get(pk=discrepancy.pk)
        )
        if frozen := say_why_frozen(locked, action):
            raise DecisionRefused(frozen)
        step = DiscrepancyStep(
            discrepancy=locked,
            at=now,
            actor=actor,
            action=action,
            from_status=locked.status,
            from_reason=locked.reason,
            from_assignee=locked.assignee,
            from_write_off_account=locked.write_off_account,
            amount_before=locked.amount,
            amount=locked.amount,
            comment=comment.strip(),
        )
        yield locked, step
        if locked.status == Status.RESOLVED:
            locked.asked_by = None
        step.to_status, step.reason, step.assignee = Status(locked.status), locked.reason, locked.assignee
        step.write_off_account = locked.write_off_account
        locked.resolved_at = (locked.resolved_at or now) if locked.status == Status.RESOLVED else None
        if step.action not in REMARKS:
            locked.changed_at = now
        locked.save(update_fields=DECIDED_FIELDS)
        step.save(force_insert=True)
        close_or_open([step], now=now)
        notices.tell({locked.case.shop_id}, [], [step], now=now)
    for name in DECIDED_FIELDS:
        setattr(discrepancy, name, getattr(locked, name))
