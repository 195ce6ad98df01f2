"""What is sent of a row that waits, and to whom: of a letter what was written, of an invitation what is made now."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from reconciliation.letters.pages import Pages
from reconciliation.letters.readers import may_be_told
from reconciliation.letters.wording import Chapter, Content, Part, Row
from reconciliation.models import Letter
from shops.invitations import make_link, may_still_invite
from shops.models import Invitation, Mailing
from shops.presentation import show_time

QUEUES: tuple[type[Mailing], ...] = (Invitation, Letter)  # few invitations, and people wait for them
NOBODY = gettext_noop("The person has no address, may not see discrepancies, or may not log in any more.")
CLOSED = gettext_noop("The invitation was accepted or revoked, or its sender may not invite any more.")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who gets what; `unsubscribe` is where the reader says what is sent."""

    address: str
    subject: str
    text: str
    html: str
    unsubscribe: str = ""


class Undeliverable(Exception):
    """It must not be sent any more; says why, untranslated."""


def fill_envelope(row: Mailing) -> Envelope:
    """What is sent of the row. Raises Undeliverable for what nobody is to get any more."""
    return _fill_invitation(row) if isinstance(row, Invitation) else _fill_letter(row)


def _fill_letter(row: Mailing) -> Envelope:
    assert isinstance(row, Letter)
    person = row.person
    if not may_be_told(person):
        raise Undeliverable(NOBODY)
    Letter.objects.filter(pk=row.pk).update(address=person.email)
    return Envelope(person.email, row.subject, row.text, row.html, Pages(person.is_staff).settings())


def _fill_invitation(row: Invitation) -> Envelope:
    if row.accepted_at or row.revoked_at or not may_still_invite(row):
        raise Undeliverable(CLOSED)
    with override(row.language):
        content = _compose(row, make_link(row))
        return Envelope(row.email, content.subject, content.write_text(), content.write_html())


def _compose(row: Invitation, link: str) -> Content:
    shop = row.shop.name or str(row.shop)
    words = {"shop": shop, "person": row.invited_by.get_full_name() or row.invited_by.get_username()}
    lead = _("%(person)s invites you to “%(shop)s” on crmpos: bills, receipts, and what differs.") % words
    rows = [
        Row(_("Your role"), row.get_role_display()),
        Row(_("Accept the invitation"), link=link),
        Row(_("The link works until"), show_time(row.expires_at, row.shop.zone)),
    ]
    note = Part(_("You know nothing of it? Then do nothing: without you the link opens nothing."), [])
    return Content(_("Invitation to “%(shop)s”") % words, lead, [Chapter(shop, [Part(_("Invitation"), rows), note])])
