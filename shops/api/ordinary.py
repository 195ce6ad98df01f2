"""The ordinary exchanges of a register, answered past the REST framework, which would take longer than their answer.

Ordinary is one of the three exchanges, at its own address, without a query, by a caller who may do it. All others, and
whatever is refused, are answered by the views of `shops.api.protocol`, which answer these too, and the same: a test
holds both against each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer

from shops import serving
from shops.api.authentication import CallerAuthentication, EvotorCaller
from shops.api.errors import DATABASE_FAILURES, handle_exception
from shops.api.passing_on import read_headers_to_pass_on
from shops.api.protocol import CONTENT_TYPE, IDENTIFIER_LENGTH, read_body
from shops.api.throttling import ProtocolThrottle
from shops.models import ApiKey, Shop
from shops.serving import Answer, Headers

LIST_PATH, RECEIPTS_PATH, BILL_PATH = "/api/v2/list", "/api/v2/receipts", "/api/v2/bill/byid/"

_authentication = CallerAuthentication()
_throttle = ProtocolThrottle()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is asked; `allowed` are the methods of its address."""

    answer: Callable[[HttpRequest, Shop, Headers, datetime], Answer]
    allowed: str


def _answer_list(request: HttpRequest, shop: Shop, headers: Headers, now: datetime) -> Answer:
    return serving.answer_list(shop, number="", query={"q": request.path_info}, headers=headers, now=now)


def _answer_bill(request: HttpRequest, shop: Shop, headers: Headers, now: datetime) -> Answer:
    bill_id = request.path_info.removeprefix(BILL_PATH)
    query = {"q": request.path_info, "id": bill_id}
    return serving.answer_bill(shop, bill_id, query=query, headers=headers, now=now)


def _accept_receipts(request: HttpRequest, shop: Shop, headers: Headers, now: datetime) -> Answer:
    body, query = read_body(request), {"q": request.path_info}
    return serving.accept_receipts(shop, body, query=query, headers=headers, now=now)


LIST = Exchange(_answer_list, "GET, OPTIONS")
BILL = Exchange(_answer_bill, "GET, PUT, DELETE, OPTIONS")
RECEIPT = Exchange(_accept_receipts, "POST, OPTIONS")


def find_exchange(request: HttpRequest) -> Exchange | None:
    """The exchange that is ordinary as far as its address tells."""
    path = request.path_info
    if request.META.get("QUERY_STRING"):
        return None
    if request.method == "POST":
        return RECEIPT if path == RECEIPTS_PATH else None
    if request.method != "GET":
        return None
    if path == LIST_PATH:
        return LIST
    bill_id = path.removeprefix(BILL_PATH)
    is_bill = bill_id != path and 0 < len(bill_id) <= IDENTIFIER_LENGTH and "/" not in bill_id and "\0" not in bill_id
    return BILL if is_bill else None


def answer_ordinary(request: HttpRequest) -> HttpResponse | None:
    """The answer; None where the exchange is out of the ordinary, and nothing was done yet."""
    exchange = find_exchange(request)
    if exchange is None:
        return None
    try:
        shop = _find_shop(request)
        if shop is None:
            return None
        answer = exchange.answer(request, shop, read_headers_to_pass_on(request, shop), timezone.now())
        response = HttpResponse(answer.body, status=answer.status, content_type=CONTENT_TYPE)
    except (*DATABASE_FAILURES, APIException) as error:
        response = _refuse(error)
    response.headers["Allow"] = exchange.allowed
    return response


def _find_shop(request: HttpRequest) -> Shop | None:
    """The shop of a caller who may ask now."""
    try:
        found = _authentication.authenticate(request)
    except APIException:
        return None
    if found is None:
        return None
    caller, auth = found
    if caller.role != ApiKey.Role.REGISTER or not _throttle.allows(caller, auth):
        return None
    return caller.sender.shop if isinstance(caller, EvotorCaller) else caller.shop


def _refuse(error: Exception) -> HttpResponse:
    told = handle_exception(error, {})
    assert told is not None
    response = HttpResponse(JSONRenderer().render(told.data), status=told.status_code, content_type=CONTENT_TYPE)
    for name, value in told.headers.items():
        response.headers.setdefault(name, value)
    return response
