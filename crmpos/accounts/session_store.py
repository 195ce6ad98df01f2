"""Where sessions are kept (`SESSION_ENGINE`): in the database, each with its person and its device."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import BooleanField, ExpressionWrapper
from django.utils import timezone

from crmpos.accounts.client import Client
from crmpos.accounts.models import Session
from shops.roles import requires_two_steps


class SessionStore(DatabaseStore):
    """Django's own, which besides keeps the columns of `Session`. The middleware says who the `client` is."""

    client = Client()
    row: Session | None = None  # what was read or written last

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        """The session, with the answer to what every request asks of it: another query for that would cost each one."""
        alive = Session.objects.filter(session_key=self.session_key, expire_date__gt=timezone.now())
        asked = ExpressionWrapper(requires_two_steps("person"), output_field=BooleanField())
        self.row = alive.annotate(shop_requires_two_steps=asked).first()
        if self.row is None:
            self._session_key = None
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session: Session = super().create_model_instance(data)  # type: ignore[assignment]
        known = self.row if self.row is not None and self.row.session_key == session.session_key else None
        if known is None:
            session.created_at = session.last_seen_at = timezone.now()
            session.address, session.user_agent = self.client.address, self.client.user_agent
        else:
            for name in ("reference", "created_at", "last_seen_at", "address", "user_agent"):
                setattr(session, name, getattr(known, name))
        session.person_id = data.get(SESSION_KEY)
        self.row = session
        return session
