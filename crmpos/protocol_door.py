"""The short way to the protocol's views, past what pages need: sessions, log-ins, languages, forms.

A register's cloud calls a thousand times a second and has none of these; its key is looked up by the view. This is a
middleware in front of those that it passes by, so that the order of all of them is told in one place, and every
handler (a web server's, a test's) goes the same way.
"""

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase
from django.utils import translation

from crmpos.database_failures import process_exception
from shops.api.ordinary import answer_ordinary

PREFIXES = ("/api/v1/", "/api/v2/", "/index.php")
# What became of a bill is explained in the reader's language.
WITH_LANGUAGE = "/api/v2/bills/"

Handler = Callable[[HttpRequest], HttpResponseBase]


class ProtocolHandler(BaseHandler):
    """Finds a view and calls it; a failure of the database is answered as everywhere."""

    def __init__(self) -> None:
        self._view_middleware: list[object] = []
        self._exception_middleware = [process_exception]
        self._template_response_middleware: list[object] = []

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self._get_response(request)  # type: ignore[attr-defined]
        return response


class ProtocolDoor:
    """Answers at the addresses of the protocol, and leaves all others to the site."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response
        self._answer_ordinary = cast(
            Callable[[HttpRequest], HttpResponseBase | None],
            convert_exception_to_response(cast(Handler, answer_ordinary)),
        )
        self._answer = cast(Handler, convert_exception_to_response(ProtocolHandler().answer))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.startswith(PREFIXES) or path.startswith(WITH_LANGUAGE):
            return self._get_response(request)
        request.get_host()  # refuses a host that is none of ours
        translation.deactivate()  # a page that this thread has answered may have left its language
        response = self._answer_ordinary(request) or self._answer(request)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if isinstance(response, HttpResponse):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response
