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

EVERYTHING: tuple[Manager[Any], ...] = (Receipt.objects, Bill.objects, DiscrepancyStep.objects)


def find_version(scope: Scope) -> str:
    """Another word after a receipt has come, a bill was put on offer or taken off it, or a difference has changed."""
    latest = _read_of_all() if scope.every_shop else _read_of_shops(scope)
    return hashlib.sha256(repr(latest).encode()).hexdigest()[:16]


def answer_version(scope: Scope) -> JsonResponse:
    """What a page that is open is told; nobody in between keeps it."""
    return JsonResponse({"version": find_version(scope)}, headers={"Cache-Control": "no-store"})


def _read_of_all() -> list[Any]:
    """From the ends of the tables, in one query: every change of a discrepancy is a step."""
    newest = [Subquery(rows.order_by("-pk").values("pk")[:1]) for rows in EVERYTHING]
    return list(Shop.objects.order_by("pk").values_list(*newest)[:1])


def _read_of_shops(scope: Scope) -> list[Any]:
    """In one query; each shop is asked for the last of each, which its indexes know."""
    shops = Shop.objects.filter(pk__in=scope.shop_numbers).order_by("pk")
    offered = Bill.objects.filter(on_offer=True).order_by("-issued_at", "-pk")
    changed = Discrepancy.objects.order_by("-changed_at")
    return list(
        shops.values_list(
            "pk",
            _last(Receipt.objects.order_by("-pk"), "pk"),
            _last(offered, "pk"),
            _last(changed, "changed_at"),
        )
    )


def _last(rows: QuerySet[Any], field: str) -> Subquery:
    return Subquery(rows.filter(shop=OuterRef("pk")).values(field)[:1])
