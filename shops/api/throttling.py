"""How often a caller may call. Counted in Django's cache: for each process by itself, or in Redis for all of them."""

import logging
import time
from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS, BaseCache, cache, caches
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from shops.models import ApiKey, EvotorAccount

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60
# How long a cache that failed is left alone: a caller need not wait a second for it at every call.
CACHE_REST_SECONDS = 10


# Until when, on the monotonic clock, each thread's own connection to the cache is left alone.
_rests_until: "WeakKeyDictionary[BaseCache, float]" = WeakKeyDictionary()


class OfficeThrottle(BaseThrottle):
    """`API_RATE_OFFICE` calls for each key, and for each person who has logged in, within a minute from the first one.

    One counter that is added to: a list of all calls would cost a busy register more than its answer.
    """

    def get_limit(self, request: Request) -> int:
        """How many calls a minute this caller may make."""
        limit: int = settings.API_RATE_OFFICE
        return limit

    def allow_request(self, request: Request, view: Any) -> bool:
        """While nothing can be counted, everybody may call: a cache that is down stops nobody's work, nor delays it."""
        backend = caches[DEFAULT_CACHE_ALIAS]
        if time.monotonic() < _rests_until.get(backend, 0):
            return True
        try:
            return self._count(request) <= self.get_limit(request)
        except (RedisError, OSError) as error:
            _rests_until[backend] = time.monotonic() + CACHE_REST_SECONDS
            logger.warning("The cache does not answer, and calls are not counted for some seconds: %s", error)
            return True

    def wait(self) -> float:
        return WINDOW_SECONDS

    def _count(self, request: Request) -> int:
        name = f"calls-{type(self).__name__}-{_name_caller(request)}"
        if cache.add(name, 1, timeout=WINDOW_SECONDS):
            return 1
        try:
            return cache.incr(name)
        except ValueError:  # the minute ended in between
            return 1


def _name_caller(request: Request) -> str:
    match request.auth:
        case ApiKey(digest=digest):
            return f"key-{digest}"
        case EvotorAccount(pk=pk):
            return f"account-{pk}"
    return f"user-{request.user.pk}" if request.user.pk else "application"


class ProtocolThrottle(OfficeThrottle):
    """`API_RATE_REGISTER` or `API_RATE_CRM` calls a minute, for each key or account."""

    def get_limit(self, request: Request) -> int:
        is_crm = getattr(request.user, "role", None) == ApiKey.Role.CRM
        limit: int = settings.API_RATE_CRM if is_crm else settings.API_RATE_REGISTER
        return limit
