"""What a rule would have done, had it been in force all along. Read-only; decides by what the engine decides by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from reconciliation.house_rules.candidates import select_candidates
from reconciliation.house_rules.loading import UNSAVED, RuleBook, load_situations, make_book, read_step
from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule
from reconciliation.rules.house_rules import Outcome, Situation, decide, find_decision_of_person, list_chances
from shops.models import Shop
from shops.money import ZERO

PREVIEW_DAYS = 90
LOOKED_AT = 3000  # of the newest that the rule may fit: a page is answered in a second

Action = DiscrepancyStep.Action
CLOSING = (Action.RESOLVED, Action.PROPOSED, Action.CONFIRMED)
HANDING = (Action.TAKEN, Action.HANDED_OVER, Action.ASKED)


class Verdict(StrEnum):
    """What became of a discrepancy without the rule."""

    SAME = "same"  # people decided as the rule would have
    OTHERWISE = "otherwise"  # people decided otherwise: is the rule wise?
    IN_WORK = "in_work"  # somebody has it and has not decided
    BY_RULES = "by_rules"  # a rule has decided it, this one or another
    DOCUMENTS = "documents"  # later documents have closed it
    NOBODY = "nobody"  # it still waits


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A discrepancy that the rule would have decided, when its amount was `amount`."""

    discrepancy: Discrepancy
    amount: Decimal | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Total:
    """What rows of a sort come to."""

    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Preview:
    """The rows, the newest first; `is_cut`: older ones were not looked at."""

    rows: Sequence[PreviewRow]
    since: datetime
    is_cut: bool

    @property
    def total(self) -> Total:
        return add_up(self.rows)

    @property
    def conflicts(self) -> list[PreviewRow]:
        return [row for row in self.rows if row.verdict is Verdict.OTHERWISE]

    def by_kind(self) -> dict[str, Total]:
        kinds = {row.discrepancy.kind for row in self.rows}
        return {kind: add_up([row for row in self.rows if row.discrepancy.kind == kind]) for kind in sorted(kinds)}

    def by_shop(self) -> dict[Shop, Total]:
        shops = {row.discrepancy.case.shop_id: row.discrepancy.case.shop for row in self.rows}
        return {
            shop: add_up([row for row in self.rows if row.discrepancy.case.shop_id == number])
            for number, shop in sorted(shops.items())
        }

    def by_verdict(self) -> dict[Verdict, Total]:
        totals = {verdict: add_up([row for row in self.rows if row.verdict is verdict]) for verdict in Verdict}
        return {verdict: total for verdict, total in totals.items() if total.count}


def add_up(rows: Sequence[PreviewRow]) -> Total:
    return Total(len(rows), sum((row.amount or ZERO for row in rows), ZERO))


def preview_rule(rule: HouseRule, *, in_force: Iterable[HouseRule], now: datetime) -> Preview:
    """What the rule, saved or not, would have done to what was found in the last 90 days.

    It is asked in its place among the rules `in_force`. Each discrepancy is shown with the amount on which the rule
    would have decided first.
    """
    since = now - timedelta(days=PREVIEW_DAYS)
    candidates = select_candidates(rule, amounts_of_the_past=True).filter(opened_at__gte=since)
    found = list(candidates.order_by("-opened_at", "-pk")[: LOOKED_AT + 1])
    looked_at = found[:LOOKED_AT]
    book = _book_with(rule, in_force)
    steps = _load_steps(looked_at)
    rows = [
        PreviewRow(discrepancy, chance, _compare(rule, discrepancy, steps[discrepancy.pk]))
        for discrepancy, situation in zip(looked_at, load_situations(looked_at), strict=True)
        for chance in _find_chances(rule, book, situation, steps[discrepancy.pk])[:1]
    ]
    return Preview(rows, since, is_cut=len(found) > LOOKED_AT)


def _book_with(rule: HouseRule, in_force: Iterable[HouseRule]) -> RuleBook:
    """The rules in force with this one in its place, whether it is in force itself or not."""
    others = [other for other in in_force if other.pk not in (rule.pk, rule.replaces_id)]
    return make_book(sorted([*others, rule], key=lambda other: (other.position, other.pk is None, other.pk)))


def _load_steps(discrepancies: Sequence[Discrepancy]) -> dict[int, list[DiscrepancyStep]]:
    steps: dict[int, list[DiscrepancyStep]] = {row.pk: [] for row in discrepancies}
    for step in DiscrepancyStep.objects.filter(discrepancy__in=steps).order_by("pk"):
        steps[step.discrepancy_id].append(step)
    return steps


def _find_chances(
    rule: HouseRule, book: RuleBook, situation: Situation, steps: Sequence[DiscrepancyStep]
) -> list[Decimal | None]:
    """The amounts on which the rule would have decided, the first one first."""
    key, amounts = rule.pk or UNSAVED, []
    for chance in list_chances([read_step(step) for step in steps]):
        decision = decide(book.terms, replace(situation, amount=chance.amount))
        if decision is not None and decision.keep(key) is not None:
            amounts.append(chance.amount)
    return amounts


def _compare(rule: HouseRule, discrepancy: Discrepancy, steps: Sequence[DiscrepancyStep]) -> Verdict:
    decided = find_decision_of_person([read_step(step) for step in steps])
    if decided is not None:
        return _compare_with_person(rule, next(step for step in steps if step.pk == decided.key))
    if any(step.rule_id is not None for step in steps):
        return Verdict.BY_RULES
    return Verdict.NOBODY if discrepancy.cause_present else Verdict.DOCUMENTS


def _compare_with_person(rule: HouseRule, step: DiscrepancyStep) -> Verdict:
    if rule.outcome == Outcome.ASSIGN:
        same = step.assignee_id == rule.assignee_id
    elif step.action in HANDING:
        return Verdict.IN_WORK
    else:
        decided = (step.reason, step.write_off_account_id)
        same = step.action in CLOSING and decided == (rule.reason, rule.write_off_account_id)
    return Verdict.SAME if same else Verdict.OTHERWISE
