"""Documents of the registers: kept as they came, each once, for the check of shifts."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from shops.models import RegisterDocument, Shop
from shops.recording.keys import KEYS_PER_QUERY
from shops.recording.places import PlaceBook
from shops.recording.shifts import see_documents
from shops.wire_evotor import Document, PartlyRead, read_documents


def record_documents(shop: Shop, store_id: str, body: bytes, *, now: datetime) -> None:
    """Keeps the documents of a store. Raises WireError when all that can be understood is kept."""
    fault: PartlyRead | None = None
    documents: Sequence[Document]
    try:
        documents = read_documents(body)
    except PartlyRead as partly:
        documents, fault = partly.documents, partly
    places = PlaceBook()
    for start in range(0, len(documents), KEYS_PER_QUERY):
        _record(shop, store_id, documents[start : start + KEYS_PER_QUERY], places, now)
    if fault is not None:
        raise fault


@transaction.atomic
def _record(shop: Shop, store_id: str, documents: Sequence[Document], places: PlaceBook, now: datetime) -> None:
    """The constraints decide which of several deliveries is first; what differs from the first contradicts it."""
    rows = {
        (document.document_id, document.digest): _row(shop, store_id, document, places, now) for document in documents
    }
    firsts = _find_firsts(shop, rows.values())
    missing = {row.document_id: row for row in reversed(rows.values()) if row.document_id not in firsts}
    RegisterDocument.objects.bulk_create(missing.values(), ignore_conflicts=True)
    firsts = _find_firsts(shop, rows.values())
    others = [row for row in rows.values() if row.digest != firsts[row.document_id].digest]
    for row in others:
        row.pk, row.contradicts = None, firsts[row.document_id]
    RegisterDocument.objects.bulk_create(others, ignore_conflicts=True)
    see_documents(firsts.values(), now=now)


def _find_firsts(shop: Shop, rows: Iterable[RegisterDocument]) -> dict[str, RegisterDocument]:
    ids = {row.document_id for row in rows}
    firsts = RegisterDocument.objects.filter(shop=shop, document_id__in=ids, contradicts=None)
    return {first.document_id: first for first in firsts}


def _row(shop: Shop, store_id: str, document: Document, places: PlaceBook, now: datetime) -> RegisterDocument:
    store = places.find_store(shop.pk, store_id)
    return RegisterDocument(
        shop=shop,
        store=store,
        terminal=places.find_terminal(shop.pk, document.terminal_id, store),
        employee=places.find_employee(shop.pk, document.employee_id),
        document_id=document.document_id,
        type=document.type,
        number=document.number,
        session_id=document.session_id,
        session_number=document.session_number,
        closed_at=document.closed_at,
        received_at=now,
        total=document.total,
        revenue=document.revenue,
        body=document.body,
        digest=document.digest,
    )
