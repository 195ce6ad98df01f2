"""Brings cases and discrepancies into line with judgements. Used by the services of this app.

A discrepancy is known by its case and kind. What a person decided stays as long as the documents say the same: only
a cause that returns or changes its amount opens a closed discrepancy again, and every such step is kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from reconciliation import notices
from reconciliation.case_index import JudgedFacts, write_case_index
from reconciliation.closing import close_or_open
from reconciliation.house_rules.applying import ask_rules
from reconciliation.letters.alerts import note_alerts
from reconciliation.models import Case, Discrepancy, DiscrepancyStep, Reason, Status
from reconciliation.rules import facts
from reconciliation.rules.findings import Finding, Judgement
from reconciliation.rules.kinds import Kind
from reconciliation.set_offs import write_set_offs
from shops import bulk_writing
from shops.models import Bill

Subject = Literal["bill", "receipt", "event", "shift"]

CASE_FIELDS = ["due", "received", "gap", "fully_paid", "bill_version", "judged_at", "judged_as_of", "judge_again_at"]
DISCREPANCY_FIELDS = [
    "amount",
    "evidence",
    "status",
    "cause_present",
    "reason",
    "assignee",
    "write_off_account",
    "asked_by",
    "resolved_at",
    "changed_at",
]
DECIDED = (Status.RESOLVED, Status.WAITING)

Action = DiscrepancyStep.Action


@dataclass(frozen=True, slots=True)
class JudgedCase:
    """A judgement of the case of one row (`subject_id` is its primary key)."""

    shop_number: int
    subject_id: int
    judgement: Judgement
    bill_version: int = 0
    facts_of_case: facts.Case = facts.Case()


@dataclass(slots=True)
class Application:
    """What applying a batch of judgements changed."""

    opened: int = 0
    reopened: int = 0
    changed: int = 0
    closed: int = 0
    payment_changed: set[int] = field(
        default_factory=set
    )  # bills that became paid or unpaid, or paid in another version
    payments: list[notices.PaymentChange] = field(default_factory=list)
    steps: list[DiscrepancyStep] = field(default_factory=list)
    dirty: list[Discrepancy] = field(default_factory=list)


def apply_judgements(subject: Subject, judged: Sequence[JudgedCase], *, as_of: datetime, now: datetime) -> Application:
    """Writes what was judged, within the caller's transaction, which holds the locks of the subjects.

    The rules of the house are asked about what the documents have changed.
    """
    application = Application()
    cases = _write_cases(subject, judged, application, as_of, now)
    held = _lock_discrepancies(cases.values())
    new = [
        discrepancy
        for item in judged
        for discrepancy in _apply(application, cases[item.subject_id], item.judgement, held, now)
    ]
    application.steps += ask_rules(application.steps, now=now)
    bulk_writing.insert_new(Discrepancy, new)
    Discrepancy.objects.bulk_update(application.dirty, DISCREPANCY_FIELDS)
    for step in application.steps:
        step.discrepancy = step.discrepancy  # which has its primary key by now
    bulk_writing.insert_new(DiscrepancyStep, application.steps)
    write_case_index(
        JudgedFacts(cases[item.subject_id], item.facts_of_case, item.judgement)
        for item in judged
        if item.judgement.findings or cases[item.subject_id].pk in held
    )
    if subject == "bill":
        write_set_offs([(cases[item.subject_id], item.facts_of_case) for item in judged])
    close_or_open(application.steps, now=now)
    shop_numbers = {item.shop_number for item in judged}
    notices.tell(shop_numbers, application.payments, application.steps, now=now)
    note_alerts(application.steps, {case.pk: case.shop_id for case in cases.values()}, now=now)
    return application


def _lock_discrepancies(cases: Collection[Case]) -> dict[int, dict[str, Discrepancy]]:
    """The discrepancies of these cases by case and kind, each with its case at hand."""
    by_key = {case.pk: case for case in cases}
    held: dict[int, dict[str, Discrepancy]] = {}
    for discrepancy in Discrepancy.objects.filter(case__in=by_key).select_for_update().order_by("pk"):
        discrepancy.case = by_key[discrepancy.case_id]
        held.setdefault(discrepancy.case_id, {})[discrepancy.kind] = discrepancy
    return held


def _write_cases(
    subject: Subject, judged: Sequence[JudgedCase], application: Application, as_of: datetime, now: datetime
) -> dict[int, Case]:
    """The cases by the primary key of their subject, with the figures of the judgement."""
    subject_ids = [item.subject_id for item in judged]
    held = Case.objects.filter(**{f"{subject}__in": subject_ids})
    cases: dict[int, Case] = {getattr(case, f"{subject}_id"): case for case in held}
    new, old = [], []
    for item in judged:
        case = cases.get(item.subject_id)
        if case is None:
            case = cases[item.subject_id] = Case(shop_id=item.shop_number, **{f"{subject}_id": item.subject_id})
            new.append(case)
        else:
            old.append(case)
        if _payment_changed(case, item):
            application.payment_changed.add(item.subject_id)
        before = notices.standing_of(case)
        _set_figures(case, item, as_of, now)
        if change := notices.find_payment_change(case, before):
            application.payments.append(change)
    bulk_writing.insert_new(Case, new)
    Case.objects.bulk_update(old, CASE_FIELDS)
    if subject == "bill" and application.payment_changed:
        _mark_paid([cases[pk] for pk in application.payment_changed])
    return cases


def _mark_paid(cases: Iterable[Case]) -> None:
    """Whether it is paid stands on the bill too: among a million of them those that are not are looked up by it."""
    paid: dict[bool, list[int]] = {True: [], False: []}
    for case in cases:
        if case.bill_id is not None:
            paid[case.fully_paid].append(case.bill_id)
    for is_paid, bill_ids in paid.items():
        Bill.objects.filter(pk__in=bill_ids, is_paid=not is_paid).update(is_paid=is_paid)


def _payment_changed(case: Case, item: JudgedCase) -> bool:
    is_paid = item.judgement.fully_paid
    return case.fully_paid != is_paid or (is_paid and case.bill_version != item.bill_version)


def _set_figures(case: Case, item: JudgedCase, as_of: datetime, now: datetime) -> None:
    judgement = item.judgement
    case.due, case.received, case.gap = judgement.due, judgement.received, judgement.gap
    case.fully_paid, case.bill_version = judgement.fully_paid, item.bill_version
    case.judged_at, case.judged_as_of, case.judge_again_at = now, as_of, judgement.judge_again_at


def _apply(
    application: Application,
    case: Case,
    judgement: Judgement,
    held: Mapping[int, Mapping[str, Discrepancy]],
    now: datetime,
) -> list[Discrepancy]:
    """Updates the discrepancies of one case and gives those that are new."""
    existing = held.get(case.pk, {})
    found = {finding.kind: finding for finding in judgement.findings}
    new = [_open(application, case, finding, now) for kind, finding in found.items() if kind not in existing]
    for kind, discrepancy in existing.items():
        finding = found.get(Kind(kind))
        if finding is not None:
            _update(application, discrepancy, finding, now)
        elif discrepancy.cause_present:
            _close(application, discrepancy, now)
    return new


def _open(application: Application, case: Case, finding: Finding, now: datetime) -> Discrepancy:
    discrepancy = Discrepancy(
        case=case,
        shop_id=case.shop_id,
        kind=finding.kind.value,
        amount=finding.amount,
        evidence=finding.evidence,
        opened_at=now,
        changed_at=now,
    )
    application.opened += 1
    application.steps.append(
        DiscrepancyStep(
            discrepancy=discrepancy, at=now, action=Action.OPENED, to_status=Status.OPEN, amount=finding.amount
        )
    )
    return discrepancy


def _update(application: Application, discrepancy: Discrepancy, finding: Finding, now: datetime) -> None:
    """A cause that the documents (still) show. Evidence follows them silently; an amount never does."""
    returned, changed = not discrepancy.cause_present, discrepancy.amount != finding.amount
    if not returned and not changed and discrepancy.evidence == finding.evidence:
        return
    application.dirty.append(discrepancy)
    if returned or changed:
        reopens = discrepancy.status in DECIDED  # what was decided, or proposed, was about another amount
        to_status = Status.REOPENED if reopens else Status(discrepancy.status)
        step = _step(discrepancy, Action.RETURNED if returned else Action.AMOUNT_CHANGED, to_status, now)
        step.amount = finding.amount
        application.steps.append(step)
        discrepancy.status, discrepancy.changed_at = to_status, now
        if reopens:
            discrepancy.reason, discrepancy.write_off_account, discrepancy.resolved_at = "", None, None
            step.write_off_account_id = None
        application.reopened += reopens
        application.changed += not reopens
    discrepancy.amount, discrepancy.evidence, discrepancy.cause_present = finding.amount, finding.evidence, True


def _close(application: Application, discrepancy: Discrepancy, now: datetime) -> None:
    """The cause is gone. What a person has resolved keeps the person's reason."""
    step = _step(discrepancy, Action.CAUSE_GONE, Status.RESOLVED, now)
    if discrepancy.status == Status.RESOLVED:
        step.reason = discrepancy.reason
    else:
        step.reason, step.write_off_account_id = Reason.LATER_DOCUMENTS, None
        discrepancy.resolved_at = now
        application.closed += 1
    application.steps.append(step)
    discrepancy.cause_present, discrepancy.status, discrepancy.asked_by = False, Status.RESOLVED, None
    discrepancy.reason, discrepancy.write_off_account_id = step.reason, step.write_off_account_id
    discrepancy.changed_at = now
    application.dirty.append(discrepancy)


def _step(discrepancy: Discrepancy, action: Action, to_status: Status, now: datetime) -> DiscrepancyStep:
    return DiscrepancyStep(
        discrepancy=discrepancy,
        at=now,
        action=action,
        from_status=discrepancy.status,
        to_status=to_status,
        from_reason=discrepancy.reason,
        from_assignee_id=discrepancy.assignee_id,
        assignee_id=discrepancy.assignee_id,
        from_write_off_account_id=discrepancy.write_off_account_id,
        write_off_account_id=discrepancy.write_off_account_id,
        amount_before=discrepancy.amount,
        amount=discrepancy.amount,
    )
