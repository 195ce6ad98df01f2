"""Writing a difference off to an account: by one person up to the shop's limit, by two beyond it.

A part of what people decide; see `reconciliation.decisions` for what every decision does. What waits for the second
person is confirmed or declined in `reconciliation.proposals`.
"""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from reconciliation.decisions import Action, DecisionRefused, refuse_another_amount, refuse_if_decided, take_step
from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status, WriteOffAccount
from reconciliation.rules.kinds import MONETARY
from shops.models import Shop


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
        refuse_another_amount(locked, seen_amount)
        refuse_account(account, locked.case.shop)
        waits = needs_second_person(locked)
        step.action = Action.PROPOSED if waits else Action.RESOLVED
        locked.status = Status.WAITING if waits else Status.RESOLVED
        locked.reason, locked.write_off_account = Reason.WRITTEN_OFF, account
        locked.assignee = locked.assignee or actor
    return step


def needs_second_person(discrepancy: Discrepancy) -> bool:
    """Whether its amount, in either direction, is beyond what one person of its shop may write off."""
    return discrepancy.amount is not None and abs(discrepancy.amount) > discrepancy.case.shop.write_off_limit


def _refuse_without_money(discrepancy: Discrepancy) -> None:
    if discrepancy.kind not in MONETARY:
        raise DecisionRefused(_("It is not about money: there is no amount to write off."))


def refuse_account(account: WriteOffAccount, shop: Shop) -> None:
    """By what the database says now: an account may have been taken out of use meanwhile."""
    if not WriteOffAccount.objects.usable_in(shop).filter(pk=account.pk).exists():
        raise DecisionRefused(
            _("Account “%(account)s” is not in use, or belongs to another shop. Choose another one.")
            % {"account": account}
        )
