"""What people say about which bills a receipt pays: to link it, to split it, to take it off a bill, and to undo.

Every decision is a new `Allocation` that takes the place of the one before, with whoever made it; nothing that the
receipt itself says is changed. Locks are taken as everywhere: bills by key, then receipts by key.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from shops.allocated import find_current, list_decided_parts
from shops.models import AllocatedLine, AllocatedPart, Allocation, Bill, Receipt
from shops.money import ZERO
from shops.offers import refresh_offers

NOTHING_SEEN = -1  # whoever decides has not looked at what was decided before


class AllocationRefused(Exception):
    """What the receipt or the bill does not allow; says what to do instead."""


@dataclass(frozen=True, slots=True)
class LinePart:
    """How much of a line of the receipt pays the bill of a part."""

    line_id: int
    quantity: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """What of a receipt pays one bill (its primary key; None: it pays none of ours); without lines all of it."""

    bill_id: int | None
    amount: Decimal
    lines: tuple[LinePart, ...] = ()


@dataclass(frozen=True, slots=True)
class Allocated:
    """A decision that was written: the bills (primary keys) that the receipt paid before or pays now."""

    allocation: Allocation
    bill_ids: frozenset[int]


def link(
    receipt: Receipt, bill: Bill, *, actor: User, now: datetime, comment: str = "", seen_id: int = NOTHING_SEEN
) -> Allocated:
    """The whole receipt pays this bill.

    `seen_id` is the allocation on which the decision stands (0: there was none); it is refused where another one has
    come since.
    """

    def whole(held: Receipt, parts: Sequence[Part]) -> list[Part]:
        if [part.bill_id for part in parts] == [bill.pk] and held.is_allocated:
            raise AllocationRefused(_("The receipt is linked to this bill already."))
        return [Part(bill.pk, held.total)]

    return _decide(receipt, whole, [bill.pk], actor=actor, now=now, comment=comment, seen_id=seen_id)


def split(
    receipt: Receipt,
    parts: Sequence[Part],
    *,
    actor: User,
    now: datetime,
    comment: str = "",
    seen_id: int = NOTHING_SEEN,
) -> Allocated:
    """The receipt pays several bills, line by line; the parts add up to it exactly."""

    def check(held: Receipt, _before: Sequence[Part]) -> Sequence[Part]:
        check_parts(held, parts)
        return parts

    bill_ids = [part.bill_id for part in parts if part.bill_id is not None]
    return _decide(receipt, check, bill_ids, actor=actor, now=now, comment=comment, seen_id=seen_id)


def unlink(
    receipt: Receipt, bill: Bill, *, actor: User, now: datetime, comment: str = "", seen_id: int = NOTHING_SEEN
) -> Allocated:
    """The receipt does not pay this bill.

    What a person had linked goes back to the bill that the receipt itself names. Where that is this very bill, the
    receipt names it wrongly and pays none. Of a receipt that is split the other parts stay as they are.
    """

    def without(held: Receipt, parts: Sequence[Part]) -> Sequence[Part] | None:
        return take_off(held, parts, bill.pk)

    return _decide(receipt, without, [bill.pk], actor=actor, now=now, comment=comment, seen_id=seen_id)


def undo(allocation: Allocation, *, actor: User, now: datetime, comment: str = "") -> Allocated:
    """Takes a decision back: what it took the place of counts again. Refused once another decision stands on it."""
    former = _read_parts(allocation.replaces) if allocation.replaces else []

    def as_before(_held: Receipt, _parts: Sequence[Part]) -> Sequence[Part] | None:
        return former or None

    bill_ids = [part.bill_id for part in former if part.bill_id is not None]
    return _decide(
        allocation.receipt, as_before, bill_ids, actor=actor, now=now, comment=comment, seen_id=allocation.pk
    )


def take_off(receipt: Receipt, parts: Sequence[Part], bill_id: int) -> list[Part] | None:
    """What is left of the parts when the receipt is taken off a bill; None: its own word."""
    if bill_id not in {part.bill_id for part in parts}:
        raise AllocationRefused(_("The receipt does not pay this bill."))
    kept = [part for part in parts if part.bill_id not in (bill_id, None)]
    if not kept:
        return [Part(None, receipt.total)] if receipt.bill_id == bill_id else None
    return [*kept, _join([part for part in parts if part.bill_id in (bill_id, None)])]


def check_parts(receipt: Receipt, parts: Sequence[Part]) -> None:
    """Refuses parts that are not the receipt: its sum, and every line with its quantity and sum."""
    bills = [part.bill_id for part in parts]
    if len(parts) < 2 or len(set(bills)) < len(bills):
        raise AllocationRefused(_("A receipt is split over at least two bills, each named once."))
    if sum((part.amount for part in parts), ZERO) != receipt.total or any(part.amount < 0 for part in parts):
        raise AllocationRefused(_("The parts do not add up to the receipt's total."))
    lines = {line.pk: (line.quantity, line.total) for line in receipt.lines.all()}
    split_lines: dict[int, tuple[Decimal, Decimal]] = {}
    for line in (line for part in parts for line in part.lines):
        quantity, total = split_lines.get(line.line_id, (ZERO, ZERO))
        split_lines[line.line_id] = (quantity + line.quantity, total + line.total)
    if split_lines != lines:
        raise AllocationRefused(_("The parts of a line do not add up to the line of the receipt."))


def read_parts(receipt: Receipt) -> list[Part]:
    """What the receipt pays as things stand."""
    current = find_current(receipt) if receipt.is_allocated else None
    return _read_parts(current) if current else [Part(receipt.bill_id, receipt.total)]


def read_known_parts(receipt: Receipt) -> list[Part]:
    """The same of a receipt of `shops.allocated.with_parts`."""
    if not receipt.is_allocated:
        return [Part(receipt.bill_id, receipt.total)]
    parts = list_decided_parts(receipt)
    prefetch_related_objects(parts, "lines")
    return [_part(part) for part in parts]


def _read_parts(allocation: Allocation) -> list[Part]:
    return [_part(part) for part in allocation.parts.order_by("position").prefetch_related("lines")]


def _part(part: AllocatedPart) -> Part:
    lines = tuple(LinePart(line.line_id, line.quantity, line.total) for line in part.lines.all())
    return Part(part.bill_id, part.amount, lines)


def _join(parts: Sequence[Part]) -> Part:
    """One part, without a bill, of several."""
    lines: dict[int, LinePart] = {}
    for line in (line for part in parts for line in part.lines):
        held = lines.get(line.line_id)
        lines[line.line_id] = (
            LinePart(line.line_id, held.quantity + line.quantity, held.total + line.total) if held else line
        )
    return Part(None, sum((part.amount for part in parts), ZERO), tuple(lines.values()))


@transaction.atomic
def _decide(
    receipt: Receipt,
    make_parts: Callable[[Receipt, Sequence[Part]], Sequence[Part] | None],
    bill_ids: Sequence[int],
    *,
    actor: User,
    now: datetime,
    comment: str,
    seen_id: int,
) -> Allocated:
    """Writes what `make_parts` makes of the locked receipt and its parts so far; None: its own word counts again."""
    receipt.refresh_from_db(fields=["is_allocated", "bill"])
    concerned = {*bill_ids, *_bills_of(read_parts(receipt)), *_bills_of([Part(receipt.bill_id, receipt.total)])}
    locked = _lock_bills(receipt, concerned)
    held = Receipt.objects.select_for_update(of=("self",)).get(pk=receipt.pk)
    current, before = find_current(held), read_parts(held)
    if seen_id not in (NOTHING_SEEN, current.pk if current else 0) or not _bills_of(before) <= locked:
        raise AllocationRefused(_("Somebody has decided about this receipt meanwhile. Look at it again."))
    parts = make_parts(held, before)
    allocation = _write(held, current, parts, actor=actor, now=now, comment=comment)
    changed = _bills_of(before) | _bills_of(read_parts(held))
    Bill.objects.filter(pk__in=changed).update(unjudged_since=now)
    refresh_offers(changed)
    return Allocated(allocation, frozenset(changed))


def _lock_bills(receipt: Receipt, bill_ids: set[int]) -> set[int]:
    bills = Bill.objects.filter(pk__in=bill_ids).order_by("pk").select_for_update(of=("self",))
    locked = {bill.pk: bill.shop_id for bill in bills}
    if set(locked.values()) - {receipt.shop_id}:
        raise AllocationRefused(_("A receipt pays bills of its own shop only."))
    return set(locked)


def _write(
    receipt: Receipt,
    current: Allocation | None,
    parts: Sequence[Part] | None,
    *,
    actor: User,
    now: datetime,
    comment: str,
) -> Allocation:
    if current is not None:
        current.ended_at, current.ended_by = now, actor
        current.save(update_fields=["ended_at", "ended_by"])
    allocation = Allocation(
        receipt=receipt, decided_by=actor, decided_at=now, comment=comment.strip(), replaces=current
    )
    allocation.save(force_insert=True)
    for position, part in enumerate(parts or ()):
        row = AllocatedPart(allocation=allocation, position=position, bill_id=part.bill_id, amount=part.amount)
        row.save(force_insert=True)
        AllocatedLine.objects.bulk_create(
            AllocatedLine(part=row, line_id=line.line_id, quantity=line.quantity, total=line.total)
            for line in part.lines
        )
    receipt.is_allocated, receipt.unjudged_since = bool(parts), now
    receipt.save(update_fields=["is_allocated", "unjudged_since"])
    return allocation


def _bills_of(parts: Sequence[Part]) -> set[int]:
    return {part.bill_id for part in parts if part.bill_id is not None}
