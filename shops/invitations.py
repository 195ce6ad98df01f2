"""Invitations to a shop: made, sent again, revoked, accepted. The only writer of `Invitation`, but for its sending.

Nothing here tells whether an address belongs to somebody already: whoever invites reads the same of every address.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from shops.access import digest_of
from shops.mailing import begin_waiting
from shops.models import Invitation, Membership, Shop
from shops.people import PeopleRefused, add_member, list_givable

OPEN_FOR = timedelta(days=7)
SENT_AGAIN_AFTER = timedelta(minutes=5)
WITHIN = timedelta(hours=1)
MOST_OF_A_SHOP = 20  # letters within an hour
MOST_OF_A_PERSON = 40
SALT = "shops.invitations"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is invited, as what; `site` is where links lead unless the settings say it."""

    email: str
    role: str
    site: str
    language: str


@transaction.atomic
def invite(shop: Shop, asked: Asked, *, actor: User, now: datetime) -> Invitation:
    """Invites an address, or invites it again with another role. Raises PeopleRefused."""
    shop = Shop.objects.select_for_update(no_key=True).get(pk=shop.pk)
    if asked.role not in list_givable(actor, shop):
        raise PeopleRefused(_("You may not give this role."))
    email = asked.email.strip().lower()
    if Membership.objects.filter(shop=shop, person__email__iexact=email, person__is_active=True).exists():
        raise PeopleRefused(_("Somebody with this address belongs to the shop already: see the list below."))
    _refuse_too_many(shop, actor, now)
    waiting = Invitation.objects.filter(shop=shop, email=email, accepted_at=None, revoked_at=None).first()
    if waiting is not None:
        _refuse_too_soon(waiting, now)
    invitation = waiting or Invitation(shop=shop, email=email)
    invitation.role, invitation.language, invitation.invited_by = asked.role, asked.language, actor
    invitation.site = settings.SITE_URL or asked.site
    _send(invitation, now)
    return invitation


@transaction.atomic
def send_again(invitation: Invitation, *, actor: User, now: datetime) -> None:
    """Another letter, with another link that works for another week; the one before opens nothing any more."""
    locked = _lock(invitation, actor)
    _refuse_too_soon(locked, now)
    _refuse_too_many(locked.shop, actor, now)
    _send(locked, now)


@transaction.atomic
def revoke(invitation: Invitation, *, actor: User, now: datetime) -> None:
    """Its link opens nothing from now on."""
    locked = _lock(invitation, actor)
    locked.revoked_at, locked.next_attempt_at = now, None
    locked.failed_at = None if locked.sent_at else now
    locked.save(update_fields=["revoked_at", "next_attempt_at", "failed_at"])


def find_invitation(token: str) -> Invitation | None:
    """The invitation that the link belongs to, whatever became of it; None for a link that was never made."""
    invitations = Invitation.objects.select_related("shop", "invited_by")
    return invitations.filter(digest=digest_of(token)).first()


def may_still_invite(invitation: Invitation) -> bool:
    """Whether whoever sent it could still give that role."""
    inviter = invitation.invited_by
    return inviter.is_active and invitation.role in list_givable(inviter, invitation.shop)


def is_acceptable(invitation: Invitation, now: datetime) -> bool:
    """Whether its link lets somebody in now."""
    return invitation.is_open(now) and may_still_invite(invitation)


@transaction.atomic
def accept(invitation: Invitation, person: User, *, now: datetime) -> bool:
    """The person joins the shop; False where they belong to it already and stay what they are.

    One link lets one person in. Raises PeopleRefused where it does not any more.
    """
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("shop", "invited_by")
    found = locked.get(pk=invitation.pk)
    if not is_acceptable(found, now):
        raise PeopleRefused(_("The invitation does not work any more. Ask for another one."))
    found.accepted_at, found.accepted_by, found.next_attempt_at = now, person, None
    found.sent_at = found.sent_at or now  # the link has arrived, whatever the mail server said of it
    found.save(update_fields=["accepted_at", "accepted_by", "next_attempt_at", "sent_at"])
    return add_member(person, found.shop, found.role, actor=found.invited_by, now=now) is not None


def make_link(invitation: Invitation) -> str:
    """The secret link, made again from the row and the installation's secret key."""
    token = _make_token(invitation.nonce)
    if digest_of(token) != invitation.digest:  # the secret key is another one since
        Invitation.objects.filter(pk=invitation.pk).update(digest=digest_of(token))
    return f"{invitation.site}{reverse('invitation', args=[token])}"


def _make_token(nonce: str) -> str:
    return salted_hmac(SALT, nonce, algorithm="sha256").hexdigest()


def _send(invitation: Invitation, now: datetime) -> None:
    """Puts it among what waits to be sent, with a link of its own."""
    invitation.nonce = secrets.token_urlsafe()
    invitation.digest = digest_of(_make_token(invitation.nonce))
    invitation.expires_at = now + OPEN_FOR
    begin_waiting(invitation, now=now)
    if invitation.pk is None:
        invitation.save(force_insert=True)
    else:
        fields = [field.name for field in Invitation._meta.concrete_fields if not field.primary_key]
        invitation.save(update_fields=fields)


def _lock(invitation: Invitation, actor: User) -> Invitation:
    Shop.objects.select_for_update(no_key=True).get(pk=invitation.shop_id)
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("shop", "invited_by")
    found = locked.get(pk=invitation.pk)
    if found.accepted_at or found.revoked_at:
        raise PeopleRefused(_("The invitation was accepted or revoked meanwhile."))
    if found.role not in list_givable(actor, found.shop):
        raise PeopleRefused(_("You may not give this role."))
    return found


def _refuse_too_soon(invitation: Invitation, now: datetime) -> None:
    if now - invitation.created_at < SENT_AGAIN_AFTER:
        raise PeopleRefused(_("It was sent less than five minutes ago. Wait a little."))


def _refuse_too_many(shop: Shop, actor: User, now: datetime) -> None:
    """Lest somebody floods mailboxes in the shop's name."""
    lately = Invitation.objects.filter(created_at__gt=now - WITHIN)
    of_shop, of_person = lately.filter(shop=shop).count(), lately.filter(invited_by=actor).count()
    if of_shop >= MOST_OF_A_SHOP or of_person >= MOST_OF_A_PERSON:
        raise PeopleRefused(_("Too many invitations within an hour. Try again later."))
