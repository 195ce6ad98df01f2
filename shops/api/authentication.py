"""Who is calling: a key of a shop, an account of an Evotor user, or the application on Evotor's side.

Small policy classes of the REST framework: an authentication finds the caller, `HasRole` asks what it may do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from shops.access import is_application_token, recognise_key
from shops.api.errors import WRONG_APPLICATION_TOKEN, WRONG_USER_TOKEN, Unauthorised
from shops.evotor.accounts import recognise_account
from shops.evotor.finding import find_shop, pick_headers, read_places
from shops.evotor.receiving import Sender
from shops.models import ApiKey, Shop

SCHEME = "Bearer"

AnyRequest = Request | HttpRequest  # of either, the headers are all that is asked


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

    @property
    def role(self) -> str:
        return self.key.role


@dataclass(frozen=True, slots=True)
class EvotorCaller:
    """Evotor's cloud, or the app on a terminal: it may do what a register may, for the shop that it belongs to."""

    sender: Sender

    is_authenticated = True
    is_active = True
    is_anonymous = False
    pk = None
    role = ApiKey.Role.REGISTER

    @property
    def shop(self) -> Shop:
        """Raises Unauthorised where there is none yet: nobody is told of a shop's bills before it is known."""
        if self.sender.shop is None:
            raise Unauthorised(WRONG_USER_TOKEN, "this store belongs to no shop yet: it waits to be assigned")
        return self.sender.shop


Caller = tuple[KeyCaller | EvotorCaller, object]  # with what tells one caller from the others


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


class CallerAuthentication(KeyAuthentication):
    """`Authorization: Bearer ...` with a shop's key, a token that an Evotor user was given, or the application's own.

    A key means its shop, and a user's token the shop of that user, whatever the headers say; only for the application's
    token the shop is found by the `X-Evotor-*` headers, which by themselves open nothing.
    """

    def authenticate(self, request: Request) -> Caller | None:  # type: ignore[override]
        now = timezone.now()
        return find_caller(request, lambda token: recognise_key(token, now=now), now=now)


def find_caller(request: AnyRequest, recognise: Callable[[str], ApiKey | None], *, now: datetime) -> Caller | None:
    """Who is calling, by `CallerAuthentication`; `recognise` gives the key of a token. None where there is no token."""
    token = read_token(request)
    if token is None:
        return None
    if key := recognise(token):
        return KeyCaller(key), key
    places, headers = read_places(request.headers), pick_headers(request.headers)
    if account := recognise_account(token, now=now):
        return EvotorCaller(Sender(account, account.shop, places, headers)), account
    if is_application_token(token):
        return EvotorCaller(Sender(None, find_shop(places), places, headers)), None
    raise AuthenticationFailed("unknown token")


class ApplicationAuthentication(KeyAuthentication):
    """`Authorization: Bearer ...` with the token that was written down for this installation on Evotor's site."""

    def authenticate(self, request: Request) -> tuple[EvotorCaller, None]:  # type: ignore[override]
        token = read_token(request)
        if token is None or not is_application_token(token):
            raise Unauthorised(WRONG_APPLICATION_TOKEN)
        places, headers = read_places(request.headers), pick_headers(request.headers)
        return EvotorCaller(Sender(None, None, places, headers)), None


class HasRole(BasePermission):
    """Whether the caller has the role that the view asks for, for all methods or for this one (`key_roles`)."""

    message = "the role of this key does not allow it"

    def has_permission(self, request: Request, view: Any) -> bool:
        roles = getattr(view, "key_roles", {})
        if roles and request.method not in roles:
            return True  # no method of this view: it is answered as such
        role = roles.get(request.method) or getattr(view, "key_role", None)
        return bool(role) and getattr(request.user, "role", None) == role


def _read_header(request: AnyRequest) -> str:
    return get_authorization_header(cast(Request, request)).decode("latin-1")


def read_bearer(request: AnyRequest) -> str | None:
    """The token of the request, or None where it carries none."""
    scheme, _, token = _read_header(request).partition(" ")
    return token.strip() if scheme.casefold() == SCHEME.casefold() and token.strip() else None


def read_token(request: AnyRequest) -> str | None:
    """As `read_bearer`; a header of one word is a token too: Evotor's site lets a token be written down bare."""
    header = _read_header(request).strip()
    is_bare = header and " " not in header and header.casefold() != SCHEME.casefold()
    return header if is_bare else read_bearer(request)
