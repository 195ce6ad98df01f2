"""Who belongs to a shop and as what: given, changed and taken away here, and every change is written down.

A shop always keeps an owner, once it has one. Nobody gives a role, or takes one away, beyond what is theirs to give.
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shops.models import Membership, MembershipChange, Shop
from shops.roles import Role

MANAGE_PERMISSION = "shops.manage_people"
NOBODYS = ""

# What who has the role gives in the shop, with the permission to manage its people.
GIVEN_BY_ROLE = {
    Role.OWNER: (Role.OWNER, Role.ACCOUNTANT, Role.VIEWER),
    Role.CHIEF_ACCOUNTANT: (Role.OWNER, Role.CHIEF_ACCOUNTANT, Role.ACCOUNTANT, Role.VIEWER),
}
GIVEN_BY_OTHERS = (Role.VIEWER,)
GIVEN_BY_SUPERUSER = (Role.OWNER, Role.CHIEF_ACCOUNTANT, Role.ACCOUNTANT, Role.VIEWER)
IN_THE_ADMIN = (Role.ACCOUNTANT, Role.CHIEF_ACCOUNTANT)  # who works there has to be let in


class PeopleRefused(Exception):
    """A change that is not made; says why, and what to do instead."""


def list_givable(actor: User, shop: Shop) -> list[Role]:
    """The roles that this person may give in the shop, the greatest first."""
    if not actor.has_perm(MANAGE_PERMISSION, shop):
        return []
    if actor.is_superuser:
        return list(GIVEN_BY_SUPERUSER)
    own = Membership.objects.filter(Q(shop=shop) | Q(shop=None), person=actor).values_list("role", flat=True)
    given = {role for held in own for role in GIVEN_BY_ROLE.get(Role(held), GIVEN_BY_OTHERS)}
    return [role for role in GIVEN_BY_SUPERUSER if role in given]


def list_members(shop: Shop) -> QuerySet[Membership]:
    """Who belongs to the shop, or to every shop."""
    members = Membership.objects.filter(Q(shop=shop) | Q(shop=None), person__is_active=True)
    return members.select_related("person").order_by("shop", "role", "person__last_name", "person__username")


def may_change(actor: User, membership: Membership, shop: Shop, givable: Iterable[str]) -> bool:
    """Whether the person may change or remove this member: one of this shop alone, in a role that is theirs to give."""
    return membership.shop_id == shop.pk and (actor.is_superuser or membership.role in givable)


@transaction.atomic
def add_member(person: User, shop: Shop | None, role: str, *, actor: User | None, now: datetime) -> Membership | None:
    """The person joins a shop, or all of them; None where they belong to it already: their role stays as it is."""
    membership, is_new = Membership.objects.get_or_create(person=person, shop=shop, defaults={"role": role})
    if not is_new:
        return None
    note_change(membership, NOBODYS, role, actor=actor, now=now)
    _let_into_admin(person, role)
    return membership


@transaction.atomic
def change_role(membership: Membership, role: str, *, actor: User, now: datetime) -> None:
    """The member has another role from now on."""
    shop, locked = _lock(membership)
    _refuse_what_is_not_theirs(actor, locked, shop)
    if role not in list_givable(actor, shop):
        raise PeopleRefused(_("You may not give this role."))
    if role == locked.role:
        return
    _refuse_to_leave_ownerless(locked, shop)
    before, locked.role = locked.role, role
    locked.save(update_fields=["role"])
    membership.role = role
    note_change(locked, before, role, actor=actor, now=now)
    _let_into_admin(locked.person, role)


@transaction.atomic
def remove_member(membership: Membership, *, actor: User, now: datetime) -> None:
    """The person does not belong to the shop any more; what they have done there stays."""
    shop, locked = _lock(membership)
    if locked.person != actor:
        _refuse_what_is_not_theirs(actor, locked, shop)
    _refuse_to_leave_ownerless(locked, shop)
    note_change(locked, locked.role, NOBODYS, actor=actor, now=now)
    locked.delete()


def note_change(membership: Membership, before: str, after: str, *, actor: User | None, now: datetime) -> None:
    """Writes down what became of a membership, within the transaction of the change."""
    MembershipChange.objects.create(
        shop=membership.shop,
        person=membership.person,
        person_name=name_person(membership.person),
        actor=actor,
        actor_name=name_person(actor) if actor else "",
        at=now,
        role_before=before,
        role_after=after,
    )


def name_person(person: User) -> str:
    """The full name, else the login."""
    return person.get_full_name() or person.get_username()


def _lock(membership: Membership) -> tuple[Shop, Membership]:
    """The shop first: two owners who remove each other at the same moment are asked one after the other."""
    if membership.shop_id is None:
        raise PeopleRefused(_("Who belongs to every shop is changed by an administrator."))
    shop = Shop.objects.select_for_update(no_key=True).get(pk=membership.shop_id)
    locked = Membership.objects.select_for_update(of=("self",)).select_related("person", "shop")
    found = locked.filter(pk=membership.pk, shop=shop).first()
    if found is None:
        raise PeopleRefused(_("This person does not belong to the shop any more."))
    return shop, found


def _refuse_what_is_not_theirs(actor: User, membership: Membership, shop: Shop) -> None:
    if not may_change(actor, membership, shop, list_givable(actor, shop)):
        raise PeopleRefused(_("You may not change what this person is."))


def _refuse_to_leave_ownerless(membership: Membership, shop: Shop) -> None:
    """Whoever is the only owner stays it until there is another."""
    owners = list_members(shop).filter(role=Role.OWNER)
    if membership.role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise PeopleRefused(_("This is the only owner of the shop. Make somebody else an owner first."))


def _let_into_admin(person: User, role: str) -> None:
    if role in IN_THE_ADMIN and not person.is_staff:
        person.is_staff = True
        person.save(update_fields=["is_staff"])
