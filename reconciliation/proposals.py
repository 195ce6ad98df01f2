"""What one person proposes and another confirms or declines: a large write-off, or that a customer paid another way.

A part of what people decide; see `reconciliation.decisions` for what every decision does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from reconciliation.attachments import CheckedFile, attach
from reconciliation.decisions import (
    Action,
    DecisionRefused,
    find_step_to_undo,
    list_sensible_reasons,
    refuse_another_amount,
    refuse_if_decided,
    take_step,
    undo,
)
from reconciliation.letters.conversation import tell_at_once
from reconciliation.models import Discrepancy, DiscrepancyStep, OtherPayment, Reason, Status
from reconciliation.write_offs import refuse_account


@dataclass(frozen=True, slots=True)
class Payment:
    """What a customer has paid past the registers; `paid_on` is a day of the shop."""

    how: str
    amount: Decimal
    paid_on: date


def propose_paid_another_way(
    discrepancy: Discrepancy,
    *,
    actor: User,
    payment: Payment,
    comment: str,
    now: datetime,
    attachments: Sequence[CheckedFile] = (),
    seen_amount: Decimal | None = None,
) -> DiscrepancyStep:
    """Somebody knows how the customer has paid; it is closed with that once an accountant confirms it.

    It answers a question that waits. Who has the discrepancy stays who has it.
    """
    with transaction.atomic():
        with take_step(discrepancy, Action.PROPOSED, actor, now, comment) as (locked, step):
            refuse_if_decided(locked)
            refuse_another_amount(locked, seen_amount)
            _refuse_payment(locked, payment, now)
            locked.status, locked.reason, locked.asked_by = Status.WAITING, Reason.PAID_ANOTHER_WAY, None
        OtherPayment.objects.create(step=step, how=payment.how, amount=payment.amount, paid_on=payment.paid_on)
        attach(step, attachments)
        tell_at_once(step, now=now)
    return step


@transaction.atomic
def confirm(
    discrepancy: Discrepancy, *, actor: User, now: datetime, comment: str = "", seen_amount: Decimal | None = None
) -> DiscrepancyStep:
    """The second person agrees: it is closed with what was proposed."""
    with take_step(discrepancy, Action.CONFIRMED, actor, now, comment) as (locked, step):
        _refuse_if_nothing_waits(locked)
        if find_proposer(locked) == actor:
            raise DecisionRefused(_("You have proposed it yourself: somebody else has to confirm it."))
        refuse_another_amount(locked, seen_amount)
        if locked.write_off_account is not None:
            refuse_account(locked.write_off_account, locked.case.shop)
        locked.status = Status.RESOLVED
    tell_at_once(step, now=now)
    return step


@transaction.atomic
def decline(discrepancy: Discrepancy, *, actor: User, comment: str, now: datetime) -> DiscrepancyStep:
    """It does not come to that, and whoever has proposed it reads why.

    A write-off goes back to its proposer; of what an owner has said, the discrepancy is again as it was before.
    """
    if not comment.strip():
        raise DecisionRefused(_("Say why not: whoever has proposed it reads that."))
    with take_step(discrepancy, Action.DECLINED, actor, now, comment) as (locked, step):
        _refuse_if_nothing_waits(locked)
        proposal = find_proposal(locked)
        if locked.reason == Reason.WRITTEN_OFF:
            locked.status, locked.assignee = Status.IN_REVIEW, proposal.actor if proposal else None
        else:
            locked.status = Status(proposal.from_status) if proposal else Status.OPEN
        locked.reason, locked.write_off_account = "", None
    tell_at_once(step, now=now)
    return step


def withdraw(discrepancy: Discrepancy, *, actor: User, now: datetime) -> DiscrepancyStep:
    """Takes one's own proposal back, while nobody has decided about it."""
    step = find_step_to_undo(discrepancy)
    if step is None or step.action != Action.PROPOSED or step.actor != actor:
        raise DecisionRefused(_("You have proposed nothing that could still be taken back."))
    return undo(discrepancy, actor=actor, now=now)


def find_proposal(discrepancy: Discrepancy) -> DiscrepancyStep | None:
    """The step that proposed last."""
    steps = discrepancy.steps.filter(action=Action.PROPOSED).select_related("actor", "other_payment")
    return steps.order_by("-pk").first()


def find_proposer(discrepancy: Discrepancy) -> User | None:
    """Who has proposed what waits for confirmation."""
    step = find_proposal(discrepancy)
    return step.actor if step else None


def can_be_paid_another_way(kind: str) -> bool:
    """Whether money past the registers would explain a discrepancy of this kind."""
    return Reason.PAID_ANOTHER_WAY in list_sensible_reasons([kind])


def _refuse_payment(discrepancy: Discrepancy, payment: Payment, now: datetime) -> None:
    if not can_be_paid_another_way(discrepancy.kind):
        raise DecisionRefused(
            _("No payment explains “%(kind)s”. Write a comment instead.") % {"kind": discrepancy.get_kind_display()}
        )
    if payment.amount <= 0:
        raise DecisionRefused(_("The amount must be more than nothing."))
    if payment.paid_on > now.astimezone(discrepancy.case.shop.zone).date():
        raise DecisionRefused(_("The day of the payment is still to come."))


def _refuse_if_nothing_waits(discrepancy: Discrepancy) -> None:
    if discrepancy.status != Status.WAITING:
        raise DecisionRefused(_("Nothing that was proposed about it waits for confirmation."))
