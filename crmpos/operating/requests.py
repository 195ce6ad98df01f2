"""Watches every request from outside of all that the site does with it: its name, its time, its end."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from crmpos.operating.metrics import REQUEST_TIME, REQUESTS
from crmpos.operating.request_kinds import FRONT_CONTROLLER, name_kind, name_method
from shops.trace import choose_request_id, within_request

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"


class RequestWatch:
    """Gives the request its id, which the answer, the log and the journal repeat; counts it; logs it if so set.

    Of the address only the path is logged: a query may hold a token.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = choose_request_id(request.headers.get(HEADER, ""))
        with within_request(request_id):
            response = self._get_response(request)
            response.headers[HEADER] = request_id
            self._note(request, response, time.perf_counter() - began)
        return response

    def _note(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        path, method = request.path_info, name_method(request.method or "")
        inner_path = request.GET.get("q", "") if path == FRONT_CONTROLLER else ""
        kind = name_kind(method, path, inner_path)
        REQUESTS.labels(kind, method, response.status_code).inc()
        REQUEST_TIME.labels(kind).observe(seconds)
        if settings.LOG_REQUESTS and kind != "probe":
            logger.info(
                "%s %s %d",
                method,
                path,
                response.status_code,
                extra={
                    "kind": kind,
                    "method": method,
                    "path": path,
                    "status": response.status_code,
                    "milliseconds": int(seconds * 1000),
                },
            )
