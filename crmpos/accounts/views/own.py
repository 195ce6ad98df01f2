"""The account's first page, and where one is logged in."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from crmpos.accounts.client import word_device
from crmpos.accounts.sessions import end_session, end_sessions, list_sessions
from crmpos.accounts.two_step import has_two_steps


@never_cache
@login_required
@require_GET
def show_account(request: HttpRequest) -> HttpResponse:
    person = _who(request)
    context = {"sessions": list_sessions(person, now=timezone.now()).count(), "has_two_steps": has_two_steps(person)}
    return render(request, "account/home.html", context)


@never_cache
@login_required
@require_GET
def show_sessions(request: HttpRequest) -> HttpResponse:
    here = request.session.session_key
    rows = [
        {"session": session, "device": word_device(session.user_agent), "is_here": session.session_key == here}
        for session in list_sessions(_who(request), now=timezone.now())
    ]
    return render(request, "account/sessions.html", {"rows": sorted(rows, key=lambda row: not row["is_here"])})


@login_required
@require_POST
def end_one(request: HttpRequest, reference: UUID) -> HttpResponse:
    """Ends a session of one's own; one of another person is as none."""
    if not end_session(_who(request), reference):
        raise Http404
    messages.success(request, gettext("The session is ended."))
    return redirect("account:sessions")


@login_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    count = end_sessions(_who(request), but=request.session.session_key)
    text = ngettext("%(count)d other session is ended.", "%(count)d other sessions are ended.", count)
    messages.success(request, text % {"count": count})
    return redirect("account:sessions")


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
