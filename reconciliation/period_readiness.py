"""Whether a month can be closed: what is still on its way to it, and what is open in it. Read-only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reconciliation import months
from reconciliation.models import Case, Discrepancy, PeriodAcknowledgement, Status
from reconciliation.period_figures import BILL_DATE, RECEIPT_DATE, Span
from reconciliation.rules.facts import UNANSWERED_AFTER
from shops.exchange_log import Direction
from shops.models import Bill, ExchangeEvent, Receipt, Shop, UnassignedMessage

DISCREPANCY_DATE = Coalesce(
    "case__bill__issued_at",
    "case__receipt__printed_at",
    "case__receipt__received_at",
    "case__event__occurred_at",
    "case__shift__closed_at",
    "opened_at",
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a month cannot be closed now, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


def list_open(shop: Shop, month: date) -> QuerySet[Any]:
    """The discrepancies of documents up to the end of a month that nobody has resolved, oldest first.

    `acknowledged` says of each whether somebody has seen that it stays open, with the amount that it has now.
    """
    seen = PeriodAcknowledgement.objects.filter(
        Q(amount=OuterRef("amount")) | Q(amount=None), discrepancy=OuterRef("pk"), month=month, period=None
    )
    rows = Discrepancy.objects.exclude(status=Status.RESOLVED).filter(case__shop=shop)
    rows = rows.annotate(dated_at=DISCREPANCY_DATE, acknowledged=Exists(seen))
    rows = rows.filter(dated_at__lt=months.end_of(month, shop)).order_by("dated_at", "pk")
    return rows.select_related("case__shop", "case__bill", "case__receipt", "case__event", "assignee")


def list_messages_without_a_shop(shop: Shop) -> QuerySet[UnassignedMessage]:
    """Waiting messages with receipts that may be of this shop: those of an account of another shop are not."""
    waiting = UnassignedMessage.objects.filter(assigned_at=None, kind=UnassignedMessage.Kind.RECEIPTS)
    return waiting.exclude(Q(account__shop__isnull=False) & ~Q(account__shop=shop))


def find_obstacles(span: Span, *, now: datetime) -> tuple[list[Obstacle], list[UnassignedMessage]]:
    """What keeps the month from being closed, and apart from it the messages without a shop that may be of it."""
    found: list[Obstacle] = []
    if now < span.ends:
        found.append(
            Obstacle(_("The month is not over yet."), _("It can be closed when the next one begins where the shop is."))
        )
    unjudged, unanswered, has_messages = _count_what_is_on_its_way(span, now)
    if unjudged:
        found.append(_describe_unjudged(unjudged))
    if unanswered:
        found.append(_describe_unanswered(unanswered))
    return found, list(list_messages_without_a_shop(span.shop)) if has_messages else []


def _count_what_is_on_its_way(span: Span, now: datetime) -> tuple[int, int, bool]:
    """How many documents were loaded and not compared, and how many requests are without an answer, in one query.

    The discrepancies of the former are not known yet, and what the latter bring is not recorded. The third says
    whether messages without a shop wait.
    """
    waits: dict[str, Any] = {"shop": OuterRef("pk"), "unjudged_since__isnull": False}
    bills = Bill.objects.filter(**waits).annotate(dated_at=BILL_DATE)
    receipts = Receipt.objects.filter(**waits).annotate(dated_at=RECEIPT_DATE)
    faults = ExchangeEvent.objects.filter(~Q(fault=""), occurred_at__lt=span.ends, **waits)
    asked = ExchangeEvent.objects.filter(
        shop=OuterRef("pk"),
        occurred_at__gt=now - UNANSWERED_AFTER,
        direction=Direction.REQUEST.value,
        answer=None,
    ).exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    shops: Any = Shop.objects.filter(pk=span.shop.pk).values_list(
        _count(bills.filter(Q(dated_at__lt=span.ends) | Q(dated_at=None))),
        _count(receipts.filter(dated_at__lt=span.ends)),
        _count(faults),
        _count(Case.objects.filter(shop=OuterRef("pk"), judge_again_at__lt=now)),
        _count(asked),
        Exists(list_messages_without_a_shop(span.shop)),
    )
    *unjudged, unanswered, has_messages = shops.get()
    return sum(unjudged), unanswered, has_messages


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many rows of a shop there are, within a query of shops."""
    counted = rows.order_by().values("shop").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _describe_unjudged(count: int) -> Obstacle:
    return Obstacle(
        ngettext("%(count)d document waits to be compared.", "%(count)d documents wait to be compared.", count)
        % {"count": count},
        _("This takes seconds as a rule: look again in a moment. If it stays so, tell your administrator."),
    )


def _describe_unanswered(count: int) -> Obstacle:
    return Obstacle(
        ngettext(
            "%(count)d request of a register is being answered.",
            "%(count)d requests of registers are being answered.",
            count,
        )
        % {"count": count},
        _("Look again in a minute."),
    )


def describe_messages(unclear: Collection[int]) -> Obstacle:
    """Messages without a shop of which nobody has said that they are not of this one."""
    return Obstacle(
        ngettext(
            "%(count)d message with receipts belongs to no shop yet (number %(numbers)s).",
            "%(count)d messages with receipts belong to no shop yet (numbers %(numbers)s).",
            len(unclear),
        )
        % {"count": len(unclear), "numbers": ", ".join(map(str, sorted(unclear)))},
        _("Have them assigned to their shops, or say of each that it is not of this one."),
    )
