"""Who is told: people with an address who may see discrepancies, each by their own settings or the usual ones."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from reconciliation.models import Discrepancy, Subscription
from reconciliation.permissions import VIEW_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION
from shops.roles import NOWHERE, Scope, find_scope, find_scopes, people_with
from shops.visibility import only_within


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who is told something, of the shops where they may see discrepancies and want to hear of them."""

    person: User
    subscription: Subscription
    scope: Scope
    confirms_in: Scope

    def select(self) -> QuerySet[Discrepancy]:
        """The discrepancies that this person wants to hear of."""
        rows = self.select_of_anybody()
        return rows.filter(assignee=self.person) if self.subscription.only_mine else rows

    def select_of_anybody(self) -> QuerySet[Discrepancy]:
        """Those of the person's shops, whoever has them."""
        return only_within(Discrepancy.objects.order_by(), self.scope)

    def select_to_confirm(self) -> QuerySet[Discrepancy]:
        """Those of the person's shops where the person may confirm what colleagues propose."""
        return only_within(self.select_of_anybody(), self.confirms_in)


def list_readers() -> list[Reader]:
    """Everybody who may be told, by settings in the database or the usual ones; in a fixed number of queries."""
    people = list(select_people().select_related("subscription").prefetch_related("subscription__shops").order_by("pk"))
    seeing, working, confirming = map(find_scopes, (VIEW_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION))
    return [
        _describe(
            person,
            works=person.pk in working and not person.is_superuser,
            sees=seeing.get(person.pk, NOWHERE),
            confirms=confirming.get(person.pk, NOWHERE),
        )
        for person in people
    ]


def find_reader(person: User) -> Reader | None:
    """The one person as a reader; None without an address or without the permission to see discrepancies."""
    if not may_be_told(person):
        return None
    fresh = User.objects.select_related("subscription").get(pk=person.pk)
    return _describe(
        fresh,
        works=not fresh.is_superuser and fresh.has_perm(WORK_PERMISSION),
        sees=find_scope(fresh, VIEW_PERMISSION),
        confirms=find_scope(fresh, WRITE_OFF_PERMISSION),
    )


def may_be_told(person: User) -> bool:
    """Whether a letter may go to this person now."""
    return bool(person.is_active and person.email and find_scope(person, VIEW_PERMISSION) != NOWHERE)


def select_people() -> QuerySet[User]:
    """Those who may be told, whatever they have chosen."""
    return people_with(VIEW_PERMISSION).exclude(email="")


def usual_subscription(person: User, *, works: bool) -> Subscription:
    """What somebody gets who has chosen nothing: who works the queue everything, who only looks nothing."""
    return Subscription(person=person, language=settings.LANGUAGE_CODE, digest=works, at_once=works)


def _describe(person: User, *, works: bool, sees: Scope, confirms: Scope) -> Reader:
    subscription = getattr(person, "subscription", None)
    if subscription is None:
        return Reader(person, usual_subscription(person, works=works), sees, confirms)
    if not subscription.every_shop:
        sees = sees.within(shop.pk for shop in subscription.shops.all())
    return Reader(person, subscription, sees, confirms)
