"""The addresses for whoever watches over this installation: `/healthz`, `/readyz` and `/metrics`.

A middleware before all others: a probe calls by an IP address and without TLS, which the site itself refuses.
"""

import hmac
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from crmpos.operating.health import check_all, list_checks
from crmpos.operating.metrics import write_metrics

Door = Callable[[HttpRequest], HttpResponseBase]
METHODS = ("GET", "HEAD")


def answer_alive(request: HttpRequest) -> HttpResponseBase:
    """`/healthz`: this process answers. It asks nobody: a database that is down is no reason to restart a process."""
    return HttpResponse("ok\n", content_type="text/plain")


def answer_ready(request: HttpRequest) -> HttpResponseBase:
    """`/readyz`: the work can be done. 503 where something is missing, and what."""
    outcomes = check_all(list_checks())
    is_ready = not any(outcome.fault for outcome in outcomes)
    told = {
        "status": "ok" if is_ready else "failed",
        "checks": {outcome.name: outcome.describe() for outcome in outcomes},
    }
    return JsonResponse(told, status=200 if is_ready else 503)


def answer_metrics(request: HttpRequest) -> HttpResponseBase:
    """`/metrics`: what Prometheus scrapes, for whoever has the token. Without METRICS_TOKEN there is nothing."""
    token: str = settings.METRICS_TOKEN
    if not token:
        return HttpResponse(status=404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(write_metrics(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


DOORS: dict[str, Door] = {"/healthz": answer_alive, "/readyz": answer_ready, "/metrics": answer_metrics}


class OperatingDoors:
    """Answers at these addresses, and leaves all others to the site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        door = DOORS.get(request.path_info)
        if door is None:
            return self._get_response(request)
        if request.method not in METHODS:
            return HttpResponse(status=405, headers={"Allow": ", ".join(METHODS)})
        answer = door(request)
        answer.headers["Cache-Control"] = "no-store"
        return answer
