"""Who is told: people with an address who may see discrepancies, each by their own settings or the usual ones."""

from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from reconciliation.letters.pages import Pages
from reconciliation.models import Discrepancy, Reason, Subscription
from reconciliation.permissions import PROPOSE_PERMISSION, VIEW_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION
from shops.roles import NOWHERE, Scope, find_scope, find_scopes, people_with
from shops.visibility import only_within

ASKED_FOR = (VIEW_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION, PROPOSE_PERMISSION)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The shops in which a person sees, works, writes off, and is asked as an owner."""

    sees: Scope = NOWHERE
    works: Scope = NOWHERE
    writes_off: Scope = NOWHERE
    is_asked: Scope = NOWHERE


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who is told something, of the shops where they may see discrepancies and want to hear of them."""

    person: User
    subscription: Subscription
    scopes: Scopes

    @property
    def pages(self) -> Pages:
        """What letters to this person lead to."""
        return Pages(self.person.is_staff)

    def hears_at_once_of(self, shop_number: int) -> bool:
        """Whether this person wants to be told at once, and of that shop."""
        return self.subscription.at_once and shop_number in self.scopes.sees

    def select(self) -> QuerySet[Discrepancy]:
        """The discrepancies that this person wants to hear of."""
        rows = self.select_of_anybody()
        return rows.filter(assignee=self.person) if self.subscription.only_mine else rows

    def select_of_anybody(self) -> QuerySet[Discrepancy]:
        """Those of the person's shops, whoever has them."""
        return only_within(Discrepancy.objects.order_by(), self.scopes.sees)

    def select_to_confirm(self) -> QuerySet[Discrepancy]:
        """Those of the person's shops whose proposals the person may confirm."""
        rows = only_within(self.select_of_anybody(), self.scopes.works)
        return rows.exclude(reason=Reason.WRITTEN_OFF) | only_within(rows, self.scopes.writes_off)

    def select_asked(self) -> QuerySet[Discrepancy]:
        """Those of the person's shops about which the owner is asked something."""
        return only_within(self.select_of_anybody(), self.scopes.is_asked).filter(asked_by__isnull=False)


def list_readers() -> list[Reader]:
    """Everybody who may be told, by settings in the database or the usual ones; in a fixed number of queries."""
    people = list(select_people().select_related("subscription").prefetch_related("subscription__shops").order_by("pk"))
    held = [find_scopes(permission) for permission in ASKED_FOR]
    return [_describe(person, Scopes(*(scopes.get(person.pk, NOWHERE) for scopes in held))) for person in people]


def find_reader(person: User) -> Reader | None:
    """The one person as a reader; None without an address or without the permission to see discrepancies."""
    if not may_be_told(person):
        return None
    fresh = User.objects.select_related("subscription").get(pk=person.pk)
    return _describe(fresh, find_own_scopes(fresh))


def find_own_scopes(person: User) -> Scopes:
    """Where one person may do what letters tell of."""
    return Scopes(*(find_scope(person, permission) for permission in ASKED_FOR))


def may_be_told(person: User) -> bool:
    """Whether a letter may go to this person now."""
    return bool(person.is_active and person.email and find_scope(person, VIEW_PERMISSION) != NOWHERE)


def select_people() -> QuerySet[User]:
    """Those who may be told, whatever they have chosen."""
    return people_with(VIEW_PERMISSION).exclude(email="")


def usual_subscription(person: User, scopes: Scopes) -> Subscription:
    """What somebody gets who has chosen nothing.

    Who works the queue gets everything, who owns a shop a digest, who only looks, or administers, nothing.
    """
    works = scopes.works != NOWHERE and not person.is_superuser
    owns = scopes.is_asked != NOWHERE and not person.is_superuser
    return Subscription(person=person, language=settings.LANGUAGE_CODE, digest=works or owns, at_once=works)


def _describe(person: User, scopes: Scopes) -> Reader:
    if person.is_superuser:
        scopes = replace(scopes, is_asked=NOWHERE)
    subscription = getattr(person, "subscription", None)
    if subscription is None:
        return Reader(person, usual_subscription(person, scopes), scopes)
    if not subscription.every_shop:
        scopes = replace(scopes, sees=scopes.sees.within(shop.pk for shop in subscription.shops.all()))
    return Reader(person, subscription, scopes)
