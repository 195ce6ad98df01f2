"""Somebody whose password was right and whose code is still to come: kept in a session that is nobody's yet."""

import time
from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

KEY = "waits_for_code"
WAITS_SECONDS = 10 * 60


@dataclass(frozen=True, slots=True)
class Pending:
    """Who waits, by which backend, since when; `seal` changes with the password."""

    person: int
    backend: str
    seal: str
    since: float
    next: str


def begin_pending(request: HttpRequest, person: User, next_address: str) -> None:
    """Starts an empty session under a new key: what was in the one before belonged to somebody else, or to nobody."""
    request.session.flush()
    pending = Pending(
        person.pk,
        person.backend,
        person.get_session_auth_hash(),
        time.time(),
        next_address,
    )
    request.session[KEY] = asdict(pending)


def find_pending(request: HttpRequest) -> tuple[User, Pending] | None:
    """Who waits in this session, or None where nobody does, any more, or may."""
    kept = request.session.get(KEY)
    if kept is None:
        return None
    pending = Pending(**kept)
    person = User.objects.filter(pk=pending.person, is_active=True).first()
    is_late = not 0 <= time.time() - pending.since <= WAITS_SECONDS
    if person is None or is_late or not constant_time_compare(person.get_session_auth_hash(), pending.seal):
        end_pending(request)
        return None
    person.backend = pending.backend
    return person, pending


def end_pending(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
