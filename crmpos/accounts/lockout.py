"""Lock-out after failed attempts, counted by django-axes: by name and address, and by name wherever it comes from.

A wrong code of the second step and a wrong password asked for on a page of the account count as a failed log-in does.
While somebody is locked out nothing is counted, so that the time that was told is kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username, get_credentials
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from crmpos.accounts.client import find_counted_address

TOO_MANY_REQUESTS = 429


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts as django-axes does, with a limit of its own for each of the two ways of counting."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """The limit itself, or more, for whom is locked out; else the failures from this address."""
        username, limit = get_client_username(request, credentials), settings.AXES_FAILURE_LIMIT
        failures = sum(count for _, count in _list_failures(username, request))
        return max(failures, limit) if find_release(request, username) else min(failures, limit - 1)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Who logs in clears what was counted from the own address, not what somebody tries from elsewhere."""
        own, *_others = self.filter_user_attempts(request, credentials)
        return int(own.delete()[0])


def refuse_if_locked(request: HttpRequest, username: str) -> HttpResponse | None:
    """The page that says when to try again, or None where nothing is locked."""
    if AxesProxyHandler.is_allowed(request, get_credentials(username)):
        return None
    return show_lockout(request, None, get_credentials(username))


def note_failure(request: HttpRequest, username: str) -> None:
    """Counts a failed attempt that was none to log in by name and password."""
    AxesProxyHandler.user_login_failed(sender=__name__, credentials=get_credentials(username), request=request)


def show_lockout(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """The page for whom is locked out (`AXES_LOCKOUT_CALLABLE`)."""
    now = timezone.now()
    until = find_release(request, get_client_username(request, credentials)) or now
    seconds = max(1, int((until - now).total_seconds()))
    context = {"until": until, "minutes": -(-seconds // 60)}
    page = render(request, "account/locked.html", context, status=TOO_MANY_REQUESTS)
    page["Retry-After"] = str(seconds)
    page["Cache-Control"] = "no-store"
    return page


def unlock(username: str) -> int:
    """Forgets the failures of a name, and those of the person's codes; how many entries there were."""
    for device in (TOTPDevice, StaticDevice):
        device.objects.filter(user__username=username).update(
            throttling_failure_count=0, throttling_failure_timestamp=None
        )
    return int(AccessAttempt.objects.filter(username=username).delete()[0])


def find_release(request: HttpRequest, username: str | None) -> datetime | None:
    """When this name may be tried again from the request's address, or None where it may be now."""
    here = release_time(
        _list_failures(username, request), limit=settings.AXES_FAILURE_LIMIT, cool_off=settings.AXES_COOLOFF_TIME
    )
    anywhere = find_release_of_name(username)
    return max(filter(None, (here, anywhere)), default=None)


def find_release_of_name(username: str | None) -> datetime | None:
    """When this name may be tried again from anywhere, or None where only single addresses may be locked out."""
    return release_time(
        _list_failures(username), limit=settings.LOGIN_FAILURE_LIMIT_BY_NAME, cool_off=settings.AXES_COOLOFF_TIME
    )


def find_release_of_attempt(attempt: AccessAttempt) -> datetime | None:
    """When the name of a counted attempt may be tried again from its address, or None where it may be now."""
    same = _since_cool_off().filter(username=attempt.username, ip_address=attempt.ip_address)
    here = release_time(
        same.values_list("attempt_time", "failures_since_start"),
        limit=settings.AXES_FAILURE_LIMIT,
        cool_off=settings.AXES_COOLOFF_TIME,
    )
    return max(filter(None, (here, find_release_of_name(attempt.username))), default=None)


def release_time(failures: Iterable[tuple[datetime, int]], *, limit: int, cool_off: timedelta) -> datetime | None:
    """When enough of the failures (time of the last, how many) have cooled off to be below the limit."""
    waiting = sorted(failures)
    total, release = sum(count for _, count in waiting), None
    for time, count in waiting:
        if total < limit:
            break
        total, release = total - count, time + cool_off
    return release


def _list_failures(username: str | None, request: HttpRequest | None = None) -> list[tuple[datetime, int]]:
    """What is counted of a name, from the request's address or from everywhere."""
    attempts = _since_cool_off().filter(username=username)
    if request is not None:
        attempts = attempts.filter(ip_address=find_counted_address(request))
    return list(attempts.values_list("attempt_time", "failures_since_start"))


def _since_cool_off() -> Any:
    return AccessAttempt.objects.filter(attempt_time__gt=timezone.now() - settings.AXES_COOLOFF_TIME)


def is_locked(person: User) -> bool:
    """Whether the person is locked out, from anywhere or from single addresses."""
    attempts = _since_cool_off().filter(username=person.get_username())
    return any(find_release_of_attempt(attempt) for attempt in attempts)
