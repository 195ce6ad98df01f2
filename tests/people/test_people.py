"""Who belongs to a shop: roles are given, changed and taken within what is one's own to give, and written down."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from shops.models import Membership, MembershipChange, Shop
from shops.people import PeopleRefused, add_member, change_role, list_givable, remove_member
from shops.roles import Role
from tests.factories import NOON, join_shop, make_person
from tests.owner_acts.conftest import log_in, make_member

pytestmark = pytest.mark.django_db


def membership_of(person: User) -> Membership:
    return Membership.objects.get(person=person)


def fresh(person: User) -> User:
    return User.objects.get(pk=person.pk)


def list_changes(shop: Shop) -> list[tuple[str, str, str, str]]:
    changes = MembershipChange.objects.filter(shop=shop).order_by("pk")
    return [(change.person_name, change.role_before, change.role_after, change.actor_name) for change in changes]


def post(client: Client, shop: Shop, path: str, **answers: str) -> list[str]:
    answer = client.post(f"/shops/{shop.pk}/people/{path}", answers, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def test_each_gives_what_is_theirs_to_give(shop: Shop, other_shop: Shop, owner: User, viewer: User) -> None:
    chief = make_member("chief", "Chief accountants", shop)
    accountant = make_member("bookkeeper", "Accountants", shop)
    trusted = make_person("trusted", "Viewers", shop=shop)
    trusted.user_permissions.add(Permission.objects.get(codename="manage_people"))
    root = User.objects.create_superuser("root")
    given = {
        person.username: list_givable(fresh(person), shop) for person in (owner, chief, accountant, viewer, trusted)
    }
    assert given == {
        "owner": [Role.OWNER, Role.ACCOUNTANT, Role.VIEWER],
        "chief": [Role.OWNER, Role.CHIEF_ACCOUNTANT, Role.ACCOUNTANT, Role.VIEWER],
        "bookkeeper": [],
        "viewer": [],
        "trusted": [Role.VIEWER],
    }
    assert Role.CHIEF_ACCOUNTANT in list_givable(root, shop)
    assert list_givable(fresh(owner), other_shop) == []


def test_a_role_is_changed_and_written_down(shop: Shop, owner: User, viewer: User) -> None:
    client, member = log_in(owner), membership_of(viewer)
    assert post(client, shop, f"{member.pk}/role/", role="accountant") == ["viewer is now: accountant."]
    member.refresh_from_db()
    assert member.role == "accountant"
    assert fresh(viewer).is_staff, "accountants work in the admin"
    assert list_changes(shop) == [("viewer", "viewer", "accountant", "owner")]
    page = client.get(f"/shops/{shop.pk}/people/").content.decode()
    assert "viewer: viewer → accountant (by owner)" in page


def test_nobody_gives_or_takes_more_than_is_theirs(shop: Shop, owner: User, viewer: User) -> None:
    chief = make_member("chief", "Chief accountants", shop)
    client = log_in(owner)
    assert post(client, shop, f"{membership_of(viewer).pk}/role/", role="chief") == ["You may not give this role."]
    for step in ("role", "remove"):
        (said,) = post(client, shop, f"{membership_of(chief).pk}/{step}/", role="viewer")
        assert "may not change" in said
    assert post(client, shop, f"{membership_of(viewer).pk}/role/", role="groups") == ["You may not give this role."]
    assert list_changes(shop) == []


def test_the_last_owner_stays(shop: Shop, owner: User, viewer: User) -> None:
    client, member = log_in(owner), membership_of(owner)
    assert "about to remove yourself" in client.get(f"/shops/{shop.pk}/people/{member.pk}/remove/").content.decode()
    for path, answers in ((f"{member.pk}/remove/", {}), (f"{member.pk}/role/", {"role": "viewer"})):
        (said,) = post(client, shop, path, **answers)
        assert "only owner" in said
    change_role(membership_of(viewer), Role.OWNER, actor=fresh(owner), now=NOON)
    assert post(client, shop, f"{member.pk}/remove/") == ["owner is removed."]
    assert client.get(f"/shops/{shop.pk}/people/").status_code == 404
    assert list_changes(shop)[-1] == ("owner", "owner", "", "owner")


def test_an_owner_of_every_shop_counts_and_is_changed_by_an_administrator(shop: Shop, owner: User) -> None:
    everywhere = make_person("everywhere", "Owners")
    with pytest.raises(PeopleRefused, match="administrator"):
        remove_member(membership_of(everywhere), actor=owner, now=NOON)
    remove_member(membership_of(owner), actor=owner, now=NOON)
    assert not Membership.objects.filter(shop=shop).exists()


def test_somebody_who_may_not_log_in_any_more_is_no_owner_to_rely_on(shop: Shop, owner: User) -> None:
    gone = make_member("gone", "Owners", shop)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(PeopleRefused, match="only owner"):
        remove_member(membership_of(owner), actor=owner, now=NOON)


def test_joining_twice_changes_nothing(shop: Shop, owner: User) -> None:
    assert add_member(owner, shop, Role.VIEWER, actor=None, now=NOON) is None
    assert membership_of(owner).role == "owner"
    assert list_changes(shop) == []


def test_forged_requests_find_nothing(
    shop: Shop, other_shop: Shop, owner: User, viewer: User, accountant: User, neighbour: User
) -> None:
    member = membership_of(viewer)
    for person in (viewer, accountant, neighbour):
        client = log_in(person)
        assert client.get(f"/shops/{shop.pk}/people/").status_code == 404
        for path in (f"{member.pk}/role/", f"{member.pk}/remove/", "invitations/1/again/", "invitations/1/revoke/"):
            assert client.post(f"/shops/{shop.pk}/people/{path}", {"role": "owner"}).status_code == 404
        invite = {"invite-email": "a@b.example", "invite-role": "viewer"}
        assert client.post(f"/shops/{shop.pk}/people/", invite).status_code == 404
    theirs = log_in(neighbour)
    assert theirs.post(f"/shops/{other_shop.pk}/people/{member.pk}/remove/").status_code == 404
    member.refresh_from_db()
    assert member.role == "viewer"


def test_changes_made_in_the_admin_are_written_down_too(shop: Shop, viewer: User, admin_client: Client) -> None:
    member = membership_of(viewer)
    page = f"/admin/auth/user/{viewer.pk}/change/"
    form = {
        "username": "viewer",
        "password": viewer.password,
        "is_active": "on",
        "date_joined_0": "2026-03-25",
        "date_joined_1": "12:00:00",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(member.pk),
        "memberships-0-person": str(viewer.pk),
        "memberships-0-shop": str(shop.pk),
        "memberships-0-role": "owner",
    }
    assert admin_client.post(page, form).status_code == 302
    assert list_changes(shop) == [("viewer", "viewer", "owner", "admin")]
    assert admin_client.post(page, form | {"memberships-0-DELETE": "on"}).status_code == 302
    assert list_changes(shop)[-1] == ("viewer", "owner", "", "admin")


def test_a_role_holds_in_its_shop_alone(shop: Shop, other_shop: Shop, owner: User) -> None:
    join_shop(owner, "Viewers", other_shop)
    client = log_in(owner)
    assert client.get(f"/shops/{shop.pk}/people/").status_code == 200
    assert client.get(f"/shops/{other_shop.pk}/people/").status_code == 404
    assert client.get(f"/shops/{other_shop.pk}/keys/").status_code == 404
