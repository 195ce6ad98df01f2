"""Who is told: people with an address who may see discrepancies, each by their own settings or the usual ones."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from reconciliation.models import Discrepancy, Subscription
from reconciliation.permissions import BACKEND, VIEW_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who is told something, and of which shops; None is every shop."""

    person: User
    subscription: Subscription
    shop_numbers: Collection[int] | None
    may_confirm: bool

    def select(self) -> QuerySet[Discrepancy]:
        """The discrepancies that this person wants to hear of."""
        rows = self.select_of_anybody()
        return rows.filter(assignee=self.person) if self.subscription.only_mine else rows

    def select_of_anybody(self) -> QuerySet[Discrepancy]:
        """Those of the person's shops, whoever has them."""
        rows = Discrepancy.objects.order_by()
        return rows if self.shop_numbers is None else rows.filter(case__shop__in=self.shop_numbers)


def list_readers() -> list[Reader]:
    """Everybody who may be told, by settings in the database or the usual ones; five queries at the most."""
    people = list(select_people().select_related("subscription").prefetch_related("subscription__shops").order_by("pk"))
    working = set(
        User.objects.with_perm(WORK_PERMISSION, backend=BACKEND, include_superusers=False).values_list("pk", flat=True)
    )
    confirming = set(User.objects.with_perm(WRITE_OFF_PERMISSION, backend=BACKEND).values_list("pk", flat=True))
    return [_describe(person, person.pk in working, person.pk in confirming) for person in people]


def find_reader(person: User) -> Reader | None:
    """The one person as a reader; None without an address or without the permission to see discrepancies."""
    if not may_be_told(person):
        return None
    fresh = User.objects.select_related("subscription").get(pk=person.pk)
    works = not fresh.is_superuser and fresh.has_perm(WORK_PERMISSION)
    return _describe(fresh, works, fresh.has_perm(WRITE_OFF_PERMISSION))


def may_be_told(person: User) -> bool:
    """Whether a letter may go to this person now."""
    return bool(person.is_active and person.email and person.has_perm(VIEW_PERMISSION))


def select_people() -> QuerySet[User]:
    """Those who may be told, whatever they have chosen."""
    return User.objects.with_perm(VIEW_PERMISSION, backend=BACKEND).exclude(email="")


def usual_subscription(person: User, *, works: bool) -> Subscription:
    """What somebody gets who has chosen nothing: who works the queue everything, who only looks nothing."""
    return Subscription(person=person, language=settings.LANGUAGE_CODE, digest=works, at_once=works)


def _describe(person: User, works: bool, may_confirm: bool) -> Reader:
    subscription = getattr(person, "subscription", None)
    if subscription is None:
        return Reader(person, usual_subscription(person, works=works), None, may_confirm)
    if subscription.every_shop:
        return Reader(person, subscription, None, may_confirm)
    return Reader(person, subscription, [shop.pk for shop in subscription.shops.all()], may_confirm)
