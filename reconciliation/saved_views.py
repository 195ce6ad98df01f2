"""Filters of the queue that people keep under a name. Doors check that the person may see the queue at all."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from reconciliation.models import SavedView
from shops.roles import belongs_to, find_scope

VIEWS_OF_ONE_PERSON = 30
NAME_LENGTH = 60
QUERY_LENGTH = 1000


class ViewRefused(Exception):
    """A filter that cannot be kept; says why."""


def save_view(
    *, owner: User, name: str, query: str, known: Collection[str], is_shared: bool, now: datetime
) -> SavedView:
    """Keeps a filter; one of the same name is replaced. `known` are the parameters that the list understands."""
    name, query = name.strip(), clean_query(query, known)
    if not name or len(name) > NAME_LENGTH:
        raise ViewRefused(_("Give the filter a name of at most %(count)d letters.") % {"count": NAME_LENGTH})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)
        others = SavedView.objects.filter(owner=owner).exclude(name=name)
        if others.count() >= VIEWS_OF_ONE_PERSON:
            raise ViewRefused(_("You have %(count)d saved filters: remove one first.") % {"count": others.count()})
        view, _created = SavedView.objects.update_or_create(
            owner=owner, name=name, defaults={"query": query, "is_shared": is_shared, "created_at": now}
        )
    return view


def remove_view(view_id: int, *, owner: User) -> bool:
    """Removes a filter of the person's own; whether there was one."""
    return SavedView.objects.filter(pk=view_id, owner=owner).delete()[0] > 0


def list_views(person: User) -> list[SavedView]:
    """The person's own, and those that others share, of people who see no shop that this person does not see.

    What a filter is called, or seeks, may tell of any shop of its owner.
    """
    scope = find_scope(person)
    views = SavedView.objects.filter(Q(owner=person) | Q(is_shared=True)).select_related("owner")
    views = views if scope.every_shop else views.prefetch_related("owner__memberships")
    return [view for view in views if view.owner_id == person.pk or scope.covers(belongs_to(view.owner))]


def clean_query(query: str, known: Collection[str]) -> str:
    """The query string again, without what is empty; refuses a parameter that the list does not understand."""
    given = QueryDict(query[: QUERY_LENGTH + 1], mutable=True)
    for name in list(given):
        if name not in known:
            raise ViewRefused(_("The filter has a part that the queue does not know: %(name)s") % {"name": name})
        if not any(given.getlist(name)):
            del given[name]
    cleaned = given.urlencode()
    if len(query) > QUERY_LENGTH or len(cleaned) > QUERY_LENGTH:
        raise ViewRefused(_("The filter is too long to be kept."))
    return cleaned
