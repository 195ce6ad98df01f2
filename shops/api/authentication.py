"""Who is calling: a key of a shop.

Both halves are small policy classes of the REST framework: `KeyAuthentication` finds the key, `HasRole` asks what
it may do.
"""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from shops.access import recognise_key
from shops.models import ApiKey, Shop

SCHEME = "Bearer"


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """The caller behind a key, where the REST framework wants a user."""

    key: ApiKey

    is_authenticated = True
    is_active = True
    is_anonymous = False
    pk = None

    @property
    def shop(self) -> Shop:
        return self.key.shop


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key of a shop>`."""

    def authenticate(self, request: Request) -> tuple[KeyCaller, ApiKey] | None:
        secret = read_bearer(request)
        if secret is None:
            return None
        key = recognise_key(secret, now=timezone.now())
        if key is None:
            raise AuthenticationFailed("unknown token")
        return KeyCaller(key), key

    def authenticate_header(self, request: Request) -> str:
        return SCHEME


class HasRole(BasePermission):
    """Whether the caller's key has the role that the view asks for, for all methods or for this one (`key_roles`)."""

    message = "the role of this key does not allow it"

    def has_permission(self, request: Request, view: Any) -> bool:
        roles = getattr(view, "key_roles", {})
        if roles and request.method not in roles:
            return True  # no method of this view: it is answered as such
        role = roles.get(request.method) or getattr(view, "key_role", None)
        return isinstance(request.auth, ApiKey) and request.auth.role == role


def read_bearer(request: Request) -> str | None:
    """The token of the request, or None where it carries none."""
    scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
    return token.strip() if scheme.casefold() == SCHEME.casefold() and token.strip() else None
