"""How often a caller may call. Counted in Django's cache: for each process by itself, or in Redis for all of them."""

import logging
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from shops.models import ApiKey

logger = logging.getLogger(__name__)


class CallerThrottle(SimpleRateThrottle):
    """A limit for each key, and for each person who has logged in."""

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        caller = f"key-{request.auth.pk}" if isinstance(request.auth, ApiKey) else f"user-{request.user.pk}"
        return self.cache_format % {"scope": self.scope, "ident": caller}

    def allow_request(self, request: Request, view: Any) -> bool:
        """While nothing can be counted, everybody may call: a cache that is down stops nobody's work."""
        try:
            return super().allow_request(request, view)
        except RedisError:
            logger.warning("The cache does not answer: calls are not counted.", exc_info=True)
            return True


class OfficeThrottle(CallerThrottle):
    """`API_RATE_OFFICE` calls a minute."""

    scope = "office"

    def get_rate(self) -> str:
        return f"{settings.API_RATE_OFFICE}/min"
