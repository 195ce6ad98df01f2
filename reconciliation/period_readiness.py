"""Whether a month can be closed: what is still on its way to it, and what is open in it. Read-only."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
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
    "opened_at",
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a month cannot be closed now, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


def list_open(shop: Shop, month: date) -> QuerySet[Discrepancy]:
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


def find_obstacles(span: Span, *, now: datetime, messages_of_others: frozenset[int] = frozenset()) -> list[Obstacle]:
    """What keeps the month from being closed; discrepancies that nobody has resolved or acknowledged stand apart."""
    found = (
        _not_over(span, now),
        _unjudged(span, now),
        _unanswered(span.shop, now),
        _without_a_shop(span.shop, messages_of_others),
    )
    return [obstacle for obstacle in found if obstacle is not None]


def _not_over(span: Span, now: datetime) -> Obstacle | None:
    if now >= span.ends:
        return None
    return Obstacle(_("The month is not over yet."), _("It can be closed when the next one begins where the shop is."))


def _unjudged(span: Span, now: datetime) -> Obstacle | None:
    """Documents that were loaded and not compared yet: their discrepancies are not known."""
    bills = Bill.objects.filter(shop=span.shop, unjudged_since__isnull=False).annotate(dated_at=BILL_DATE)
    receipts = Receipt.objects.filter(shop=span.shop, unjudged_since__isnull=False).annotate(dated_at=RECEIPT_DATE)
    faults = ExchangeEvent.objects.filter(~Q(fault=""), shop=span.shop, unjudged_since__isnull=False)
    due = Case.objects.filter(shop=span.shop, judge_again_at__lt=now)
    waiting = (
        bills.filter(Q(dated_at__lt=span.ends) | Q(dated_at=None)).count()
        + receipts.filter(dated_at__lt=span.ends).count()
        + faults.filter(occurred_at__lt=span.ends).count()
        + due.count()
    )
    if not waiting:
        return None
    return Obstacle(
        ngettext("%(count)d document waits to be compared.", "%(count)d documents wait to be compared.", waiting)
        % {"count": waiting},
        _("This takes seconds as a rule: look again in a moment. If it stays so, tell your administrator."),
    )


def _unanswered(shop: Shop, now: datetime) -> Obstacle | None:
    """Requests of this very moment: what they bring is not recorded yet."""
    asked = ExchangeEvent.objects.filter(
        shop=shop, occurred_at__gt=now - UNANSWERED_AFTER, direction=Direction.REQUEST.value, answer=None
    ).exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    count = asked.count()
    if not count:
        return None
    return Obstacle(
        ngettext(
            "%(count)d request of a register is being answered.",
            "%(count)d requests of registers are being answered.",
            count,
        )
        % {"count": count},
        _("Look again in a minute."),
    )


def _without_a_shop(shop: Shop, messages_of_others: frozenset[int]) -> Obstacle | None:
    unclear = set(list_messages_without_a_shop(shop).values_list("pk", flat=True)) - messages_of_others
    if not unclear:
        return None
    return Obstacle(
        ngettext(
            "%(count)d message with receipts belongs to no shop yet (number %(numbers)s).",
            "%(count)d messages with receipts belong to no shop yet (numbers %(numbers)s).",
            len(unclear),
        )
        % {"count": len(unclear), "numbers": ", ".join(map(str, sorted(unclear)))},
        _("Have them assigned to their shops, or say of each that it is not of this one."),
    )
