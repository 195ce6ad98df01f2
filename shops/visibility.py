"""Which shops a viewer may see: the one place that decides it.

Every query of the admin, the API, the pages, exports, searches, suggestions and reports goes through it. A model says
where its shop is found (`SHOP_PATH`; "" for what belongs to the installation as a whole).
"""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, Q, QuerySet

from shops.api.authentication import KeyCaller
from shops.models import Shop
from shops.roles import NOWHERE, Scope, find_scope, people_of

Viewer = KeyCaller | User | AnonymousUser
Row = TypeVar("Row", bound=Model)


def visible_shops(viewer: Viewer) -> QuerySet[Shop]:
    """The shops that the viewer may see."""
    return only_visible(Shop.objects.all(), viewer)


def visible_people(viewer: User | AnonymousUser) -> QuerySet[User]:
    """Everybody who belongs to a shop that the viewer may see."""
    return people_of(scope_of(viewer))


def only_visible(rows: QuerySet[Row], viewer: Viewer) -> QuerySet[Row]:
    """The rows of the shops that the viewer belongs to."""
    return only_within(rows, scope_of(viewer))


def only_permitted(rows: QuerySet[Row], viewer: Viewer, *permissions: str) -> QuerySet[Row]:
    """The rows of the shops in which the viewer has one of the permissions; a key is asked by its role elsewhere."""
    return only_within(rows, scope_of(viewer, *permissions))


def scope_of(viewer: Viewer, *permissions: str) -> Scope:
    """The shops in which the viewer has one of the permissions; without any, those that the viewer belongs to."""
    if isinstance(viewer, KeyCaller):
        return Scope(False, frozenset((viewer.key.shop_id,))) if viewer.is_active else NOWHERE
    return find_scope(viewer, *permissions)


def only_within(rows: QuerySet[Row], scope: Scope) -> QuerySet[Row]:
    """The rows of these shops, with those that are shared by all shops where the model has such."""
    if scope.every_shop:
        return rows
    path: str = rows.model.SHOP_PATH  # type: ignore[attr-defined]
    if not path:
        return rows.none()
    chosen = Q(**{f"{path}__in": scope.shop_numbers})
    if getattr(rows.model, "IS_SHARED_WITHOUT_SHOP", False):
        chosen |= Q(**{path: None})
    return rows.filter(chosen)
