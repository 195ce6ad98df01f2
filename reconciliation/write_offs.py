"""Writing a difference off to an account: by one person up to the shop's limit, by two beyond it.

A part of what people decide; see `reconciliation.decisions` for what every decision does.
"""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from reconciliation.decisions import Action, DecisionRefused, refuse_if_decided, take_step
from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status, WriteOffAccount
from reconciliation.rules.kinds import MONETARY
from shops.models import Shop
from shops.presentation import show_signed_amount


def write_off(
    discrepancy: Discrepancy,
    *,
    actor: User,
    account: WriteOffAccount,
    comment: str,
    now: datetime,
    seen_amount: Decimal | None = None,
) -> DiscrepancyStep:
    """Closes it with its amount on `account`; an amount beyond the shop's limit waits for a second person.

    `seen_amount` is what the person has been shown: documents may have changed it since.
    """
    with take_step(discrepancy, Action.RESOLVED, actor, now, comment) as (locked, step):
        refuse_if_decided(locked)
        _refuse_without_money(locked)
        _refuse_another_amount(locked, seen_amount)
        _refuse_account(account, locked.case.shop)
        waits = needs_second_person(locked)
        step.action = Action.PROPOSED if waits else Action.RESOLVED
        locked.status = Status.WAITING if waits else Status.RESOLVED
        locked.reason, locked.write_off_account = Reason.WRITTEN_OFF, account
        locked.assignee = locked.assignee or actor
    return step


def confirm(
    discrepancy: Discrepancy, *, actor: User, now: datetime, comment: str = "", seen_amount: Decimal | None = None
) -> DiscrepancyStep:
    """The second person agrees: it is written off to the account that was proposed."""
    with take_step(discrepancy, Action.CONFIRMED, actor, now, comment) as (locked, step):
        _refuse_if_nothing_waits(locked)
        if find_proposer(locked) == actor:
            raise DecisionRefused(_("You have proposed it yourself: somebody else has to confirm it."))
        _refuse_another_amount(locked, seen_amount)
        assert locked.write_off_account is not None, "what is proposed has an account"
        _refuse_account(locked.write_off_account, locked.case.shop)
        locked.status = Status.RESOLVED
    return step


def decline(discrepancy: Discrepancy, *, actor: User, comment: str, now: datetime) -> DiscrepancyStep:
    """It is not written off, and whoever has proposed it works on it again and reads why."""
    if not comment.strip():
        raise DecisionRefused(_("Say why it is not to be written off: whoever has proposed it reads that."))
    with take_step(discrepancy, Action.DECLINED, actor, now, comment) as (locked, step):
        _refuse_if_nothing_waits(locked)
        locked.status, locked.reason, locked.write_off_account = Status.IN_REVIEW, "", None
        locked.assignee = find_proposer(locked)
    return step


def needs_second_person(discrepancy: Discrepancy) -> bool:
    """Whether its amount, in either direction, is beyond what one person of its shop may write off."""
    return discrepancy.amount is not None and abs(discrepancy.amount) > discrepancy.case.shop.write_off_limit


def find_proposer(discrepancy: Discrepancy) -> User | None:
    """Who has proposed to write off what waits for confirmation."""
    steps = discrepancy.steps.filter(action=Action.PROPOSED).select_related("actor")
    step = steps.order_by("-pk").first()
    return step.actor if step else None


def _refuse_without_money(discrepancy: Discrepancy) -> None:
    if discrepancy.kind not in MONETARY:
        raise DecisionRefused(_("It is not about money: there is no amount to write off."))


def _refuse_another_amount(discrepancy: Discrepancy, seen_amount: Decimal | None) -> None:
    if seen_amount is not None and seen_amount != discrepancy.amount:
        raise DecisionRefused(
            _("Documents have changed the amount from %(seen)s to %(amount)s meanwhile. Look at it again.")
            % {"seen": show_signed_amount(seen_amount), "amount": show_signed_amount(discrepancy.amount)}
        )


def _refuse_if_nothing_waits(discrepancy: Discrepancy) -> None:
    if discrepancy.status != Status.WAITING:
        raise DecisionRefused(_("No write-off of it waits for confirmation."))


def _refuse_account(account: WriteOffAccount, shop: Shop) -> None:
    """By what the database says now: an account may have been taken out of use meanwhile."""
    if not WriteOffAccount.objects.usable_in(shop).filter(pk=account.pk).exists():
        raise DecisionRefused(
            _("Account “%(account)s” is not in use, or belongs to another shop. Choose another one.")
            % {"account": account}
        )
