"""Which discrepancies a rule may fit, found by the database. The pure rules have the last word."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from reconciliation.models import Discrepancy, DiscrepancyStep, HouseRule
from reconciliation.rules.house_rules import Direction
from shops.allocated import find_paid_bills
from shops.models import Receipt

AMOUNT_MOVED = (DiscrepancyStep.Action.AMOUNT_CHANGED, DiscrepancyStep.Action.RETURNED)


def select_candidates(rule: HouseRule, *, amounts_of_the_past: bool = False) -> QuerySet[Discrepancy]:
    """All that the rule fits and some that it does not; with those whose amount was another once, where that counts."""
    rows = Discrepancy.objects.select_related("case__shop", "case__bill", "case__receipt", "case__event", "assignee")
    if rule.shop_id is not None:
        rows = rows.filter(case__shop=rule.shop_id)
    if rule.kinds:
        rows = rows.filter(kind__in=rule.kinds)
    for name in ("store_id", "terminal_id", "employee_id", "payment_source"):
        if wanted := getattr(rule, name):
            receipts = Receipt.objects.filter(**{name: wanted})
            of_bill = Q(case__bill__in=find_paid_bills(receipts))
            rows = rows.filter(of_bill | Exists(receipts.filter(case=OuterRef("case"))))
    amounts = _fitting_amounts(rule)
    if amounts and amounts_of_the_past:
        amounts |= Q(Exists(DiscrepancyStep.objects.filter(discrepancy=OuterRef("pk"), action__in=AMOUNT_MOVED)))
    return rows.filter(amounts)


def _fitting_amounts(rule: HouseRule) -> Q:
    amounts = Q()
    if rule.amount_up_to is not None:
        amounts &= Q(amount__gte=-rule.amount_up_to, amount__lte=rule.amount_up_to)
    if rule.direction == Direction.MISSING:
        amounts &= Q(amount__lt=0)
    if rule.direction == Direction.BEYOND:
        amounts &= Q(amount__gt=0)
    return amounts
