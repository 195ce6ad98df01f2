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
from shops.access import recognise_key
from shops.api.authentication import EvotorCaller, find_caller
from shops.api.errors import DATABASE_FAILURES, handle_exception
from shops.api.passing_on import read_headers_to_pass_on
from shops.api.protocol import CONTENT_TYPE, IDENTIFIER_LENGTH, read_body
from shops.api.throttling import ProtocolThrottle
from shops.models import ApiKey, Shop
from shops.quick import offers as quick_offers
from shops.quick.offers import Offered
from shops.serving import Answer, Headers
from shops.statements import is_postgresql

LIST_PATH, RECEIPTS_PATH, BILL_PATH = "/api/v2/list", "/api/v2/receipts", "/api/v2/bill/byid/"

_throttle = ProtocolThrottle()


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a caller who may make it; `offered` is what was read with the caller's key, if anything."""

    request: HttpRequest
    shop: Shop
    headers: Headers
    offered: Offered | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is asked; `allowed` are the methods of its address.

    On PostgreSQL `recognise` gives the key of a token together with what the request asks for.
    """

    answer: Callable[[Call], Answer]
    allowed: str
    recognise: Callable[[HttpRequest, str, datetime], ApiKey | None] | None = None


def _answer_list(call: Call) -> Answer:
    query = {"q": call.request.path_info}
    return serving.answer_list(
        call.shop, number="", query=query, headers=call.headers, offered=call.offered, now=call.now
    )


def _answer_bill(call: Call) -> Answer:
    bill_id = _read_bill_id(call.request)
    query = {"q": call.request.path_info, "id": bill_id}
    return serving.answer_bill(
        call.shop, bill_id, query=query, headers=call.headers, offered=call.offered, now=call.now
    )


def _accept_receipts(call: Call) -> Answer:
    body, query = read_body(call.request), {"q": call.request.path_info}
    return serving.accept_receipts(call.shop, body, query=query, headers=call.headers, now=call.now)


def _read_bill_id(request: HttpRequest) -> str:
    return request.path_info.removeprefix(BILL_PATH)


def _recognise_with_list(request: HttpRequest, token: str, now: datetime) -> ApiKey | None:
    return quick_offers.recognise_with_list(token, now=now)


def _recognise_with_bill(request: HttpRequest, token: str, now: datetime) -> ApiKey | None:
    return quick_offers.recognise_with_bill(token, _read_bill_id(request), now=now)


LIST = Exchange(_answer_list, "GET, OPTIONS", _recognise_with_list)
BILL = Exchange(_answer_bill, "GET, PUT, DELETE, OPTIONS", _recognise_with_bill)
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
        call = _find_call(request, exchange, timezone.now())
        if call is None:
            return None
        answer = exchange.answer(call)
        response = HttpResponse(answer.body, status=answer.status, content_type=CONTENT_TYPE)
    except (*DATABASE_FAILURES, APIException) as error:
        response = _refuse(error)
    response.headers["Allow"] = exchange.allowed
    return response


def _find_call(request: HttpRequest, exchange: Exchange, now: datetime) -> Call | None:
    """The request of a caller who may make it now. `now` is before what is on offer is read."""

    def recognise(token: str) -> ApiKey | None:
        if exchange.recognise is None or not is_postgresql():
            return recognise_key(token, now=now)
        return exchange.recognise(request, token, now)

    try:
        found = find_caller(request, recognise, now=now)
    except APIException:
        return None
    if found is None:
        return None
    caller, auth = found
    if caller.role != ApiKey.Role.REGISTER or not _throttle.allows(caller, auth):
        return None
    offered = quick_offers.find_offered(auth) if isinstance(auth, ApiKey) else None
    shop = caller.sender.shop if isinstance(caller, EvotorCaller) else caller.shop
    return Call(request, shop, read_headers_to_pass_on(request, shop), offered, now) if shop else None


def _refuse(error: Exception) -> HttpResponse:
    told = handle_exception(error, {})
    assert told is not None
    response = HttpResponse(JSONRenderer().render(told.data), status=told.status_code, content_type=CONTENT_TYPE)
    for name, value in told.headers.items():
        response.headers.setdefault(name, value)
    return response
