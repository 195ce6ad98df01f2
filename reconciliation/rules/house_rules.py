"""What the rules of the house decide about a discrepancy, and which discrepancies are left to them. Pure.

A rule that closes and a rule that hands over are asked apart: of each, the first that fits decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from reconciliation.rules.kinds import Kind


class Outcome(StrEnum):
    RESOLVE = "resolve"
    ASSIGN = "assign"


class Direction(StrEnum):
    """Which side of what was due a difference lies on."""

    EITHER = "either"
    MISSING = "missing"
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """The conditions of a rule; what is None or empty does not matter. `key` is by what the rule is known."""

    key: int
    outcome: Outcome
    shop: int | None = None
    kinds: frozenset[Kind] = frozenset()
    amount_up_to: Decimal | None = None
    direction: Direction = Direction.EITHER
    store: int | None = None
    terminal: int | None = None
    employee: int | None = None
    payment_source: str = ""
    writes_off: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rule sees of a discrepancy. Places, people and payments are those of all receipts of its case."""

    shop: int
    kind: Kind
    amount: Decimal | None
    write_off_limit: Decimal
    stores: frozenset[int] = frozenset()
    terminals: frozenset[int] = frozenset()
    employees: frozenset[int] = frozenset()
    payment_sources: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """The keys of the rules that decide; None where no rule of that outcome fits."""

    resolved_by: int | None = None
    assigned_by: int | None = None

    def keep(self, key: int) -> "Decision | None":
        """What one of the rules decides."""
        kept = Decision(
            resolved_by=key if self.resolved_by == key else None, assigned_by=key if self.assigned_by == key else None
        )
        return None if kept == Decision() else kept


@dataclass(frozen=True, slots=True)
class PastStep:
    """A step in the life of a discrepancy. `of_person`: a person decided it, and no rule."""

    key: int
    action: str
    of_person: bool
    undoes: int | None = None
    amount: Decimal | None = None


DOCUMENTS_OWN = frozenset({"opened", "returned", "amount_changed"})
REMARKS = frozenset({"commented", "answered", "undone"})


def decide(rules: Sequence[RuleTerms], situation: Situation) -> Decision | None:
    """What the rules, in their order, make of a discrepancy; None where none fits."""
    resolving, assigning = (
        next((rule.key for rule in rules if rule.outcome is outcome and fits(rule, situation)), None)
        for outcome in (Outcome.RESOLVE, Outcome.ASSIGN)
    )
    return None if resolving is None and assigning is None else Decision(resolving, assigning)


def fits(rule: RuleTerms, situation: Situation) -> bool:
    """Whether every condition of the rule holds."""
    return (
        rule.shop in (None, situation.shop)
        and (not rule.kinds or situation.kind in rule.kinds)
        and _is_within(rule, situation)
        and _is_on_its_side(rule.direction, situation.amount)
        and (rule.store is None or rule.store in situation.stores)
        and (rule.terminal is None or rule.terminal in situation.terminals)
        and (rule.employee is None or rule.employee in situation.employees)
        and (not rule.payment_source or rule.payment_source in situation.payment_sources)
    )


def _is_within(rule: RuleTerms, situation: Situation) -> bool:
    """A limit holds for what has an amount; what is written off stays within the shop's own limit besides."""
    amount = situation.amount
    if rule.amount_up_to is None and not rule.writes_off:
        return True
    if amount is None or (rule.writes_off and abs(amount) > situation.write_off_limit):
        return False
    return rule.amount_up_to is None or abs(amount) <= rule.amount_up_to


def _is_on_its_side(direction: Direction, amount: Decimal | None) -> bool:
    if direction is Direction.EITHER:
        return True
    return amount is not None and (amount < 0 if direction is Direction.MISSING else amount > 0)


def is_left_to_rules(steps: Sequence[PastStep]) -> bool:
    """Whether documents had the last word and no decision of a person stands. `steps` are in their order."""
    last = next((step for step in reversed(steps) if step.action not in ("commented", "answered")), None)
    return last is not None and last.action in DOCUMENTS_OWN and find_decision_of_person(steps) is None


def find_decision_of_person(steps: Sequence[PastStep]) -> PastStep | None:
    """The last decision of a person that nobody has undone."""
    undone = {step.undoes for step in steps if step.undoes is not None}
    decided = (step for step in reversed(steps) if step.of_person and step.action not in REMARKS)
    return next((step for step in decided if step.key not in undone), None)


def list_chances(steps: Sequence[PastStep]) -> Iterable[PastStep]:
    """The steps of documents after which the rules would have been asked."""
    return (step for place, step in enumerate(steps, start=1) if is_left_to_rules(steps[:place]))
