"""Takes what Evotor brings with a token that is no shop's own: records it where it belongs, or keeps it until then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shops.evotor.documents import record_documents
from shops.evotor.finding import Places, find_shop
from shops.evotor.inventory import record_names
from shops.evotor.waiting import Arrival, deliver_for_shop, keep
from shops.messages import understand_body
from shops.models import EvotorAccount, Shop, UnassignedMessage
from shops.serving import BAD_REQUEST, OK, Answer, accept_receipts
from shops.wire import RECEIPT
from shops.wire_evotor import Origin, join_receipts, read_documents, read_names, split_receipts
from shops.wire_fields import WireError
from shops.wire_writer import write_error

Kind = UnassignedMessage.Kind
ACCEPTED = Answer(OK)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who calls, and for which shop as far as token and headers say. `account` is None for the application's token."""

    account: EvotorAccount | None
    shop: Shop | None
    places: Places
    headers: Mapping[str, str]


def receive_receipts(sender: Sender, body: bytes, *, query: Mapping[str, str], now: datetime) -> Answer:
    """RECEIPT of a sender whose shop token and headers do not say: each event goes where it says that it belongs."""
    parts: dict[Shop | None, list[tuple[Origin, bytes]]] = {}
    for origin, event in split_receipts(body):
        shop = None if sender.account else find_shop(Places(origin.store_id, "", origin.user_id))
        parts.setdefault(shop, []).append((origin, event))
    answers = []
    for shop, events in parts.items():
        brought = body if len(parts) == 1 else join_receipts([event for _, event in events])
        if shop is not None:
            answers.append(accept_receipts(shop, brought, query=query, headers=sender.headers, now=now))
        else:
            answers += _keep_receipts(sender, events, brought, query, now)
    return next((answer for answer in answers if answer.status != OK), ACCEPTED)


def receive_names(sender: Sender, kind: str, body: bytes, *, query: Mapping[str, str], now: datetime) -> Answer:
    """What Evotor calls the stores, terminals or employees of a user."""
    try:
        if sender.shop is None:
            read_names(body)
            keep(_arrival(sender, kind, body, query), now=now)
            return ACCEPTED
        record_names(kind, sender.shop, body)
    except WireError as error:
        return refuse(error)
    if kind != Kind.EMPLOYEES:
        deliver_for_shop(sender.shop, now=now)
    return ACCEPTED


def receive_documents(sender: Sender, store_id: str, body: bytes, *, query: Mapping[str, str], now: datetime) -> Answer:
    """Documents of the registers of a store."""
    places = replace(sender.places, store_id=store_id)
    shop = sender.shop or (None if sender.account else find_shop(places))
    try:
        if shop is not None:
            record_documents(shop, store_id, body, now=now)
            return ACCEPTED
        fault = _find_fault(read_documents, body)
        keep(replace(_arrival(sender, Kind.DOCUMENTS, body, query), places=places, fault=str(fault or "")), now=now)
    except WireError as error:
        return refuse(error)
    return refuse(fault) if fault else ACCEPTED


def refuse(error: WireError) -> Answer:
    return Answer(BAD_REQUEST, write_error(error.code, error.reason, error.subject))


def _keep_receipts(
    sender: Sender, events: list[tuple[Origin, bytes]], body: bytes, query: Mapping[str, str], now: datetime
) -> list[Answer]:
    """Events of several stores wait each for its own; those of one account wait together, as they came."""
    together = sender.account or len(events) == 1
    answers = []
    for origin, part in [(events[0][0], body)] if together else events:
        error = understand_body(RECEIPT, part).error
        arrival = _arrival(sender, Kind.RECEIPTS, part, query)
        places = sender.places.or_else(origin)
        keep(replace(arrival, places=places, fault=str(error or "")), now=now)
        answers.append(refuse(error) if error else ACCEPTED)
    return answers


def _arrival(sender: Sender, kind: str, body: bytes, query: Mapping[str, str]) -> Arrival:
    return Arrival(kind, body, query, sender.headers, sender.places, sender.account)


def _find_fault(read: Callable[[bytes], object], body: bytes) -> WireError | None:
    try:
        read(body)
    except WireError as error:
        return error
    return None
