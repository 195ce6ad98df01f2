"""Whether anything has happened that a page shows: open pages ask it every second or two, so it costs a few reads.

They ask instead of being told (server-sent events): an open connection would hold one of the server's workers for every
reader, and a proxy or a phone that sleeps cuts it anyway. A question is answered from the ends of three indexes.
"""

import hashlib
from typing import Any

from django.db.models import Manager, OuterRef, QuerySet, Subquery
from django.http import JsonResponse

from reconciliation.models import Discrepancy, DiscrepancyStep
from shops.models import Bill, Receipt, Shop
from shops.roles import Scope

LATEST = ("pk", "latest_receipt", "latest_offer", "latest_change")
EVERYTHING: tuple[Manager[Any], ...] = (Receipt.objects, Bill.objects, DiscrepancyStep.objects)


def find_version(scope: Scope) -> str:
    """Another word after a receipt has come, a bill was put on offer or taken off it, or a difference has changed."""
    if scope.every_shop:
        return _digest(_read_of_all())
    shops = with_latest(Shop.objects.filter(pk__in=scope.shop_numbers).order_by("pk"))
    return _digest(list(shops.values_list(*LATEST)))


def answer_version(version: str) -> JsonResponse:
    """What a page that is open is told; nobody in between keeps it."""
    return JsonResponse({"version": version}, headers={"Cache-Control": "no-store"})


def _read_of_all() -> list[Any]:
    """From the ends of the tables, in one query: every change of a discrepancy is a step."""
    newest = [Subquery(rows.order_by("-pk").values("pk")[:1]) for rows in EVERYTHING]
    return list(Shop.objects.order_by("pk").values_list(*newest)[:1])


def with_latest(shops: QuerySet[Shop]) -> QuerySet[Shop]:
    """The shops, each with what `version_of` asks of it, in the same query: its indexes know the last of each."""
    offered = Bill.objects.filter(on_offer=True).order_by("-issued_at", "-pk")
    changed = Discrepancy.objects.order_by("-changed_at")
    return shops.annotate(
        latest_receipt=_last(Receipt.objects.order_by("-pk"), "pk"),
        latest_offer=_last(offered, "pk"),
        latest_change=_last(changed, "changed_at"),
    )


def version_of(shop: Shop) -> str:
    """`find_version` of one shop that `with_latest` has read."""
    return _digest([tuple(getattr(shop, name) for name in LATEST)])


def _last(rows: QuerySet[Any], field: str) -> Subquery:
    return Subquery(rows.filter(shop=OuterRef("pk")).values(field)[:1])


def _digest(latest: list[Any]) -> str:
    return hashlib.sha256(repr(latest).encode()).hexdigest()[:16]
