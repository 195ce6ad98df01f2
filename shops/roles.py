"""What a person may do in which shop: memberships, their roles, and the permissions of the roles' groups.

`person.has_perm(permission)` asks "in any shop?", `person.has_perm(permission, row)` "in the shop of this row?": the
backend below answers both, beside Django's own. What a person's own groups allow holds in every shop of theirs.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.db.models import CharField, Exists, F, Model, OuterRef, Q, QuerySet, Value

from shops.models import Membership, Shop

Role = Membership.Role

GROUP_OF_ROLE = MappingProxyType(
    {
        Role.OWNER: "Owners",
        Role.ACCOUNTANT: "Accountants",
        Role.CHIEF_ACCOUNTANT: "Chief accountants",
        Role.VIEWER: "Viewers",
    }
)

OWN = ""  # stands where a role's group would: what a person may do without one


@dataclass(frozen=True, slots=True)
class Scope:
    """Some of the shops, by their numbers, or every one that there is and will be."""

    every_shop: bool
    shop_numbers: frozenset[int] = frozenset()

    def covers(self, other: "Scope") -> bool:
        """Whether it holds every shop of the other."""
        return self.every_shop or (not other.every_shop and other.shop_numbers <= self.shop_numbers)

    def within(self, shop_numbers: Iterable[int]) -> "Scope":
        """What of these shops lies in it."""
        chosen = frozenset(shop_numbers)
        return Scope(False, chosen if self.every_shop else chosen & self.shop_numbers)

    def __contains__(self, shop_number: int | None) -> bool:
        """What belongs to no shop belongs to who has them all."""
        return self.every_shop or shop_number in self.shop_numbers


EVERYWHERE = Scope(every_shop=True)
NOWHERE = Scope(every_shop=False)


@dataclass(frozen=True, slots=True)
class Access:
    """What a person may do: by themselves in every shop of theirs, and by a role in a shop (None: in all shops)."""

    own: frozenset[str]
    of_roles: tuple[tuple[int | None, frozenset[str]], ...]

    def find_shops(self, permissions: Collection[str]) -> Scope:
        """Where the person has one of these permissions; without any, all shops of the person."""
        has_it_itself = not permissions or not self.own.isdisjoint(permissions)
        return _unite(shop for shop, allowed in self.of_roles if has_it_itself or not allowed.isdisjoint(permissions))


def find_scope(person: User | AnonymousUser, *permissions: str) -> Scope:
    """The shops in which the person has one of the permissions; without any, those that the person belongs to."""
    if not person.is_active or isinstance(person, AnonymousUser):
        return NOWHERE
    if person.is_superuser:
        return EVERYWHERE
    return _find_access(person).find_shops(permissions)


def belongs_to(person: User) -> Scope:
    """The shops of the person's memberships, which may be at hand already."""
    if person.is_superuser:
        return EVERYWHERE
    return _unite(membership.shop_id for membership in person.memberships.all())


def people_with(permission: str, shop: Shop | OuterRef | None = None) -> QuerySet[User]:
    """The active people who have the permission in that shop (of the query around it, if need be), or in any."""
    memberships = Membership.objects.filter(person=OuterRef("pk"))
    if shop is not None:
        memberships = memberships.filter(Q(shop=shop) | Q(shop=None))
    by_itself = Q(_has_it_itself(permission)) & Q(Exists(memberships))
    by_role = Q(Exists(memberships.filter(_gives(permission))))
    return User.objects.filter(Q(is_superuser=True) | by_itself | by_role, is_active=True)


def people_of(scope: Scope) -> QuerySet[User]:
    """Everybody who belongs to one of these shops, by name or as to every shop; all people where they are all shops."""
    if scope.every_shop:
        return User.objects.all()
    memberships = Membership.objects.filter(Q(shop__in=scope.shop_numbers) | Q(shop=None), person=OuterRef("pk"))
    return User.objects.filter(Q(Exists(memberships)))


def requires_two_steps(person: str = "pk") -> Q:
    """Whether a shop that the person at that path may see requires two-step log-in."""
    strict = Shop.objects.filter(two_step_required=True)
    memberships = Membership.objects.filter(person=OuterRef(person))
    of_every_shop = Exists(memberships.filter(shop=None)) | Exists(
        User.objects.filter(pk=OuterRef(person), is_superuser=True)
    )
    return Q(Exists(memberships.filter(shop__two_step_required=True))) | (Q(Exists(strict)) & Q(of_every_shop))


