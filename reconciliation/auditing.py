"""Proves the books: derives every stored figure and finding again from the facts. Read-only.

The facts themselves are held against the journal by `shops.auditing`. Cases that wait for judgement are no
differences; they are counted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from reconciliation.applying import Subject
from reconciliation.case_index import JudgedFacts, is_indexed
from reconciliation.decisions import REMARKS, find_open_question
from reconciliation.loading import load_bill_cases, load_event_cases, load_receipt_cases, load_shift_cases
from reconciliation.models import Case, CaseReceipt, CaseText, Discrepancy, DiscrepancyStep, SetOff
from reconciliation.rules import facts
from reconciliation.rules.findings import Judgement
from reconciliation.rules.judge import judge
from reconciliation.rules.kinds import MONETARY
from reconciliation.set_offs import list_of_case
from shops.allocated import pays_no_bill
from shops.models import Bill, ExchangeEvent, Receipt, Shift
from shops.money import ZERO

CASES_PER_QUERY = 500


def find_differences(shop_number: int | None = None) -> Iterator[str]:
    """One line for every stored figure or finding that the facts do not give."""
    loaders: tuple[tuple[Subject, Callable[[Collection[int]], dict[int, facts.Case]]], ...] = (
        ("bill", load_bill_cases),
        ("receipt", load_receipt_cases),
        ("event", load_event_cases),
        ("shift", load_shift_cases),
    )
    for subject, load in loaders:
        cases = _of_shop(Case.objects.filter(**{f"{subject}__unjudged_since": None}), shop_number)
        for batch in _batches(cases.filter(**{f"{subject}__isnull": False}).select_related(subject)):
            yield from _check_cases(subject, batch, load)
    yield from _find_unjudged(shop_number)
    yield from _check_histories(shop_number)
    yield from _check_shops(shop_number)


def count_waiting(as_of: datetime, shop_number: int | None = None) -> int:
    """How many cases wait to be judged, for new facts or because a deadline has passed."""
    marked = sum(
        _of_shop(model._default_manager.filter(unjudged_since__isnull=False), shop_number).count()
        for model in (Bill, Receipt, Shift)
    )
    return marked + _of_shop(Case.objects.filter(judge_again_at__lt=as_of), shop_number).count()


def _check_cases(
    subject: Subject, cases: list[Case], load: Callable[[Collection[int]], dict[int, facts.Case]]
) -> Iterator[str]:
    loaded = load([getattr(case, f"{subject}_id") for case in cases])
    stored: dict[int, list[Discrepancy]] = {}
    for discrepancy in Discrepancy.objects.filter(case__in=cases, cause_present=True):
        stored.setdefault(discrepancy.case_id, []).append(discrepancy)
    texts = CaseText.objects.in_bulk([case.pk for case in cases])
    receipts: dict[int, list[CaseReceipt]] = {}
    for row in CaseReceipt.objects.filter(case__in=cases).select_related("receipt"):
        receipts.setdefault(row.case_id, []).append(row)
    set_offs: dict[int, list[tuple[datetime, Decimal]]] = {}
    for set_off in SetOff.objects.filter(case__in=cases).order_by("dated_at"):
        set_offs.setdefault(set_off.case_id, []).append((set_off.dated_at, set_off.amount))
    disputed = set(Discrepancy.objects.filter(case__in=cases).values_list("case", flat=True))
    for case in cases:
        name = f"shop {case.shop_id}, {subject} {case}"
        facts_of_case = loaded.get(getattr(case, f"{subject}_id"), facts.Case())
        judgement = judge(facts_of_case, case.judged_as_of)
        judged = JudgedFacts(case, facts_of_case, judgement)
        if case.pk in disputed and not is_indexed(judged, texts.get(case.pk), receipts.get(case.pk, ())):
            yield f"{name}: what it is found by is not what the facts say"
        if set_offs.get(case.pk, []) != list_of_case(facts_of_case):
            yield f"{name}: the advances that are set off are not what the facts say"
        if case.bill is not None and case.bill.is_paid != case.fully_paid:
            yield f"{name}: the bill is marked as {'paid' if case.bill.is_paid else 'not paid'}, its case is not"
        for difference in _check_case(case, judgement, stored.get(case.pk, [])):
            yield f"{name}: {difference}"


def _check_case(case: Case, judgement: Judgement, stored: Iterable[Discrepancy]) -> Iterator[str]:
    for name in ("due", "received", "gap", "fully_paid"):
        if getattr(case, name) != getattr(judgement, name):
            yield f"{name} is stored as {getattr(case, name)}, the facts give {getattr(judgement, name)}"
    expected = {finding.kind.value: finding for finding in judgement.findings}
    held = {discrepancy.kind: discrepancy for discrepancy in stored}
    for kind in sorted(expected.keys() | held.keys()):
        if kind not in held:
            yield f"{kind} is missing"
        elif kind not in expected:
            yield f"{kind} is stored, the facts do not give it"
        elif held[kind].amount != expected[kind].amount or held[kind].evidence != expected[kind].evidence:
            yield f"{kind} is stored with {held[kind].amount}, the facts give {expected[kind].amount}"
    named = sum((row.amount or ZERO for row in held.values() if row.kind in MONETARY), ZERO)
    if judgement.gap is not None and named != judgement.gap:
        yield f"the amounts add up to {named}, the difference is {judgement.gap}"


def _check_shops(shop_number: int | None) -> Iterator[str]:
    """A discrepancy belongs to the shop of its case."""
    wrong = _of_shop(Discrepancy.objects.exclude(shop=F("case__shop")), shop_number)
    for shop, kind, case in wrong.values_list("shop", "kind", "case").iterator():
        yield f"shop {shop}, {kind} of {case}: its case belongs to another shop"


def _find_unjudged(shop_number: int | None) -> Iterator[str]:
    """Bills, receipts without a bill and closed shifts that neither have a case nor wait for one."""
    bills = _of_shop(Bill.objects.filter(unjudged_since=None, case=None), shop_number)
    for shop, external_id in bills.values_list("shop", "external_id").iterator():
        yield f"shop {shop}, bill {external_id}: never judged"
    receipts = _of_shop(Receipt.objects.filter(pays_no_bill(), unjudged_since=None, case=None), shop_number)
    for shop, receipt_id in receipts.values_list("shop", "receipt_id").iterator():
        yield f"shop {shop}, receipt {receipt_id}: never judged"
    shifts = _of_shop(Shift.objects.filter(unjudged_since=None, case=None, closed_at__isnull=False), shop_number)
    for shop, key in shifts.values_list("shop", "key").iterator():
        yield f"shop {shop}, shift {key}: never judged"
    unreadable = ExchangeEvent.objects.filter(~Q(fault=""), unjudged_since=None, case=None)
    unreadable = unreadable.exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    for shop, pk in _of_shop(unreadable, shop_number).values_list("shop", "pk").iterator():
        yield f"shop {shop}, journal entry {pk}: unreadable and never judged"


def _check_histories(shop_number: int | None) -> Iterator[str]:
    """The last step of every discrepancy says the state in which it is, and whose question waits for an answer."""
    rows = Discrepancy.objects.select_related("case")
    rows = rows if shop_number is None else rows.filter(case__shop=shop_number)
    for batch in _batches(rows):
        histories: dict[int, list[DiscrepancyStep]] = {}
        for step in DiscrepancyStep.objects.filter(discrepancy__in=batch).order_by("-pk"):
            histories.setdefault(step.discrepancy_id, []).append(step)
        for row in batch:
            name, steps = f"shop {row.case.shop_id}, {row.kind} of {row.case_id}", histories.get(row.pk, [])
            last = next((step for step in steps if step.action not in REMARKS), None)
            if last is None or (last.to_status, last.reason) != (row.status, row.reason):
                yield f"{name}: its history does not lead to {row.status}"
            question = find_open_question(steps)
            if row.asked_by_id != (question.actor_id if question else None):
                yield f"{name}: its history does not say whose question waits for an answer"


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    last_pk = 0
    while batch := list(rows.filter(pk__gt=last_pk).order_by("pk")[:CASES_PER_QUERY]):
        yield batch
        last_pk = batch[-1].pk


def _of_shop(rows: QuerySet[Any], shop_number: int | None) -> QuerySet[Any]:
    return rows if shop_number is None else rows.filter(shop=shop_number)
