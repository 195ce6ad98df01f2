"""Has the rules decide what documents have just opened, found again or changed. Used by the judge, in its transaction.

A person is never overridden: rules are asked only where documents had the last word and no decision of a person stands.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.contrib.auth.models import User

from reconciliation.house_rules.loading import (
    RuleBook,
    load_histories,
    load_rules,
    load_situations,
    read_step,
)
from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule, Reason, Status
from reconciliation.rules.house_rules import DOCUMENTS_OWN, Decision, decide, is_left_to_rules
from shops.models import Shop

Action = DiscrepancyStep.Action


def ask_rules(steps: Sequence[DiscrepancyStep], *, now: datetime) -> list[DiscrepancyStep]:
    """The steps that follow from these, which documents have caused and nobody has written yet.

    The discrepancies are changed; the caller, who holds their locks, writes both.
    """
    asked = [step for step in steps if step.action in DOCUMENTS_OWN]
    if not asked or not (book := load_rules()).rules:
        return []
    histories = load_histories(step.discrepancy for step in asked if step.from_status)
    left = [
        step.discrepancy
        for step in asked
        if is_left_to_rules([*histories.get(step.discrepancy.pk or 0, ()), read_step(step)])
    ]
    shops = Shop.objects.in_bulk({discrepancy.case.shop_id for discrepancy in left})
    for discrepancy in left:
        discrepancy.case.shop = shops[discrepancy.case.shop_id]
    return carry_out(book, left, now=now)


def carry_out(
    book: RuleBook,
    discrepancies: Collection[Discrepancy],
    *,
    now: datetime,
    actor: User | None = None,
    only: int | None = None,
) -> list[DiscrepancyStep]:
    """Changes those that a rule (`only` one of the book, where it is given) decides, and gives the steps.

    Whoever had the rules asked is the `actor` of the steps.
    """
    if not discrepancies:
        return []
    made = []
    for discrepancy, situation in zip(discrepancies, load_situations(discrepancies), strict=True):
        decision = decide(book.terms, situation)
        if decision is not None and only is not None:
            decision = decision.keep(only)
        if decision is not None:
            made += _carry_out(book, discrepancy, decision, now, actor)
    return made


def _carry_out(
    book: RuleBook, discrepancy: Discrepancy, decision: Decision, now: datetime, actor: User | None
) -> list[DiscrepancyStep]:
    """Hands over before it closes: who has what is closed can be seen. What somebody has stays with them."""
    made = []
    if decision.assigned_by is not None and discrepancy.assignee_id is None:
        rule = book.rules[decision.assigned_by]
        step = _begin(discrepancy, rule, Action.HANDED_OVER, now, actor)
        discrepancy.assignee, discrepancy.status = rule.assignee, Status.IN_REVIEW
        made.append(_end(step))
    if decision.resolved_by is not None:
        rule = book.rules[decision.resolved_by]
        step = _begin(discrepancy, rule, Action.RESOLVED, now, actor)
        discrepancy.status, discrepancy.reason = Status.RESOLVED, Reason(rule.reason)
        discrepancy.write_off_account, discrepancy.resolved_at = rule.write_off_account, now
        discrepancy.asked_by = None
        made.append(_end(step))
    return made


def _begin(
    discrepancy: Discrepancy, rule: HouseRule, action: Action, now: datetime, actor: User | None
) -> DiscrepancyStep:
    discrepancy.changed_at = now
    return DiscrepancyStep(
        discrepancy=discrepancy,
        at=now,
        actor=actor,
        rule=rule,
        action=action,
        from_status=discrepancy.status,
        from_reason=discrepancy.reason,
        from_assignee_id=discrepancy.assignee_id,
        from_write_off_account_id=discrepancy.write_off_account_id,
        amount_before=discrepancy.amount,
        amount=discrepancy.amount,
        comment=rule.comment,
    )


def _end(step: DiscrepancyStep) -> DiscrepancyStep:
    discrepancy = step.discrepancy
    step.to_status, step.reason = Status(discrepancy.status), discrepancy.reason
    step.assignee_id, step.write_off_account_id = discrepancy.assignee_id, discrepancy.write_off_account_id
    return step
