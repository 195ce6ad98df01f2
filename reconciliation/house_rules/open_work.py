"""Has a rule decide what was open before it was made: a person asks for it, and sees the rows before."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from reconciliation import notices
from reconciliation.closing import close_or_open
from reconciliation.house_rules.applying import carry_out
from reconciliation.house_rules.candidates import select_candidates
from reconciliation.house_rules.loading import load_histories, load_rules, load_situations
from reconciliation.house_rules.making import RuleRefused
from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule, KindChoice, Status
from reconciliation.rules.house_rules import Outcome, decide, is_left_to_rules
from shops.models import Bill

OPEN = (Status.OPEN, Status.REOPENED, Status.IN_REVIEW)
LOOKED_AT = 3000
SHOWN = 200
BATCH = 50
CHANGED_FIELDS = ["status", "reason", "assignee", "write_off_account", "asked_by", "resolved_at", "changed_at"]


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What the rule would decide now, the oldest first; `is_cut`: there may be more than is shown."""

    rows: list[Discrepancy]
    is_cut: bool


def find_open_work(rule: HouseRule) -> OpenWork:
    """The first 200 that are open and that the rule, in its place among the others, decides."""
    candidates = list(_select_open(rule).order_by("opened_at", "pk")[: LOOKED_AT + 1])
    rows = _pick(rule, candidates[:LOOKED_AT])
    return OpenWork(rows[:SHOWN], is_cut=len(candidates) > LOOKED_AT or len(rows) > SHOWN)


def apply_to_open(rule: HouseRule, *, keys: Collection[int], actor: User, now: datetime) -> int:
    """Decides those of `keys` that are still the rule's to decide, in batches; how many it decided."""
    wanted, done = sorted(set(keys)), 0
    for start in range(0, len(wanted), BATCH):
        done += _apply_batch(rule, wanted[start : start + BATCH], actor, now)
    return done


def _apply_batch(rule: HouseRule, keys: list[int], actor: User, now: datetime) -> int:
    """Locks bills before discrepancies, as the judge does."""
    with transaction.atomic():
        if not HouseRule.objects.select_for_update(no_key=True).filter(pk=rule.pk, is_active=True).exists():
            raise RuleRefused({"": _("The rule is not in force.")})
        paid_in_part = Discrepancy.objects.filter(pk__in=keys, kind=KindChoice.PARTIAL_RECEIPT)
        bills = Bill.objects.filter(case__in=paid_in_part.values("case")).order_by("pk")
        list(bills.select_for_update(no_key=True, of=("self",)))
        locked = _select_open(rule).filter(pk__in=keys).select_for_update(of=("self",)).order_by("pk")
        left = _pick(rule, list(locked))
        steps = carry_out(load_rules(), left, now=now, actor=actor, only=rule.pk)
        Discrepancy.objects.bulk_update([step.discrepancy for step in steps], CHANGED_FIELDS)
        DiscrepancyStep.objects.bulk_create(steps)
        close_or_open(steps, now=now)
        notices.tell({row.case.shop_id for row in left}, [], steps, now=now)
    return len(steps)


def _select_open(rule: HouseRule) -> QuerySet[Discrepancy]:
    rows = select_candidates(rule).filter(status__in=OPEN, cause_present=True)
    return rows.filter(assignee=None) if rule.outcome == Outcome.ASSIGN else rows


def _pick(rule: HouseRule, candidates: Iterable[Discrepancy]) -> list[Discrepancy]:
    """Those that nobody has decided and that the rule decides before the others."""
    histories = load_histories(candidates := list(candidates))
    left = [row for row in candidates if is_left_to_rules(histories[row.pk])]
    terms = load_rules().terms
    decisions = [(row, decide(terms, situation)) for row, situation in zip(left, load_situations(left), strict=True)]
    return [row for row, decision in decisions if decision is not None and decision.keep(rule.pk) is not None]
