"""A rule in words: when it fits, what it does, and what keeps it from doing so."""

from django.utils.translation import gettext as _

from reconciliation.models import DirectionChoice, HouseRule, KindChoice, Reason
from reconciliation.rules.house_rules import Direction, Outcome
from shops.presentation import show_amount
from shops.wording import word_payment_source


def describe_conditions(rule: HouseRule) -> str:
    """`shop 40 · another price · up to 1.00`."""
    parts = [
        _("shop %s") % rule.shop if rule.shop else _("every shop"),
        ", ".join(str(KindChoice(kind).label) for kind in rule.kinds) or _("every kind"),
    ]
    if rule.amount_up_to is not None:
        parts.append(_("up to %s") % show_amount(rule.amount_up_to))
    if rule.direction != Direction.EITHER:
        parts.append(str(DirectionChoice(rule.direction).label))
    if rule.store:
        parts.append(_("store %s") % rule.store)
    if rule.terminal:
        parts.append(_("terminal %s") % rule.terminal)
    if rule.employee:
        parts.append(_("cashier %s") % rule.employee)
    if rule.payment_source:
        parts.append(_("payment: %s") % word_payment_source(rule.payment_source))
    return " · ".join(parts)


def describe_outcome(rule: HouseRule) -> str:
    """`close: written off to 91.02 Rounding`."""
    if rule.outcome == Outcome.ASSIGN:
        return _("hand over to %s") % rule.assignee
    if rule.reason == Reason.WRITTEN_OFF:
        return _("close: written off to “%s”") % rule.write_off_account
    return _("close: %s") % Reason(rule.reason).label


def describe_obstacle(rule: HouseRule) -> str:
    """Why a rule in force decides nothing; empty for one that does."""
    if not rule.is_active:
        return ""
    if rule.outcome == Outcome.ASSIGN and not rule.assignee_may_work:
        return _("Passed over: %s cannot work discrepancies any more.") % rule.assignee
    if rule.write_off_account is not None and not rule.write_off_account.is_active:
        return _("Passed over: the account “%s” is not in use any more.") % rule.write_off_account
    return ""
