"""Messages of Evotor's that have no shop yet: kept, assigned by a person, and delivered once.

A message is answered as accepted when it is kept, for then it is safe. It is delivered by the way that it would have
gone at once, with the time at which it came.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q, QuerySet

from shops.evotor.documents import record_documents
from shops.evotor.finding import TERMINAL_HEADER, Places, find_shop
from shops.evotor.inventory import record_names
from shops.live_journal import KEPT_OF_RUBBISH, is_json
from shops.masking import mask_values
from shops.models import EvotorAccount, Shop, Store, UnassignedMessage
from shops.serving import accept_receipts
from shops.wire_fields import WireError
from shops.wire_writer import write_json

Kind = UnassignedMessage.Kind

ATTEMPTS = 5  # when a message is delivered, or two deliveries meet, at the same moment


class AssignmentRefused(Exception):
    """What a person wanted cannot be done; the exception says why not."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message as it came, from whom and from where."""

    kind: str
    body: bytes
    query: Mapping[str, str]
    headers: Mapping[str, str]
    places: Places
    account: EvotorAccount | None = None
    fault: str = ""

    @property
    def digest(self) -> str:
        account_id = self.account.pk if self.account else None
        sender = (self.kind, account_id, self.places.store_id, self.places.user_id, self.query, self.headers)
        return hashlib.sha256(write_json(sender) + self.body).hexdigest()


def keep(arrival: Arrival, *, now: datetime) -> None:
    """Keeps a message until it has a shop, or delivers it where that has become known meanwhile."""
    for attempt in count(1):
        if _keep_once(arrival, now):
            break
        if attempt == ATTEMPTS:
            raise RuntimeError("a message without a shop could not be kept")
    deliver_what_has_a_shop(_waiting(digest=arrival.digest), now=now)


def assign_store(store_id: str, shop: Shop, *, actor: User | None, now: datetime) -> int:
    """Gives a store, and all that waits for it, to a shop; the number of messages that were delivered.

    Raises AssignmentRefused for a store that belongs to another shop.
    """
    store, _ = Store.objects.get_or_create(evotor_id=store_id, defaults={"shop": shop})
    if store.shop_id != shop.pk:
        raise AssignmentRefused(str(store.shop))
    return deliver_what_has_a_shop(_waiting(store_id=store_id, account=None), actor=actor, now=now)


def assign_user(user_id: str, shop: Shop, *, actor: User | None, now: datetime) -> int:
    """Gives an Evotor user, and all that waits for the user, to a shop. Later messages follow; earlier ones stay."""
    account, _ = EvotorAccount.objects.get_or_create(user_id=user_id)
    EvotorAccount.objects.filter(pk=account.pk).update(shop=shop)
    return deliver_for_user(user_id, actor=actor, now=now)


def assign_message(message: UnassignedMessage, shop: Shop, *, actor: User | None, now: datetime) -> int:
    """Delivers one message, which names no store and no user, to a shop."""
    return int(_deliver(message.pk, shop, actor, now))


def deliver_for_user(user_id: str, *, actor: User | None = None, now: datetime) -> int:
    """Delivers what waits for an Evotor user, if the user has a shop by now."""
    return deliver_what_has_a_shop(
        UnassignedMessage.objects.filter(Q(account__user_id=user_id) | Q(user_id=user_id), assigned_at=None),
        actor=actor,
        now=now,
    )


def deliver_for_shop(shop: Shop, *, now: datetime) -> int:
    """Delivers what waits for the stores of a shop."""
    stores = Store.objects.filter(shop=shop).values("evotor_id")
    return deliver_what_has_a_shop(_waiting(store_id__in=stores, account=None), now=now)


def deliver_what_has_a_shop(messages: QuerySet[UnassignedMessage], *, actor: User | None = None, now: datetime) -> int:
    """Delivers those of the messages whose shop is known by now, oldest first; how many they are."""
    delivered = 0
    for message in messages.select_related("account__shop").order_by("received_at", "pk"):
        shop = _find_shop(message)
        delivered += shop is not None and _deliver(message.pk, shop, actor, now)
    return delivered


def _waiting(**conditions: object) -> QuerySet[UnassignedMessage]:
    return UnassignedMessage.objects.filter(assigned_at=None, **conditions)


def _find_shop(message: UnassignedMessage) -> Shop | None:
    """As when it came: an account's token speaks for its account alone."""
    if message.account is not None:
        return message.account.shop
    return find_shop(Places(message.store_id, message.headers.get(TERMINAL_HEADER, ""), message.user_id))


def _keep_once(arrival: Arrival, now: datetime) -> bool:
    """Stores a message, or counts one that waits already; False where that was delivered at this moment."""
    text, verbatim = _storable(arrival.body)
    try:
        with transaction.atomic():
            UnassignedMessage.objects.create(
                kind=arrival.kind,
                received_at=now,
                last_received_at=now,
                account=arrival.account,
                store_id=arrival.places.store_id,
                user_id=arrival.places.user_id,
                query=mask_values(arrival.query),
                headers=dict(arrival.headers),
                text=text,
                verbatim=verbatim,
                fault=arrival.fault,
                digest=arrival.digest,
            )
    except IntegrityError:
        again = _waiting(digest=arrival.digest)
        return bool(again.update(times_received=F("times_received") + 1, last_received_at=now))
    return True


def _storable(body: bytes) -> tuple[str, bytes | None]:
    """The body as a text, or as bytes; of what is no JSON at all only the beginning is kept, as in the journal."""
    if is_json(body):
        return body.decode(), None
    return "", body[:KEPT_OF_RUBBISH]


def _deliver(message_id: int, shop: Shop, actor: User | None, now: datetime) -> bool:
    """Delivers a message if it still waits; it is delivered and noted as such at once, or neither."""
    for attempt in count(1):
        try:
            return _deliver_once(message_id, shop, actor, now)
        except OperationalError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


@transaction.atomic
def _deliver_once(message_id: int, shop: Shop, actor: User | None, now: datetime) -> bool:
    message = _waiting(pk=message_id).select_for_update(of=("self",)).first()
    if message is None:
        return False
    _hand_over(message, shop, now)
    message.shop, message.assigned_at, message.assigned_by = shop, now, actor
    message.save(update_fields=["shop", "assigned_at", "assigned_by"])
    return True


def _hand_over(message: UnassignedMessage, shop: Shop, now: datetime) -> None:
    try:
        if message.kind == Kind.RECEIPTS:
            accept_receipts(
                shop,
                message.body,
                query=message.query,
                headers=message.headers,
                now=now,
                kept_since=message.received_at,
            )
        elif message.kind == Kind.DOCUMENTS:
            record_documents(shop, message.store_id, message.body, now=message.received_at)
        else:
            record_names(message.kind, shop, message.body)
    except WireError:
        pass  # `fault` has said so since the message came
