"""The accounts of Evotor users: their tokens, both ways, and the installations of the application."""

import secrets
from datetime import datetime

from shops.access import SECRET_BYTES, USED_NOTE_EVERY, digest_of
from shops.models import EvotorAccount, InstallationEvent, Receipt, Shop
from shops.wire_evotor import CloudToken, Installation


def give_token(user_id: str, *, now: datetime) -> str:
    """A new token for an Evotor user, in the place of the one before; only its digest is kept.

    A new account gets the shop whose receipts name the user, if that is exactly one; else it waits for its shop.
    """
    token = secrets.token_urlsafe(SECRET_BYTES)
    account, _ = EvotorAccount.objects.get_or_create(user_id=user_id)
    EvotorAccount.objects.filter(pk=account.pk).update(token_digest=digest_of(token), token_given_at=now)
    if account.shop_id is None and (shop := find_shop_of_receipts(user_id)) is not None:
        EvotorAccount.objects.filter(pk=account.pk, shop=None).update(shop=shop)
    return token


def recognise_account(token: str, *, now: datetime) -> EvotorAccount | None:
    """The account whose token a caller sent, with its shop."""
    account = EvotorAccount.objects.select_related("shop").filter(token_digest=digest_of(token)).first()
    if account is None:
        return None
    if account.last_used_at is None or now - account.last_used_at >= USED_NOTE_EVERY:
        EvotorAccount.objects.filter(pk=account.pk).update(last_used_at=now)
    return account


def keep_cloud_token(told: CloudToken, *, now: datetime) -> None:
    """Keeps the token with which Evotor's own API answers for a user; a later one takes its place."""
    account, _ = EvotorAccount.objects.get_or_create(user_id=told.user_id)
    EvotorAccount.objects.filter(pk=account.pk).update(cloud_token=told.token, cloud_token_received_at=now)


def keep_installation(told: Installation, body: bytes, *, now: datetime) -> None:
    """Keeps the event as it came; sent again it is the same event."""
    InstallationEvent.objects.get_or_create(
        event_id=told.event_id,
        defaults={"type": told.type, "user_id": told.user_id, "received_at": now, "body": body.decode()},
    )


def find_shop_of_receipts(user_id: str) -> Shop | None:
    """The shop whose receipts name the user, if exactly one does."""
    shops = Shop.objects.filter(pk__in=Receipt.objects.filter(user_id=user_id).values("shop"))[:2]
    return shops[0] if len(shops) == 1 else None
