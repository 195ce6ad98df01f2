"""The judgement of one case. Pure: the same case at the same time is always judged the same."""

from datetime import datetime

from reconciliation.rules.attribution import attribute_gap
from reconciliation.rules.facts import UNANSWERED_AFTER, Case
from reconciliation.rules.findings import Judgement
from reconciliation.rules.observations import RULES, payment_deadline
from reconciliation.rules.shifts import judge_shift
from shops.money import ZERO
from shops.payment.paid import is_fully_paid
from shops.payment.takings import count_takings


def judge(case: Case, now: datetime) -> Judgement:
    """All findings of a case as of `now`, money first, and the figures they explain."""
    if case.shift is not None:
        return judge_shift(case.shift, case.policy, now)
    takings = count_takings(case.receipts, case.bill)
    observed = (rule(case, now) for rule in RULES)
    return Judgement(
        due=case.bill.due if case.bill else ZERO if case.receipts else None,
        received=takings.received if takings else None,
        fully_paid=case.bill is not None and is_fully_paid(case.bill, case.receipts),
        findings=(*attribute_gap(case.bill, case.receipts), *(finding for finding in observed if finding)),
        judge_again_at=_judge_again_at(case, now),
    )


def _judge_again_at(case: Case, now: datetime) -> datetime | None:
    """The next deadline of the case that has not passed."""
    deadlines = [request.occurred_at + UNANSWERED_AFTER for request in case.unanswered]
    if case.message and case.message.is_request and not case.message.answered:
        deadlines.append(case.message.occurred_at + UNANSWERED_AFTER)
    if payment := payment_deadline(case):
        deadlines.append(payment)
    return min((deadline for deadline in deadlines if deadline >= now), default=None)
