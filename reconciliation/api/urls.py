"""The addresses of the back-office API, below /api/office/. A slash at the end may be left out."""

from collections.abc import Mapping
from typing import Any

from django.urls import URLPattern, re_path

from reconciliation.api.bills import JudgedBillViewSet
from reconciliation.api.decisions import DecisionViewSet
from reconciliation.api.discrepancies import DiscrepancyViewSet
from shops.api.office.base import OfficeViewSet
from shops.api.office.exchange_events import ExchangeEventViewSet
from shops.api.office.receipts import ReceiptViewSet

LISTS: Mapping[str, type[OfficeViewSet[Any]]] = {
    "bills": JudgedBillViewSet,
    "receipts": ReceiptViewSet,
    "exchange-events": ExchangeEventViewSet,
    "discrepancies": DiscrepancyViewSet,
}
DECISIONS = (
    "take",
    "assign",
    "comment",
    "ask",
    "answer",
    "paid-another-way",
    "resolve",
    "write-off",
    "confirm",
    "decline",
    "reopen",
    "undo",
)


def _route(address: str, view: Any, name: str) -> URLPattern:
    route: URLPattern = re_path(f"^{address}/?$", view, name=name)
    return route


app_name = "office"
urlpatterns = [
    *(_route(name, view.as_view({"get": "list"}), f"{name}-list") for name, view in LISTS.items()),
    *(
        _route(f"{name}/(?P<id>[^/]+)", view.as_view({"get": "retrieve"}), f"{name}-detail")
        for name, view in LISTS.items()
    ),
    *(
        _route(
            f"discrepancies/(?P<id>[^/]+)/{step}",
            DecisionViewSet.as_view({"post": step.replace("-", "_")}),
            f"discrepancies-{step}",
        )
        for step in DECISIONS
    ),
]
