"""The addresses of the protocol."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from shops.api.errors import write_not_found
from shops.api.evotor import (
    CloudTokenView,
    DocumentsView,
    InstallationView,
    NamesView,
    UserView,
    VerifyUserView,
)
from shops.api.protocol import CONTENT_TYPE, BillsView, BillView, ListView, ReceiptsView
from shops.models import UnassignedMessage

Kind = UnassignedMessage.Kind

protocol_patterns: list[URLPattern] = [
    path("api/v2/list", ListView.as_view()),
    path("api/v2/bill/byid/<str:bill_id>", BillView.as_view()),
    path("api/v2/bills", BillsView.as_view()),
    path("api/v2/receipts", ReceiptsView.as_view()),
]

evotor_patterns: list[URLPattern] = [
    path("api/v1/user/create", UserView.as_view()),
    path("api/v1/user/verify", VerifyUserView.as_view()),
    path("api/v1/user/token", CloudTokenView.as_view()),
    path("api/v2/installation/event", InstallationView.as_view()),
    path("api/v1/inventories/stores", NamesView.as_view(kind=Kind.STORES)),
    path("api/v1/inventories/devices", NamesView.as_view(kind=Kind.DEVICES)),
    path("api/v1/inventories/employees", NamesView.as_view(kind=Kind.EMPLOYEES)),
    path("api/v1/inventories/stores/<str:store_id>/documents", DocumentsView.as_view()),
]


@csrf_exempt
def front_controller(request: HttpRequest) -> HttpResponseBase:
    """The original's own address: `/index.php?q=/api/v2/list&number=56770`."""
    address = request.GET.get("q", "").strip("/")
    for pattern in protocol_patterns:
        if match := pattern.resolve(address):
            response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
            return response
    return HttpResponse(write_not_found("q"), status=404, content_type=CONTENT_TYPE)


urlpatterns: list[URLPattern] = [*protocol_patterns, *evotor_patterns, path("index.php", front_controller)]
