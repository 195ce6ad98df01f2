"""What people do with the rules of the house: make, replace, switch off and on, put in order.

What a rule says is never changed, for the history names it. Doors check permissions and call nothing else. Every use
case locks all rules, which are few: places in the order and names are given to one at a time.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from reconciliation.models import HouseRule, KindChoice, Reason
from reconciliation.permissions import WORK_PERMISSION, WRITE_OFF_PERMISSION
from reconciliation.rules.house_rules import Direction, Outcome
from reconciliation.rules.kinds import MONETARY, Kind
from reconciliation.rules.reasons import list_common_reasons
from shops.models import Shop
from shops.presentation import show_amount
from shops.roles import find_scope


class RuleRefused(Exception):
    """A rule that cannot be made or changed so. `faults` are sentences by the name of the field, or by nothing."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


# --- use cases -----------------------------------------------------------------------------------------------


def make_rule(rule: HouseRule, *, actor: User, now: datetime, replaces: HouseRule | None = None) -> HouseRule:
    """Puts an unsaved rule in force: at the end of the order, or in the place of the one that it replaces."""
    with _all_rules() as rules:
        rule.replaces = next((old for old in rules if replaces is not None and old.pk == replaces.pk), None)
        if rule.replaces is not None:
            _refuse_if_replaced(rule.replaces)
            _save(rule.replaces, actor, now, is_active=False)
        rule.position = place_of(rule, rules)
        rule.is_active = True
        _refuse_faults(rule, actor, rules)
        rule.made_by, rule.made_at, rule.changed_by, rule.changed_at = actor, now, actor, now
        rule.save(force_insert=True)
    return rule


def switch_off(rule: HouseRule, *, actor: User, now: datetime) -> None:
    """It decides nothing from now on; what it has decided stays."""
    with _locked(rule) as (locked, _rules):
        if not locked.is_active:
            raise RuleRefused({"": _("The rule is switched off already.")})
        _save(locked, actor, now, is_active=False)
    rule.is_active = False


def switch_on(rule: HouseRule, *, actor: User, now: datetime) -> None:
    """It is asked again, as if it were made today: by somebody who may make it."""
    with _locked(rule) as (locked, rules):
        if locked.is_active:
            raise RuleRefused({"": _("The rule is in force already.")})
        _refuse_if_replaced(locked)
        _refuse_faults(locked, actor, rules)
        _save(locked, actor, now, is_active=True)
    rule.is_active = True


def move(rule: HouseRule, *, earlier: bool, actor: User, now: datetime) -> None:
    """Puts the rule before (`earlier`) or behind its neighbour: the next that may decide about the same differences.

    Rules of other shops are passed over, and stand among each other and to all others as before.
    """
    with _locked(rule) as (locked, rules):
        in_force = [other for other in rules if other.is_active]
        if locked not in in_force:
            raise RuleRefused({"": _("The rule is not in force: it has no place in the order.")})
        positions, place = [other.position for other in in_force], in_force.index(locked)
        beyond = in_force[:place][::-1] if earlier else in_force[place + 1 :]
        neighbour = next((other for other in beyond if _meets(other, locked)), None)
        if neighbour is None:
            raise RuleRefused(
                {"": _("The rule is the first already.") if earlier else _("The rule is the last already.")}
            )
        in_force.insert(in_force.index(neighbour), in_force.pop(place))
        for other, position in zip(in_force, positions, strict=True):
            if other == locked:
                _save(locked, actor, now, position=position)
            elif other.position != position:
                other.position = position
                other.save(update_fields=["position"])


def place_of(rule: HouseRule, rules: Collection[HouseRule]) -> int:
    """Where among the `rules` a new one stands."""
    if rule.replaces is not None:
        return rule.replaces.position
    return max((other.position for other in rules), default=0) + 1


@contextmanager
def _all_rules() -> Iterator[list[HouseRule]]:
    try:
        with transaction.atomic():
            yield list(HouseRule.objects.select_for_update(no_key=True, of=("self",)).order_by("position", "pk"))
    except IntegrityError as error:
        # Two people have made the first rules of all at one instant: there was no row to lock.
        raise RuleRefused({"": _("Somebody has changed the rules meanwhile. Try again.")}) from error


@contextmanager
def _locked(rule: HouseRule) -> Iterator[tuple[HouseRule, list[HouseRule]]]:
    with _all_rules() as rules:
        yield next(locked for locked in rules if locked.pk == rule.pk), rules


def _save(rule: HouseRule, actor: User, now: datetime, **changes: object) -> None:
    for name, value in changes.items():
        setattr(rule, name, value)
    rule.changed_by, rule.changed_at = actor, now
    rule.save(update_fields=[*changes, "changed_by", "changed_at"])


