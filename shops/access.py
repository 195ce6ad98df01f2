"""Keys: made, rotated, revoked, recognised. The only writer of `ApiKey`; anyone may import it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from shops.models import ApiKey, EvotorAccount, Shop
from shops.statements import KeptQuery

SECRET_BYTES = 32
BEGINNING_LENGTH = 12
ADOPTED_BEGINNING_LENGTH = 4
ADOPTED_SHORTEST = 16  # characters; a short one could be guessed
USED_NOTE_EVERY = timedelta(minutes=1)  # writing "last used" at every call would cost every call a write


def find_keys(digest: str) -> QuerySet[ApiKey]:
    """The key of this digest, if any, with its shop and with the CRM that the shop keeps."""
    return ApiKey.objects.select_related("shop__upstream").filter(digest=digest).order_by()


_keys = KeptQuery(find_keys, (str,))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, with the text that nobody will see again."""

    key: ApiKey
    secret: str


def create_key(shop: Shop, role: str, *, name: str = "", now: datetime) -> NewKey:
    """A new key of a shop."""
    secret = f"{role}_{secrets.token_urlsafe(SECRET_BYTES)}"
    key = ApiKey.objects.create(
        shop=shop,
        role=role,
        name=name,
        beginning=secret[:BEGINNING_LENGTH],
        digest=digest_of(secret),
        created_at=now,
    )
    return NewKey(key, secret)


def adopt_key(shop: Shop, role: str, secret: str, *, name: str = "", now: datetime) -> ApiKey | None:
    """A token that was made elsewhere becomes a key of the shop: its callers change an address and nothing else.

    None where the token opens something already. Raises ValueError for one that is no safe key.
    """
    if len(secret) < ADOPTED_SHORTEST or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError(f"a token has at least {ADOPTED_SHORTEST} characters of ASCII, and no blanks")
    fields = {"shop": shop, "role": role, "name": name, "created_at": now, "adopted": True}
    beginning = secret[:ADOPTED_BEGINNING_LENGTH]
    key, created = ApiKey.objects.get_or_create(digest=digest_of(secret), defaults=fields | {"beginning": beginning})
    return key if created else None


@transaction.atomic
def rotate_key(key: ApiKey, *, overlap: timedelta, now: datetime) -> NewKey:
    """A successor of the same shop, role and name; the old key works for `overlap` longer, at the most."""
    locked = ApiKey.objects.select_for_update().get(pk=key.pk)
    expires_at = now + overlap
    locked.expires_at = min(locked.expires_at, expires_at) if locked.expires_at else expires_at
    locked.save(update_fields=["expires_at"])
    return create_key(locked.shop, locked.role, name=locked.name, now=now)


def revoke_key(key: ApiKey, *, now: datetime) -> None:
    """The key opens nothing from now on."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)


def recognise_key(secret: str, *arguments: object, keys: KeptQuery[ApiKey] = _keys, now: datetime) -> ApiKey | None:
    """The key that a caller sent, with its shop; None where it is unknown, revoked or has expired.

    `keys` may bring along what the caller asks for, by further `arguments`: one round trip in place of two.
    """
    key = next(iter(keys.fetch_first(digest_of(secret), *arguments)), None)
    if key is None or not key.works_at(now):
        return None
    if key.last_used_at is None or now - key.last_used_at >= USED_NOTE_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def is_application_token(token: str) -> bool:
    """Whether it is the token that was written down for this installation on Evotor's site; without one nothing is."""
    expected: str = settings.EVOTOR_APPLICATION_TOKEN
    return bool(expected) and hmac.compare_digest(token.encode(), expected.encode())


def is_token_of_ours(secret: str) -> bool:
    """Whether this program made the token, whatever became of it since. One that it took over is known to others."""
    if is_application_token(secret):
        return True
    digest = digest_of(secret)
    return (
        ApiKey.objects.filter(digest=digest, adopted=False).exists()
        or EvotorAccount.objects.filter(token_digest=digest).exists()
    )


def digest_of(secret: str) -> str:
    """What is stored of a secret. Keys are long and random, so a plain hash is safe, and it can be looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()
