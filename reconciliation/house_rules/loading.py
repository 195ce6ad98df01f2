"""Rules and what they look at, as values of `reconciliation.rules.house_rules`, in a fixed number of queries."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule, Reason
from reconciliation.permissions import list_workers
from reconciliation.rules.house_rules import Direction, Outcome, PastStep, RuleTerms, Situation
from reconciliation.rules.kinds import Kind
from shops.allocated import list_paid_bill_ids, pays
from shops.models import Receipt

UNSAVED = 0  # the key of a rule that is only tried


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules that are asked, in their order."""

    rules: dict[int, HouseRule]
    terms: tuple[RuleTerms, ...]


@dataclass(slots=True)
class _Places:
    """Where the receipts of a case come from."""

    stores: set[int] = field(default_factory=set)
    terminals: set[int] = field(default_factory=set)
    employees: set[int] = field(default_factory=set)
    payment_sources: set[str] = field(default_factory=set)

    def add(self, receipt: Receipt) -> None:
        pairs = (
            (self.stores, receipt.store_id),
            (self.terminals, receipt.terminal_id),
            (self.employees, receipt.employee_id),
        )
        for place, key in pairs:
            if key is not None:
                place.add(key)
        self.payment_sources.add(receipt.payment_source)


def load_rules() -> RuleBook:
    """The rules in force that can be carried out."""
    return make_book(select_in_force())


def select_in_force() -> QuerySet[HouseRule]:
    """The rules in force in their order, with the person and the account of each."""
    rules = HouseRule.objects.filter(is_active=True).select_related("assignee", "write_off_account")
    return know_assignees(rules).order_by("position", "pk")


def know_assignees(rules: QuerySet[HouseRule]) -> QuerySet[HouseRule]:
    """The rules, each of which knows whether its `assignee_may_work`."""
    can_work = Exists(list_workers(OuterRef(OuterRef("shop"))).filter(pk=OuterRef("assignee")))
    return rules.annotate(assignee_may_work=can_work)  # type: ignore[no-redef]


def make_book(rules: Iterable[HouseRule]) -> RuleBook:
    """These rules in this order, without those whose person or account is not there any more."""
    able = {rule.pk or UNSAVED: rule for rule in rules if can_be_carried_out(rule)}
    return RuleBook(able, tuple(read_terms(rule) for rule in able.values()))


def can_be_carried_out(rule: HouseRule) -> bool:
    if rule.outcome == Outcome.ASSIGN:
        return rule.assignee_may_work
    return rule.write_off_account is None or rule.write_off_account.is_active


def read_terms(rule: HouseRule) -> RuleTerms:
    return RuleTerms(
        key=rule.pk or UNSAVED,
        outcome=Outcome(rule.outcome),
        shop=rule.shop_id,
        kinds=frozenset(Kind(kind) for kind in rule.kinds),
        amount_up_to=rule.amount_up_to,
        direction=Direction(rule.direction),
        store=rule.store_id,
        terminal=rule.terminal_id,
        employee=rule.employee_id,
        payment_source=rule.payment_source,
        writes_off=rule.reason == Reason.WRITTEN_OFF,
    )


def load_situations(discrepancies: Collection[Discrepancy]) -> list[Situation]:
    """One for each, in their order. The case of each, and its shop, have to be at hand."""
    places = _load_places(discrepancies)
    return [
        Situation(
            shop=row.case.shop_id,
            kind=Kind(row.kind),
            amount=row.amount,
            write_off_limit=row.case.shop.write_off_limit,
            stores=frozenset(place.stores),
            terminals=frozenset(place.terminals),
            employees=frozenset(place.employees),
            payment_sources=frozenset(place.payment_sources),
        )
        for row in discrepancies
        for place in (places[row.case_id],)
    ]


def _load_places(discrepancies: Iterable[Discrepancy]) -> dict[int, _Places]:
    """By the primary key of the case."""
    cases = {row.case_id: row.case for row in discrepancies}
    places = {key: _Places() for key in cases}
    of_bill = {case.bill_id: places[key] for key, case in cases.items() if case.bill_id is not None}
    of_receipt = {case.receipt_id: places[key] for key, case in cases.items() if case.receipt_id is not None}
    receipts = Receipt.objects.filter(pays(list(of_bill)) | Q(pk__in=of_receipt))
    for receipt, bill_ids in list_paid_bill_ids(receipts):
        found = [of_bill.get(bill_id) for bill_id in bill_ids]
        for place in (*found, of_receipt.get(receipt.pk)):
            if place is not None:
                place.add(receipt)
    return places


def load_histories(discrepancies: Iterable[Discrepancy]) -> dict[int, list[PastStep]]:
    """The steps of each, the first one first, by the primary key of the discrepancy."""
    keys = [row.pk for row in discrepancies if row.pk is not None]
    histories: dict[int, list[PastStep]] = {key: [] for key in keys}
    steps = DiscrepancyStep.objects.filter(discrepancy__in=keys).order_by("pk") if keys else ()
    for step in steps:
        histories[step.discrepancy_id].append(read_step(step))
    return histories


def read_step(step: DiscrepancyStep) -> PastStep:
    of_person = step.actor_id is not None and step.rule_id is None
    return PastStep(step.pk or UNSAVED, step.action, of_person, step.undoes_id, step.amount)