def _refuse_if_replaced(rule: HouseRule) -> None:
    if HouseRule.objects.filter(replaces=rule).exists():
        raise RuleRefused({"": _("The rule has been replaced by another.")})


def _refuse_faults(rule: HouseRule, actor: User, rules: Collection[HouseRule]) -> None:
    if faults := find_faults(rule, actor, [other for other in rules if other.is_active]):
        raise RuleRefused(faults)


# --- what a rule may say -------------------------------------------------------------------------------------


def find_faults(rule: HouseRule, actor: User, in_force: Collection[HouseRule]) -> dict[str, str]:
    """What `actor` has to change before the rule is put beside those in force: a sentence by the name of the field."""
    faults = _find_faults_of_conditions(rule)
    closes = rule.outcome == Outcome.RESOLVE
    faults |= _find_faults_of_closing(rule, actor) if closes else _find_faults_of_assigning(rule)
    if any(other.name == rule.name and _meets(other, rule) for other in in_force):
        faults["name"] = _("Another rule in force has this name: the history could not tell them apart.")
    return faults


def _meets(other: HouseRule, rule: HouseRule) -> bool:
    """Whether the two may decide about the same discrepancy."""
    is_another = other.pk not in (rule.pk, rule.replaces_id)
    return is_another and (rule.shop_id is None or other.shop_id in (None, rule.shop_id))


def _find_faults_of_conditions(rule: HouseRule) -> dict[str, str]:
    faults = {}
    for name in ("store", "terminal", "employee"):
        place = getattr(rule, name)
        if place is not None and rule.shop_id != place.shop_id:
            faults[name] = _("It belongs to another shop than the rule is for.")
    if rule.amount_up_to is not None and rule.amount_up_to <= 0:
        faults["amount_up_to"] = _("The limit has to be above zero.")
    without_amount = [kind for kind in rule.kinds if Kind(kind) not in MONETARY]
    if without_amount and (rule.amount_up_to is not None or rule.direction != Direction.EITHER):
        labels = ", ".join(str(KindChoice(kind).label) for kind in without_amount)
        faults["kinds"] = _("These kinds have no amount; make a rule of their own for them: %s.") % labels
    return faults


def _find_faults_of_closing(rule: HouseRule, actor: User) -> dict[str, str]:
    kinds = [Kind(kind) for kind in rule.kinds]
    if not kinds:
        return {"kinds": _("A rule that closes has to say what it closes: choose one kind or several.")}
    faults = {}
    if MONETARY.intersection(kinds) and rule.amount_up_to is None:
        faults["amount_up_to"] = _("A rule that closes differences of money needs a limit.")
    if not rule.reason:
        faults["reason"] = _("Choose the reason with which the rule closes.")
    elif rule.reason not in list_common_reasons(kinds):
        faults["reason"] = _("This reason does not suit all of these kinds.")
    elif rule.reason == Reason.WRITTEN_OFF:
        faults |= _find_faults_of_write_off(rule, actor)
    return faults


def _find_faults_of_write_off(rule: HouseRule, actor: User) -> dict[str, str]:
    faults, account = {}, rule.write_off_account
    if not actor.has_perm(WRITE_OFF_PERMISSION, rule):
        faults["reason"] = _("You may not write differences off.")
    if account is None:
        faults["write_off_account"] = _("Choose where the rule writes differences off to.")
    elif not account.is_active:
        faults["write_off_account"] = _("This account is not in use any more.")
    elif account.shop_id not in (None, rule.shop_id):
        faults["write_off_account"] = _("This account belongs to another shop than the rule is for.")
    limit = find_write_off_limit(rule)
    if limit is not None and rule.amount_up_to is not None and rule.amount_up_to > limit:
        faults["amount_up_to"] = _("A rule writes off no more than one person may alone: %s.") % show_amount(limit)
    return faults


def find_write_off_limit(rule: HouseRule) -> Decimal | None:
    """The smallest limit of the shops that the rule is for."""
    if rule.shop is not None:
        return rule.shop.write_off_limit
    limit: Decimal | None = Shop.objects.aggregate(limit=Min("write_off_limit"))["limit"]
    return limit


def _find_faults_of_assigning(rule: HouseRule) -> dict[str, str]:
    if rule.assignee is None:
        return {"assignee": _("Choose who is to have what the rule hands over.")}
    if rule.shop_id not in find_scope(rule.assignee, WORK_PERMISSION):
        return {"assignee": _("This person cannot work the discrepancies of all shops that the rule is for.")}
    return {}
