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
PARCELS = 1000
# What is left of the calls that this process has taken for a caller.
_left: dict[str, int] = {}

# Until when, on the monotonic clock, each thread's own connection to the cache is left alone.
_rests_until: "WeakKeyDictionary[BaseCache, float]" = WeakKeyDictionary()


class OfficeThrottle(BaseThrottle):
    """`API_RATE_OFFICE` calls for each key, and for each person who has logged in, within a minute from the first one.

    One counter that is added to: a list of all calls would cost a busy register more than its answer. Of a high limit a
    process takes many calls at once, a thousandth, and counts them by itself: Redis need not be asked at every call.
    """

    def get_limit(self, caller: Any) -> int:
        """How many calls a minute this caller may make."""
        limit: int = settings.API_RATE_OFFICE
        return limit

    def allow_request(self, request: Request, view: Any) -> bool:
        return self.allows(request.user, request.auth)

    def allows(self, caller: Any, credential: object) -> bool:
        """While nothing can be counted, everybody may call: a cache that is down stops nobody's work, nor delays it."""
        backend = caches[DEFAULT_CACHE_ALIAS]
        if time.monotonic() < _rests_until.get(backend, 0):
            return True
        try:
            return self._is_within(self.get_limit(caller), _name_caller(caller, credential))
        except (RedisError, OSError) as error:
            _rests_until[backend] = time.monotonic() + CACHE_REST_SECONDS
            logger.warning("The cache does not answer, and calls are not counted for some seconds: %s", error)
            return True

    def wait(self) -> float:
        return WINDOW_SECONDS

    def _is_within(self, limit: int, caller: str) -> bool:
        name = f"calls-{type(self).__name__}-{caller}"
        left = _left.get(name, 0)
        if left:
            _left[name] = left - 1
            return True
        taken = max(limit // PARCELS, 1)
        is_within = self._count(name, taken) <= limit
        if is_within and taken > 1:
            _left[name] = taken - 1
        return is_within

    def _count(self, name: str, taken: int) -> int:
        if cache.add(name, taken, timeout=WINDOW_SECONDS):
            return taken
        try:
            return cache.incr(name, taken)
        except ValueError:  # the minute ended in between
            return taken


def _name_caller(caller: Any, credential: object) -> str:
    match credential:
        case ApiKey(digest=digest):
            return f"key-{digest}"
        case EvotorAccount(pk=pk):
            return f"account-{pk}"
    return f"user-{caller.pk}" if caller.pk else "application"


class ProtocolThrottle(OfficeThrottle):
    """`API_RATE_REGISTER` or `API_RATE_CRM` calls a minute, for each key or account."""

    def get_limit(self, caller: Any) -> int:
        is_crm = getattr(caller, "role", None) == ApiKey.Role.CRM
        limit: int = settings.API_RATE_CRM if is_crm else settings.API_RATE_REGISTER
        return limit
