"""What is answered while the database is down, full, or only to be read: 503, and when to try again.

The protocol's own views answer in the protocol's form (`shops.api.errors`); this is for all others.
"""

import logging
import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from shops.api.errors import DATABASE_FAILURES, RETRY_AFTER_SECONDS

logger = logging.getLogger(__name__)


class DatabaseFailureMiddleware:
    """Answers for a view whose database failed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return process_exception(request, exception)


def process_exception(request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
    """What a view whose database failed is answered with; None for any other failure."""
    return answer_failure(request, exception) if isinstance(exception, DATABASE_FAILURES) else None


def answer_server_error(request: HttpRequest) -> HttpResponseBase:
    """The site's answer to an error outside of a view: who somebody is stands in the database too."""
    exception = sys.exception()
    if isinstance(exception, DATABASE_FAILURES):
        return answer_failure(request, exception)
    return server_error(request)


def answer_failure(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """503, in the form that the caller reads, and when to try again."""
    logger.error("The database fails: %s", exception, exc_info=exception)
    text = _("The database does not answer. Nothing is lost; please try again in a few seconds.")
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": text}, status=503, headers=headers)
    return HttpResponse(text, status=503, content_type="text/plain; charset=utf-8", headers=headers)
