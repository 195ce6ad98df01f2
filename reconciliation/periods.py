"""Closing months, and opening them again. The only writer of `Period` and what hangs on it.

Lock order: the shop comes first, as in an import, which therefore takes turns with a closing; then nothing else is
locked. A receipt that a register delivers meanwhile waits for nobody: it is counted in the next month. So is what a
person decides at the very moment of closing. Doors check permissions: `close_period`, `reopen_period`, and for an
acknowledgement `work_discrepancy`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reconciliation import months
from reconciliation.models import Discrepancy, Period, PeriodAcknowledgement, PeriodEntry
from reconciliation.period_figures import Span, count_month
from reconciliation.period_protocol import Figures, add_up, digest_of, read_figures, write_protocol
from reconciliation.period_readiness import (
    Obstacle,
    describe_messages,
    find_obstacles,
    list_open,
)
from shops.models import Bill, Receipt, Shop, UnassignedMessage
from shops.money import ZERO, format_plain
from shops.planner_statistics import refresh_statistics

ENTRIES_PER_INSERT = 2000
MONTHS_OFFERED = 24  # to begin with


class ClosingRefused(Exception):
    """The month cannot be closed, acknowledged or opened as was wanted; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A month as it would be closed now."""

    span: Span
    figures: Figures
    entries: list[PeriodEntry]
    obstacles: list[Obstacle]
    messages: list[UnassignedMessage]  # without a shop: they may be of this one

    def list_obstacles(self, messages_of_others: Collection[int]) -> list[Obstacle]:
        """All, with the messages of which it was not said that they are of others."""
        unclear = {message.pk for message in self.messages} - set(messages_of_others)
        return [*self.obstacles, *([describe_messages(unclear)] if unclear else [])]


def find_last_closed(shop: Shop) -> Period | None:
    return Period.objects.filter(shop=shop, reopened_at=None).order_by("-month").first()


def list_months_to_close(shop: Shop, *, now: datetime) -> list[date]:
    """The months that can be closed next: one, or for a shop that has closed none, each that is over.

    Where none was closed the first of them is that of the shop's oldest document; what lies before the month that is
    closed first becomes its opening balance.
    """
    last, ended = find_last_closed(shop), months.last_ended(now, shop)
    if last is not None:
        month = months.following(last.month)
        return [month] if month <= ended else []
    oldest = [
        Bill.objects.filter(shop=shop).aggregate(oldest=Min("issued_at"))["oldest"],
        Receipt.objects.filter(shop=shop).aggregate(oldest=Min("printed_at"))["oldest"],
    ]
    known = [moment for moment in oldest if moment is not None]
    if not known:
        return []
    first, offered = months.month_of(min(known), shop), [ended]
    while offered[0] > first and len(offered) < MONTHS_OFFERED:
        offered.insert(0, months.preceding(offered[0]))
    return offered if first <= ended else []


def preview_closing(*, shop: Shop, month: date, now: datetime) -> Preview:
    """What closing the month now would come to; nothing is saved. Raises ClosingRefused for a month not in turn."""
    last = find_last_closed(shop)
    _refuse_if_not_in_turn(last, month)
    span = Span(shop, month, is_first=last is None)
    obstacles, messages = find_obstacles(span, now=now)
    entries = list(count_month(span))
    carried = read_figures(last.protocol).closing if last else ZERO
    return Preview(span, add_up(carried, entries), entries, obstacles, messages)


@transaction.atomic
def close_period(
    *, shop: Shop, month: date, actor: User, now: datetime, messages_of_others: Collection[int] = ()
) -> Period:
    """Closes a month with its protocol. Raises ClosingRefused.

    `messages_of_others` are the messages without a shop of which `actor` says that they are not of this one.
    """
    shop = _lock(shop)
    preview = preview_closing(shop=shop, month=month, now=now)
    if obstacles := preview.list_obstacles(messages_of_others):
        raise ClosingRefused(" ".join(map(str, obstacles)))
    left_open = list(list_open(shop, month))
    _refuse_if_unseen(left_open)
    seen = _find_acknowledgements(left_open, month)
    protocol = write_protocol(
        preview.span,
        preview.figures,
        open=[_describe_open(row, seen[row.pk]) for row in left_open],
        messages_of_others=sorted(message.pk for message in preview.messages),
        entries=len(preview.entries),
    )
    period = Period.objects.create(
        shop=shop, month=month, closed_at=now, closed_by=actor, protocol=protocol, digest=digest_of(protocol)
    )
    for entry in preview.entries:
        entry.period = period
    PeriodEntry.objects.bulk_create(preview.entries, batch_size=ENTRIES_PER_INSERT)
    PeriodAcknowledgement.objects.filter(pk__in=[row.pk for row in seen.values()]).update(period=period)
    refresh_statistics([PeriodEntry])
    return period


@transaction.atomic
def acknowledge(
    *, discrepancy: Discrepancy, month: date, actor: User, now: datetime, comment: str = ""
) -> PeriodAcknowledgement:
    """Notes that `actor` has seen that the discrepancy stays open when the month is closed; once is enough."""
    shop = _lock(discrepancy.case.shop)
    _refuse_if_not_in_turn(find_last_closed(shop), month)
    row = list_open(shop, month).filter(pk=discrepancy.pk).first()
    if row is None:
        raise ClosingRefused(_("It is not open in this month: there is nothing to acknowledge."))
    held = PeriodAcknowledgement.objects.filter(discrepancy=row, month=month, period=None, amount=row.amount).last()
    return held or PeriodAcknowledgement.objects.create(
        discrepancy=row, month=month, amount=row.amount, by=actor, at=now, comment=comment.strip()
    )


@transaction.atomic
def reopen_period(*, period: Period, actor: User, now: datetime, comment: str) -> Period:
    """Opens the last closed month again: what was counted in it is to be counted anew. Raises ClosingRefused."""
    if not comment.strip():
        raise ClosingRefused(_("Write why the month is opened again."))
    shop = _lock(period.shop)
    locked = Period.objects.get(pk=period.pk)
    if not locked.is_active:
        raise ClosingRefused(_("The month has been opened again already."))
    last = find_last_closed(shop)
    if last != locked:
        assert last is not None, "this one is closed"
        raise ClosingRefused(
            _("Months are opened again from the last one backwards: %(month)s comes first.")
            % {"month": months.format_month(last.month)}
        )
    locked.reopened_at, locked.reopened_by, locked.reopening_comment = now, actor, comment.strip()
    locked.save(update_fields=["reopened_at", "reopened_by", "reopening_comment"])
    return locked


def _lock(shop: Shop) -> Shop:
    """One closing at a time, and none beside an import. Messages of registers are stored meanwhile."""
    return Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)


def _refuse_if_not_in_turn(last: Period | None, month: date) -> None:
    if last is None or month == months.following(last.month):
        return
    if month <= last.month:
        raise ClosingRefused(_("The month %(month)s is closed already.") % {"month": months.format_month(month)})
    raise ClosingRefused(
        _("Months are closed one after another: %(month)s comes first.")
        % {"month": months.format_month(months.following(last.month))}
    )


def _refuse_if_unseen(left_open: list[Any]) -> None:
    unseen = sum(not row.acknowledged for row in left_open)
    if unseen:
        raise ClosingRefused(
            ngettext(
                "%(count)d discrepancy of the month is open: resolve it, or acknowledge that it stays open.",
                "%(count)d discrepancies of the month are open: resolve them, or acknowledge each one.",
                unseen,
            )
            % {"count": unseen}
        )


def _find_acknowledgements(left_open: list[Discrepancy], month: date) -> dict[int, PeriodAcknowledgement]:
    """The last acknowledgement of each."""
    rows = PeriodAcknowledgement.objects.filter(
        discrepancy__in=[row.pk for row in left_open], month=month, period=None
    ).select_related("by")
    amounts = {row.pk: row.amount for row in left_open}
    return {row.discrepancy_id: row for row in rows.order_by("pk") if row.amount == amounts[row.discrepancy_id]}


def _describe_open(row: Discrepancy, seen: PeriodAcknowledgement) -> dict[str, Any]:
    return {
        "discrepancy": row.pk,
        "kind": row.kind,
        "document": str(row.case),
        "amount": None if row.amount is None else format_plain(row.amount),
        "acknowledged_by": seen.by.get_username(),
        "acknowledged_at": seen.at.isoformat(),
        "comment": seen.comment,
    }
