"""New passwords by e-mail: asked for by anybody, for any address, answered always the same."""

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from crmpos.accounts.models import ResetRequest

SILENCE = timedelta(minutes=10)  # nobody gets a second letter within that
GIVE_UP_AFTER = timedelta(hours=1)
LEASE = timedelta(minutes=2)
ASKED_BY_ONE_CLIENT = 10  # within GIVE_UP_AFTER
LETTERS_AT_ONCE = 100

log = logging.getLogger(__name__)


def ask_for_reset(address: str, *, site: str, language: str, client: str | None, now: datetime) -> None:
    """Notes that a new password is wanted. `site` is where its link leads, unless SITE_URL says otherwise."""
    lately = ResetRequest.objects.filter(client=client, asked_at__gt=now - GIVE_UP_AFTER)
    if lately.count() >= ASKED_BY_ONE_CLIENT:
        return
    asked = {
        "language": language,
        "site": settings.SITE_URL or site,
        "client": client,
        "asked_at": now,
        "next_attempt_at": now,
    }
    ResetRequest.objects.get_or_create(address=address.lower(), defaults=asked)


def send_resets(*, now: datetime) -> int:
    """Writes to those of the addresses that belong to somebody; how many addresses were dealt with."""
    ResetRequest.objects.filter(next_attempt_at=None, asked_at__lte=now - SILENCE).delete()
    ResetRequest.objects.filter(asked_at__lte=now - GIVE_UP_AFTER).delete()
    dealt_with = 0
    while dealt_with < LETTERS_AT_ONCE and (request := _claim_one(now)):
        try:
            _send(request)
        except (OSError, smtplib.SMTPException) as error:
            # Its lease passes, and it is tried again. Whose it was, and with which token, is no matter of the log.
            log.warning("A letter with a new password could not be sent: %s", type(error).__name__)
            break
        ResetRequest.objects.filter(pk=request.pk).update(next_attempt_at=None)
        dealt_with += 1
    return dealt_with


@transaction.atomic
def _claim_one(now: datetime) -> ResetRequest | None:
    due = ResetRequest.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    request = due.select_for_update(skip_locked=True).first()
    if request is not None:
        request.next_attempt_at = now + LEASE
        request.save(update_fields=["next_attempt_at"])
    return request


class ResetForm(PasswordResetForm):
    """Django's own, whose letters are in our words; a failure to send is told."""

    def write_to_all(self, site: str) -> None:
        """Writes to everybody with that address who may log in by a password."""
        address = urlsplit(site)
        super().save(
            domain_override=address.netloc,
            use_https=address.scheme == "https",
            subject_template_name="account/reset_subject.txt",
            email_template_name="account/reset_letter.txt",
        )

    def send_mail(
        self,
        subject_template_name: str,
        email_template_name: str,
        context: dict[str, Any],
        from_email: str | None,
        to_email: str,
        html_email_template_name: str | None = None,
    ) -> None:
        subject = " ".join(render_to_string(subject_template_name, context).split())
        text = render_to_string(email_template_name, context)
        EmailMessage(subject, text, from_email, [to_email], headers={"Auto-Submitted": "auto-generated"}).send()


def _send(request: ResetRequest) -> None:
    form = ResetForm({"email": request.address})
    if form.is_valid():
        with translation.override(request.language):
            form.write_to_all(request.site)
