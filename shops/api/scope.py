"""Which shops a caller may see: the one place that decides it. Every query of the office API goes through it."""

from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, QuerySet

from shops.api.authentication import KeyCaller
from shops.models import Shop

Caller = KeyCaller | User | AnonymousUser
Row = TypeVar("Row", bound=Model)


def visible_shops(caller: Caller) -> QuerySet[Shop]:
    """The shops whose rows the caller may see."""
    return only_visible(Shop.objects.all(), caller, shop_path="pk")


def only_visible(rows: QuerySet[Row], caller: Caller, *, shop_path: str) -> QuerySet[Row]:
    """The rows that belong to shops the caller may see; `shop_path` leads from a row to its shop.

    A key sees its own shop, somebody who has logged in sees all of them, anybody else sees nothing.
    """
    if isinstance(caller, KeyCaller):
        return rows.filter(**{shop_path: caller.key.shop_id})
    return rows if caller.is_active and caller.is_authenticated else rows.none()
