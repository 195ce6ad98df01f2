"""What a digest tells of each shop, counted for one reader in a fixed number of queries. Read-only."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import Abs, RowNumber

from reconciliation.letters.readers import Reader
from reconciliation.models import Discrepancy, DiscrepancyStep, Status
from reconciliation.rules.kinds import KINDS
from shops.models import Shop
from shops.money import ZERO

WORST = 10
Action = DiscrepancyStep.Action
NEAR = ("case__shop", "case__bill", "case__receipt", "case__event", "assignee")


@dataclass(frozen=True, slots=True)
class Figures:
    """So many, and what they come to; None where they are not about money."""

    count: int = 0
    amount: Decimal | None = None

    def __add__(self, other: "Figures") -> "Figures":
        amounts = [amount for amount in (self.amount, other.amount) if amount is not None]
        return Figures(self.count + other.count, sum(amounts, ZERO) if amounts else None)


@dataclass(slots=True)
class ShopFigures:
    """One shop. `closed` is by the name of who closed them; the program itself has none."""

    asked: Figures = Figures()
    answered: Figures = Figures()
    decided: Figures = Figures()
    new: Figures = Figures()
    unresolved: Figures = Figures()
    by_kind: dict[str, Figures] = field(default_factory=dict)
    mine: Figures = Figures()
    to_confirm: Figures = Figures()
    worst: list[Discrepancy] = field(default_factory=list)
    oldest: Discrepancy | None = None
    closed: dict[str, Figures] = field(default_factory=dict)


def count_for(reader: Reader, *, since: datetime, until: datetime) -> dict[Shop, ShopFigures]:
    """The shops of which there is something to tell, by their numbers.

    What is new and what was closed is of the time from `since` to before `until`; what is open is so now.
    """
    counted: dict[int, ShopFigures] = defaultdict(ShopFigures)
    unresolved = reader.select().exclude(status=Status.RESOLVED)
    _count_unresolved(counted, unresolved)
    _find_worst_and_oldest(counted, unresolved)
    new = reader.select().filter(opened_at__gte=since, opened_at__lt=until)
    mine = reader.select_of_anybody().exclude(status=Status.RESOLVED).filter(assignee=reader.person)
    for number, figures in _sum_by_shop(new):
        counted[number].new = figures
    for number, figures in _sum_by_shop(mine):
        counted[number].mine = figures
    for number, figures in _sum_by_shop(_select_to_confirm(reader)):
        counted[number].to_confirm = figures
    for number, figures in _sum_by_shop(reader.select_asked()):
        counted[number].asked = figures
    for number, figures in _sum_by_shop(_select_replied(reader, Action.ASKED, [Action.ANSWERED], since, until)):
        counted[number].answered = figures
    decided = [Action.CONFIRMED, Action.DECLINED]
    for number, figures in _sum_by_shop(_select_replied(reader, Action.PROPOSED, decided, since, until)):
        counted[number].decided = figures
    _count_closed(counted, reader.select(), since, until)
    return {shop: counted[shop.pk] for shop in Shop.objects.filter(pk__in=counted).order_by("pk")}


def _sum_by_shop(rows: QuerySet[Discrepancy]) -> list[tuple[int, Figures]]:
    sums = rows.values_list("case__shop").annotate(Count("pk"), Sum("amount"))
    return [(number, Figures(count, amount)) for number, count, amount in sums]


def _count_unresolved(counted: dict[int, ShopFigures], unresolved: QuerySet[Discrepancy]) -> None:
    """By kind, in the order of the kinds, and all together."""
    sums = unresolved.values_list("case__shop", "kind").annotate(Count("pk"), Sum("amount"))
    order = {kind.value: place for place, kind in enumerate(KINDS)}
    for number, kind, count, amount in sorted(sums, key=lambda row: order[row[1]]):
        shop = counted[number]
        shop.by_kind[kind] = Figures(count, amount)
        shop.unresolved += shop.by_kind[kind]


def _find_worst_and_oldest(counted: dict[int, ShopFigures], unresolved: QuerySet[Discrepancy]) -> None:
    largest = Abs("amount").desc(nulls_last=True)
    ranked = unresolved.annotate(
        by_amount=Window(RowNumber(), partition_by=F("case__shop"), order_by=[largest, F("pk").asc()]),
        by_age=Window(RowNumber(), partition_by=F("case__shop"), order_by=[F("opened_at").asc(), F("pk").asc()]),
    )
    chosen = list(ranked.filter(Q(by_amount__lte=WORST) | Q(by_age=1)).values_list("pk", "by_amount", "by_age"))
    rows = Discrepancy.objects.select_related(*NEAR).in_bulk([key for key, _, _ in chosen])
    for key, by_amount, by_age in sorted(chosen, key=lambda row: row[1]):
        row = rows[key]
        shop = counted[row.case.shop_id]
        if by_amount <= WORST and row.amount is not None:
            shop.worst.append(row)
        if by_age == 1:
            shop.oldest = row


def _select_to_confirm(reader: Reader) -> QuerySet[Discrepancy]:
    """What somebody else has proposed."""
    proposals = DiscrepancyStep.objects.filter(discrepancy=OuterRef("pk"), action=Action.PROPOSED).order_by("-pk")
    waiting = reader.select_to_confirm().filter(status=Status.WAITING)
    waiting = waiting.annotate(proposer=Subquery(proposals.values("actor")[:1]))
    return waiting.filter(Q(proposer=None) | ~Q(proposer=reader.person.pk))


def _select_replied(
    reader: Reader, own: str, replies: list[Action], since: datetime, until: datetime
) -> QuerySet[Discrepancy]:
    """Where, in that time, somebody replied to the last such step (`own`) before, and it was the reader's."""
    before = DiscrepancyStep.objects.filter(discrepancy=OuterRef("discrepancy"), action=own, pk__lt=OuterRef("pk"))
    made = DiscrepancyStep.objects.filter(action__in=replies, at__gte=since, at__lt=until)
    made = made.annotate(replied_to=Subquery(before.order_by("-pk").values("actor")[:1]))
    made = made.filter(replied_to=reader.person.pk).exclude(actor=reader.person)
    return reader.select_of_anybody().filter(pk__in=made.values("discrepancy"))


def _count_closed(
    counted: dict[int, ShopFigures], rows: QuerySet[Discrepancy], since: datetime, until: datetime
) -> None:
    """What was closed in that time and still is, each once, under the name of who closed it."""
    steps = DiscrepancyStep.objects.filter(
        to_status=Status.RESOLVED,
        at__gte=since,
        at__lt=until,
        discrepancy__status=Status.RESOLVED,
        discrepancy__resolved_at=F("at"),
        discrepancy__in=rows,
    ).exclude(from_status=Status.RESOLVED)
    names = ("actor__first_name", "actor__last_name", "actor__username")
    sums = steps.order_by(*names).values_list("discrepancy__case__shop", *names)
    for number, first, last, login, count, amount in sums.annotate(Count("pk"), Sum("discrepancy__amount")):
        name = f"{first or ''} {last or ''}".strip() or login or ""
        closed = counted[number].closed
        closed[name] = closed.get(name, Figures()) + Figures(count, amount)
