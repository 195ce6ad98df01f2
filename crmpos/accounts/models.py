"""What is stored of log-ins beside what Django stores: sessions with their person, failures, asked password resets."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from crmpos.accounts.session_store import SessionStore

USER_AGENT_LENGTH = 300


class Session(AbstractBaseSession):
    """A session, as Django keeps it, with whose it is and where it is used. Without its row it opens nothing.

    Its key is a secret and is shown nowhere: on pages a session is called by its `reference`.
    """

    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="sessions",
        verbose_name=_("person"),
        null=True,
        help_text=_("Empty: nobody has logged in yet."),
    )
    created_at = models.DateTimeField(_("logged in"))
    last_seen_at = models.DateTimeField(_("last seen"))
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("program"), max_length=USER_AGENT_LENGTH, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        default_permissions: ClassVar = ()

    def __str__(self) -> str:
        return str(self.reference)

    @classmethod
    def get_session_store_class(cls) -> "type[SessionStore]":
        from crmpos.accounts.session_store import SessionStore

        return SessionStore


class FailedLogIn(AccessAttempt):  # type: ignore[misc]
    """Failures in a row of one name from one address and program, as django-axes counts them."""

    class Meta:
        proxy = True
        verbose_name = _("failed log-in")
        verbose_name_plural = _("failed log-ins")
        default_permissions = ("view", "delete")

    def __str__(self) -> str:
        return f"{self.username} ({self.ip_address})"


class ResetRequest(models.Model):
    """Somebody asked for a new password for an address, of which nobody says whether it belongs to a person.

    The row is the queue: answering at once would tell by its time whether there is a letter to send. It stays for a
    while after it was dealt with, so that a button floods no mailbox.
    """

    address = models.EmailField(_("address"), unique=True)
    language = models.CharField(_("language"), max_length=10)
    site = models.CharField(_("site"), max_length=300)
    client = models.GenericIPAddressField(_("asked from"), null=True)
    asked_at = models.DateTimeField(_("asked"))
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True)

    class Meta:
        verbose_name = _("asked password reset")
        verbose_name_plural = _("asked password resets")
        default_permissions: ClassVar = ()
        indexes = (models.Index(fields=("next_attempt_at",), name="reset_is_due"),)

    def __str__(self) -> str:
        return self.address
