"""One login for each role, with passwords made for this installation alone.

A fixed password would open every database that the demonstration was ever run on.
"""

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crmpos.demo.plan import DemoPlan
from shops.models import Membership
from shops.people import add_member

# Without letters and digits that look like others.
ALPHABET = "abcdefghkmnpqrstuvwxyz23456789"
PASSWORD_GROUPS, GROUP_LENGTH = 3, 4


@dataclass(frozen=True, slots=True)
class Role:
    username: str
    first_name: str
    last_name: str
    role: Membership.Role | None  # in every shop; None: everything is allowed
    duty: Promise | str


ACCOUNTANT = Role("accountant", "Нина", "Бережная", Membership.Role.ACCOUNTANT, _("works the queue of discrepancies"))
OWNER = Role(
    "owner", "Павел", "Устинский", Membership.Role.OWNER, _("looks at the shops, answers, says who belongs to them")
)
ADMINISTRATOR = Role("administrator", "Рита", "Ключевская", None, _("may do everything, manages users"))
ROLES = (ACCOUNTANT, OWNER, ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Login:
    role: Role
    password: str | None  # None: a person has chosen another


def make_logins(plan: DemoPlan) -> list[Login]:
    """Makes the users that are missing; one that exists is left as it is, password and all."""
    return [_make_login(role, plan) for role in ROLES]


def find_user(role: Role) -> User:
    return User.objects.get(username=role.username)


def _make_login(role: Role, plan: DemoPlan) -> Login:
    user = User.objects.filter(username=role.username).first()
    password = plan.passwords.get(role.username)
    if user is not None:
        is_valid = user.is_active and password is not None and user.check_password(password)
        return Login(role, password if is_valid else None)
    if password is None:
        # Written down before it is used: an interruption in between loses nothing.
        password = plan.passwords[role.username] = _make_password()
        plan.write()
    _make_user(role, password)
    return Login(role, password)


@transaction.atomic
def _make_user(role: Role, password: str) -> None:
    make = User.objects.create_user if role.role else User.objects.create_superuser
    user = make(
        role.username,
        password=password,
        first_name=role.first_name,
        last_name=role.last_name,
        is_staff=role != OWNER,
    )
    if role.role:
        add_member(user, None, role.role, actor=None, now=timezone.now())


def _make_password() -> str:
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(PASSWORD_GROUPS))
    return "-".join(groups)
