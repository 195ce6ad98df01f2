"""Shifts, learned from receipts and from documents of the registers, in whatever order they come.

Rows of shifts are locked by primary key, after bills and receipts. A shift that is closed is judged again when a
receipt or a document of it comes.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q

from shops.models import Receipt, RegisterDocument, Shift
from shops.recording.keys import KEYS_PER_QUERY

OPENING, CLOSING, REPORT = "OPEN_SESSION", "CLOSE_SESSION", "Z_REPORT"
TYPES = frozenset({OPENING, CLOSING, REPORT})

Name = tuple[int, str]  # a terminal, and what a receipt or a document calls the shift


def see_receipts(receipts: Iterable[Receipt], *, now: datetime) -> None:
    """New receipts: makes the shifts that nobody has named before; those that are closed are judged again."""
    named: dict[Name, Receipt] = {}
    for receipt in receipts:
        if receipt.terminal_id is not None and receipt.shift:
            named[receipt.terminal_id, receipt.shift] = receipt
    if not named:
        return
    known = _lock(named)
    missing = [
        Shift(shop_id=receipt.shop_id, terminal_id=terminal, store_id=receipt.store_id, key=name)
        for (terminal, name), receipt in sorted(named.items(), key=lambda item: item[0])
        if (terminal, name) not in known
    ]
    if missing:
        Shift.objects.bulk_create(missing, ignore_conflicts=True)
        known = _lock(named)
    closed = {shift.pk for name, shift in known.items() if name in named and shift.closed_at is not None}
    if closed:
        Shift.objects.filter(pk__in=closed).update(unjudged_since=now)


def see_documents(documents: Collection[RegisterDocument], *, now: datetime) -> None:
    """Documents that are stored: what the register declares of its shifts is taken over from all that it has sent."""
    telling = [
        document
        for document in documents
        if document.type in TYPES
        and document.terminal_id is not None
        and (document.session_id or document.session_number)
    ]
    for document in sorted(telling, key=lambda document: (document.terminal_id or 0, document.session_number)):
        shift = _find_or_make(document)
        _declare(shift, now)


def _lock(names: Collection[Name]) -> dict[Name, Shift]:
    """Shifts by every name of theirs; locked."""
    found: dict[Name, Shift] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), KEYS_PER_QUERY):
        part = ordered[start : start + KEYS_PER_QUERY]
        texts = {text for _, text in part}
        rows = Shift.objects.filter(Q(key__in=texts) | Q(session_id__in=texts), terminal__in={pk for pk, _ in part})
        for shift in rows.order_by("pk").select_for_update():
            found |= {(shift.terminal_id, name): shift for name in shift.names}
    return found


def _find_or_make(document: RegisterDocument) -> Shift:
    """By the id, else by the number, unless that belongs to a shift of another id: numbers begin anew some day."""
    terminal = document.terminal_id
    assert terminal is not None
    id_name, number_name = (terminal, document.session_id), (terminal, document.session_number)
    known = _lock([name for name in (id_name, number_name) if name[1]])
    shift = known.get(id_name)
    if shift is not None:
        _unite(shift, known.get(number_name), document.session_number)
    elif (numbered := known.get(number_name)) is not None:
        is_its_own = not numbered.session_id or not document.session_id
        shift = numbered if is_its_own else None
    if shift is None:
        is_number_free = document.session_number and number_name not in known
        key = document.session_number if is_number_free else document.session_id
        Shift.objects.bulk_create(
            [Shift(shop_id=document.shop_id, terminal_id=terminal, store_id=document.store_id, key=key)],
            ignore_conflicts=True,
        )
        shift = Shift.objects.select_for_update().get(terminal=terminal, key=key)
    shift.session_id = shift.session_id or document.session_id
    return shift


def _unite(shift: Shift, numbered: Shift | None, number: str) -> None:
    """A document says that the id by which a shift is known and a number are names of one.

    A row with the number that is known from receipts alone is not needed any more: nothing is declared of it, so it
    has never been judged. A number that belongs to a shift of another id stays with that.
    """
    if numbered is not None and numbered.pk == shift.pk:
        return
    if numbered is not None and (numbered.session_id or numbered.closed_at is not None):
        return
    if numbered is not None:
        numbered.delete()
    shift.key = number or shift.key


def _declare(shift: Shift, now: datetime) -> None:
    """Takes over what the documents of the shift say, the last of each type; the order of arrival does not matter."""
    mine = Q(session_id=shift.session_id) if shift.session_id else Q(session_number=shift.key)
    documents = RegisterDocument.objects.filter(mine, terminal=shift.terminal_id, contradicts=None, type__in=TYPES)
    last = {
        document.type: document
        for document in sorted(
            documents.defer("body"), key=lambda document: (document.closed_at or document.received_at, document.pk)
        )
    }
    opening, closing, report = (last.get(type) for type in (OPENING, CLOSING, REPORT))
    ended = closing or report
    shift.opened_at = opening.closed_at if opening else None
    shift.closed_at = (ended.closed_at or ended.received_at) if ended else None
    shift.closing_revenue = closing.revenue if closing else None
    shift.report_revenue = report.revenue if report else None
    shift.unjudged_since = now if shift.closed_at is not None else shift.unjudged_since
    shift.save(
        update_fields=[
            "key",
            "session_id",
            "opened_at",
            "closed_at",
            "closing_revenue",
            "report_revenue",
            "unjudged_since",
        ]
    )