def find_scopes(permission: str) -> dict[int, Scope]:
    """`find_scope` of everybody who has the permission anywhere, by the keys of the people; two queries."""
    memberships = Membership.objects.annotate(by_itself=_has_it_itself(permission, person="person"))
    chosen = memberships.filter(Q(by_itself=True) | _gives(permission), person__is_active=True)
    shops: dict[int, list[int | None]] = {}
    for person, shop in chosen.order_by().values_list("person", "shop"):
        shops.setdefault(person, []).append(shop)
    scopes = {person: _unite(numbers) for person, numbers in shops.items()}
    superusers = User.objects.filter(is_superuser=True, is_active=True).values_list("pk", flat=True)
    return scopes | dict.fromkeys(superusers, EVERYWHERE)


def _has_it_itself(permission: str, person: str = "pk") -> Exists:
    """Whether the person at that path has the permission without any role."""
    holder = Q(user=OuterRef(person)) | Q(group__user=OuterRef(person))
    return Exists(_select_permission(permission).filter(holder))


def _gives(permission: str) -> Q:
    """The memberships whose role gives it."""
    found = Q()
    for role, group in GROUP_OF_ROLE.items():
        found |= Q(role=role) & Q(Exists(_select_permission(permission).filter(group__name=group)))
    return found


def _select_permission(name: str) -> QuerySet[Permission]:
    app_label, _dot, codename = name.partition(".")
    return Permission.objects.filter(content_type__app_label=app_label, codename=codename)


class RoleBackend(ModelBackend):
    """Django's own backend, but for what people may do: that is by their roles too, and may be asked about one row."""

    def has_perm(self, user_obj: User | AnonymousUser, perm: str, obj: Model | None = None) -> bool:
        if obj is None:
            return perm in self.get_all_permissions(user_obj)
        return find_shop_number(obj) in find_scope(user_obj, perm)

    def get_all_permissions(self, user_obj: User | AnonymousUser, obj: Model | None = None) -> set[str]:
        """What the person may do anywhere, or in the shop of that row."""
        if not user_obj.is_active or isinstance(user_obj, AnonymousUser):
            return set()
        access, number = _find_access(user_obj), None if obj is None else find_shop_number(obj)
        roles = [allowed for shop, allowed in access.of_roles if obj is None or shop in (None, number)]
        return set(access.own if roles or obj is None else ()).union(*roles)


def find_shop_number(row: Model) -> int | None:
    """The number of the row's shop; None where it belongs to no shop. Raises AttributeError for a model without one."""
    *relations, last = row.SHOP_PATH.split("__") if row.SHOP_PATH else [""]  # type: ignore[attr-defined]
    found: Any = row
    for name in relations:
        found = getattr(found, name)
        if found is None:
            return None
    if not last:
        return None
    number: int | None = found.pk if last == "pk" else getattr(found, f"{last}_id")
    return number


def _find_access(person: User) -> Access:
    """From two queries, once for each object of a person, as Django keeps permissions: so once a request."""
    kept: Access | None = getattr(person, "_shop_access", None)
    if kept is None:
        kept = _read_access(person)
        person._shop_access = kept  # type: ignore[attr-defined]
    return kept


def _read_access(person: User) -> Access:
    memberships = list(Membership.objects.filter(person=person).order_by().values_list("shop", "role"))
    groups = {name for _shop, role in memberships if (name := GROUP_OF_ROLE.get(Role(role)))}
    allowed: dict[str, set[str]] = {OWN: set(), **{name: set() for name in groups}}
    for group, app_label, codename in _select_permissions(person, groups):
        allowed[group].add(f"{app_label}.{codename}")
    of_roles = tuple(
        (shop, frozenset(allowed.get(GROUP_OF_ROLE.get(Role(role), ""), ()))) for shop, role in memberships
    )
    return Access(frozenset(allowed[OWN]), of_roles)


def _select_permissions(person: User, groups: Collection[str]) -> QuerySet[Permission, tuple[str, str, str]]:
    """The names of the permissions that the person has by themselves (under `OWN`), and of those groups."""
    names = ("holder", "content_type__app_label", "codename")
    permissions = Permission.objects.order_by()
    if person.is_superuser:
        own = permissions.annotate(holder=Value(OWN))
        return own.values_list(*names)
    by_itself = permissions.filter(user=person).annotate(holder=Value(OWN, CharField()))
    by_group = permissions.filter(group__user=person).annotate(holder=Value(OWN, CharField()))
    of_roles = permissions.filter(group__name__in=groups).annotate(holder=F("group__name"))
    return by_itself.values_list(*names).union(by_group.values_list(*names), of_roles.values_list(*names))


def _unite(shop_numbers: Iterable[int | None]) -> Scope:
    found = frozenset(shop_numbers)
    return EVERYWHERE if None in found else Scope(False, frozenset(number for number in found if number is not None))
