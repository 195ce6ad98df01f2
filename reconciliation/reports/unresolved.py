"""What is unresolved, by kind: the figures of the first page. Read-only."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from reconciliation.models import Discrepancy, KindChoice, Status
from reconciliation.rules.kinds import KINDS
from shops.roles import Scope
from shops.visibility import only_within


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The unresolved discrepancies of one kind; `amount` is None for a kind without amounts."""

    kind: KindChoice
    count: int
    amount: Decimal | None


def sum_unresolved_by_kind(scope: Scope) -> list[KindFigures]:
    """Of these shops: the kinds that have unresolved discrepancies, in the order of the kinds; one query."""
    unresolved = Discrepancy.objects.exclude(status=Status.RESOLVED)
    rows = only_within(unresolved, scope).order_by().values_list("kind")
    figures = {kind: (count, amount) for kind, count, amount in rows.annotate(count=Count("pk"), amount=Sum("amount"))}
    return [KindFigures(KindChoice(kind), *figures[kind]) for kind in KINDS if kind in figures]
