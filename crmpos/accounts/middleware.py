"""What happens with every request: the session learns where it is used, and who must log in in two steps is held up."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from crmpos.accounts.client import find_client
from crmpos.accounts.sessions import note_seen
from crmpos.accounts.two_step import is_required

API = "/api/"
FORBIDDEN, FIRST_SERVER_ERROR = 403, 500
# What somebody may do who must set the second step up and has not; the rest is as if nobody had logged in.
OPEN_VIEWS = frozenset(
    {
        "account:log_in",
        "account:code",
        "account:log_out",
        "account:two_step_setup",
        "set_language",
        "schema",
        "docs",
    }
)


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's own, which besides tells the session of its client, and notes when it was seen."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.session.client = find_client(request)  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer = super().process_response(request, response)
        row = getattr(request.session, "row", None)
        if row is not None and request.session.session_key and response.status_code < FIRST_SERVER_ERROR:
            note_seen(row, request.session.client, now=timezone.now())  # type: ignore[attr-defined]
        return answer


class TwoStepMiddleware:
    """The one place that holds up whoever must log in in two steps and has not: nothing is seen before.

    Pages lead to the set-up. The API takes such a session for none: keys, which need no second step, go on working.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], arguments: Any, options: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.view_name in OPEN_VIEWS or not _lacks_second_step(request):
            return None
        if not request.path_info.startswith(API):
            address = reverse("account:two_step_setup")
            return HttpResponseRedirect(f"{address}?{urlencode({'next': request.get_full_path()})}")
        if "Authorization" in request.headers:
            request.user = AnonymousUser()
            return None
        return JsonResponse(
            {"detail": gettext("Set up two-step log-in first: it is required of you.")}, status=FORBIDDEN
        )


def _lacks_second_step(request: HttpRequest) -> bool:
    """Whether somebody has logged in who must do so in two steps, and in this session has not."""
    person = request.user
    if not isinstance(person, User) or person.is_verified():  # type: ignore[attr-defined]
        return False
    if settings.TWO_STEP_REQUIRED_FOR_STAFF and person.is_staff:
        return True
    # The session was read together with the answer; where it was not, somebody asks.
    row = request.session.row  # type: ignore[attr-defined]
    said = getattr(row, "shop_requires_two_steps", None) if row is not None and row.person_id == person.pk else None
    return is_required(person) if said is None else bool(said)
