"""Invitations: from the form by real SMTP to the link, which works once, for a week, while its sender may invite."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from reconciliation.letters.sending import send_due_letters
from shops import invitations
from shops.invitations import MOST_OF_A_SHOP, Asked, find_invitation, make_link
from shops.models import Invitation, Membership, MembershipChange, Shop
from shops.people import PeopleRefused
from tests.factories import NOON
from tests.notifications.conftest import SITE, Clock, MailServer, read_text
from tests.owner_acts.conftest import log_in, make_member

pytestmark = pytest.mark.django_db
LINK = re.compile(r"https://\S+/invitations/(\w+)/")
NEW = {"first_name": "Вера", "password": "очень длинный пароль", "again": "очень длинный пароль"}


def invite(shop: Shop, actor: User, email: str = "vera@books.example", role: str = "viewer") -> Invitation:
    asked = Asked(email, role, SITE, "en")
    return invitations.invite(shop, asked, actor=actor, now=timezone.now())


def link_of(invitation: Invitation) -> str:
    """The path of the link, as the letter has it."""
    return make_link(invitation).removeprefix(invitation.site)


def fill(client: Client, shop: Shop, email: str, role: str) -> list[str]:
    answer = client.post(f"/shops/{shop.pk}/people/", {"invite-email": email, "invite-role": role}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_somebody_new_is_invited_joins_and_sees_only_the_shop(
    shop: Shop, other_shop: Shop, owner: User, mail: MailServer
) -> None:
    said = fill(log_in(owner), shop, "Vera@books.example", "viewer")
    assert said == ["An invitation is sent to vera@books.example."]
    assert send_due_letters() == 1
    (message,) = mail.delivered
    assert message["To"] == "vera@books.example"
    found = LINK.search(read_text(message))
    assert found is not None
    row = Invitation.objects.get()
    stored = " ".join(str(getattr(row, field.name)) for field in Invitation._meta.concrete_fields)
    assert found[1] not in stored, "the secret is stored nowhere"

    client, path = Client(headers={"accept-language": "en"}), f"/invitations/{found[1]}/"
    assert "You will log in with vera@books.example" in client.get(path).content.decode()
    answer = client.post(path, NEW, follow=True)
    assert answer.redirect_chain[-1][0] == f"/shops/{shop.pk}/"
    person = User.objects.get(username="vera@books.example")
    assert (person.first_name, person.is_staff, person.check_password(NEW["password"])) == ("Вера", False, True)
    assert client.get(f"/shops/{other_shop.pk}/").status_code == 404
    assert client.get(f"/shops/{shop.pk}/people/").status_code == 404
    change = MembershipChange.objects.get()
    assert (change.person, change.actor, change.role_after) == (person, owner, "viewer")
    again = Client().get(path)
    assert again.status_code == 410


def test_an_accountant_is_let_into_the_admin(shop: Shop, owner: User) -> None:
    client = Client()
    client.post(link_of(invite(shop, owner, role="accountant")), NEW)
    assert User.objects.get(username="vera@books.example").is_staff
    assert client.get("/admin/reconciliation/discrepancy/").status_code == 200


@pytest.mark.parametrize("password", ["12345678", "password", "short", "vera@books.example"])
def test_a_password_keeps_to_the_rules(shop: Shop, owner: User, password: str) -> None:
    page = Client().post(link_of(invite(shop, owner)), NEW | {"password": password, "again": password})
    assert page.status_code == 200
    assert page.context["form"].errors["password"]
    assert not User.objects.filter(username="vera@books.example").exists()


def test_two_passwords_that_differ_are_refused(shop: Shop, owner: User) -> None:
    page = Client().post(link_of(invite(shop, owner)), NEW | {"again": "another long one"})
    assert page.context["form"].errors["again"]


def test_who_has_an_account_logs_in_and_joins(shop: Shop, other_shop: Shop, owner: User, neighbour: User) -> None:
    path = link_of(invite(shop, owner, neighbour.email, "owner"))
    page = Client(headers={"accept-language": "en"}).get(path).content.decode()
    assert "has an account here" in page
    assert "password" not in page
    assert f"next={path.replace('/', '%2F')}" in page
    Client().post(path, NEW)
    assert User.objects.filter(email=neighbour.email).count() == 1
    client = log_in(neighbour)
    assert "Join the shop" in client.get(path).content.decode()
    assert client.post(path).status_code == 302
    assert Membership.objects.get(person=neighbour, shop=shop).role == "owner"
    assert Membership.objects.get(person=neighbour, shop=other_shop).role == "owner"


def test_whoever_invites_reads_the_same_of_every_address(shop: Shop, owner: User, neighbour: User) -> None:
    client = log_in(owner)
    said = [fill(client, shop, email, "viewer") for email in (neighbour.email, "nobody@books.example")]
    assert [text[0].partition(" to ")[0] for text in said] == ["An invitation is sent"] * 2
    page = client.get(f"/shops/{shop.pk}/people/").content.decode()
    states = re.findall(r"Viewer · ([^<]*?); open until", page)
    assert len(states) == 2
    assert len(set(states)) == 1


def test_a_member_keeps_their_role(shop: Shop, owner: User, viewer: User) -> None:
    path = link_of(invite(shop, owner, "other-address@books.example", "owner"))
    log_in(viewer).post(path)
    assert Membership.objects.get(person=viewer).role == "viewer"
    with pytest.raises(PeopleRefused, match="belongs to the shop already"):
        invite(shop, owner, viewer.email)


def test_a_link_opens_nothing_when_it_is_old_revoked_forged_or_its_sender_is_gone(shop: Shop, owner: User) -> None:
    other = make_member("second", "Owners", shop)
    client = Client(headers={"accept-language": "en"})
    old, revoked, orphan = (invite(shop, owner, f"{name}@books.example") for name in ("old", "revoked", "orphan"))
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    invitations.revoke(revoked, actor=owner, now=timezone.now())
    Invitation.objects.filter(pk=orphan.pk).update(invited_by=other)
    Membership.objects.filter(person=other).delete()
    for invitation, said in ((old, "too old"), (revoked, "taken back"), (orphan, "may not invite any more")):
        for answer in (client.get(link_of(invitation)), client.post(link_of(invitation), NEW)):
            assert answer.status_code == 410
            page = answer.content.decode()
            assert said in page
            assert "Чай" not in page, "it names no shop"
            assert "Ask whoever invited you" in page
    forged = client.get(f"/invitations/{'0' * 64}/")
    assert forged.status_code == 404
    assert "not whole" in forged.content.decode()
    assert not User.objects.filter(email__in=("old@books.example", "revoked@books.example")).exists()


def test_a_letter_that_is_sent_again_has_another_link(shop: Shop, owner: User, mail: MailServer, clock: Clock) -> None:
    invitation = invitations.invite(shop, Asked("vera@books.example", "viewer", SITE, "ru"), actor=owner, now=NOON)
    first = make_link(invitation)
    with pytest.raises(PeopleRefused, match="five minutes"):
        invitations.send_again(invitation, actor=owner, now=NOON + timedelta(minutes=4))
    invitations.send_again(invitation, actor=owner, now=NOON + timedelta(days=8))
    invitation.refresh_from_db()
    assert make_link(invitation) != first
    assert find_invitation(first.rstrip("/").rpartition("/")[2]) is None
    assert invitation.expires_at == NOON + timedelta(days=15)
    clock.move(timedelta(days=8))
    assert send_due_letters(clock=clock) == 1
    text = read_text(mail.delivered[0])
    assert make_link(invitation) in text
    assert "Приглашение" in text


def test_what_was_revoked_is_not_sent(shop: Shop, owner: User, mail: MailServer) -> None:
    invitation = invite(shop, owner)
    invitations.revoke(invitation, actor=owner, now=timezone.now())
    assert send_due_letters() == 0
    assert mail.delivered == []


def test_an_address_that_is_refused_is_shown_as_undelivered(shop: Shop, owner: User, mail: MailServer) -> None:
    mail.refused["vera@books.example"] = "550 no such mailbox"
    invite(shop, owner)
    send_due_letters()
    assert "could not be delivered" in log_in(owner).get(f"/shops/{shop.pk}/people/").content.decode()


def test_mailboxes_are_not_flooded(shop: Shop, owner: User) -> None:
    invite(shop, owner, "0@books.example")
    with pytest.raises(PeopleRefused, match="five minutes"):
        invite(shop, owner, "0@books.example")
    for number in range(1, MOST_OF_A_SHOP):
        invite(shop, owner, f"{number}@books.example")
    with pytest.raises(PeopleRefused, match="Too many"):
        invite(shop, owner, "more@books.example")


def test_nobody_invites_beyond_what_is_theirs(shop: Shop, other_shop: Shop, owner: User, viewer: User) -> None:
    for actor, place, role in ((owner, shop, "chief"), (owner, other_shop, "viewer"), (viewer, shop, "viewer")):
        with pytest.raises(PeopleRefused):
            invite(place, actor, role=role)
    assert not Invitation.objects.exists()


def test_the_link_is_made_again_with_another_secret_key(shop: Shop, owner: User, settings: object) -> None:
    invitation = invite(shop, owner)
    settings.SECRET_KEY = "another secret key of this installation"  # type: ignore[attr-defined]
    token = make_link(invitation).rstrip("/").rpartition("/")[2]
    assert find_invitation(token) == invitation
