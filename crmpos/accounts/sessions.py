"""Sessions of a person: listed, seen, ended. One that is ended opens nothing from its next request on."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet

from crmpos.accounts.client import Client
from crmpos.accounts.models import Session

SEEN_NOTE_EVERY = timedelta(minutes=1)  # writing "last seen" at every request would cost every request a write


def list_sessions(person: User, *, now: datetime) -> QuerySet[Session]:
    """Those that still open something, the one that was seen last first."""
    return person.sessions.filter(expire_date__gt=now).defer("session_data").order_by("-last_seen_at", "session_key")


def note_seen(session: Session, client: Client, *, now: datetime) -> None:
    """Writes down that a session is in use, and where, at most once a minute."""
    if session.person_id is None or now - session.last_seen_at < SEEN_NOTE_EVERY:
        return
    Session.objects.filter(pk=session.pk).update(last_seen_at=now, address=client.address, user_agent=client.user_agent)


def end_session(person: User, reference: UUID) -> bool:
    """Ends one session of the person; False where the person has no such session."""
    return bool(person.sessions.filter(reference=reference).delete()[0])


def end_sessions(person: User, *, but: str | None = None) -> int:
    """Ends all sessions of the person, except the one with the key `but`; how many there were."""
    return person.sessions.exclude(session_key=but or "").delete()[0]
