"""The v2 endpoints: what a register and a CRM call. Doors to `shops.serving`.

They read the raw body and answer raw bytes, in the form of the original, whatever `Accept` a caller sends.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from shops import serving
from shops.api.authentication import CallerAuthentication, EvotorCaller, HasRole
from shops.api.errors import ProtocolError, bad_input, handle_exception
from shops.api.passing_on import read_headers_to_pass_on
from shops.api.throttling import ProtocolThrottle
from shops.evotor.receiving import receive_receipts
from shops.models import ApiKey, Shop
from shops.serving import Answer
from shops.wire import split_bills
from shops.wire_fields import INCORRECT, MALFORMED, WireError
from shops.wire_writer import write_json

IDENTIFIER_LENGTH = 200
BODY_LIMIT_BYTES = 10 << 20  # Evotor's own limit of a request
BILLS_AT_ONCE = 1000
CONTENT_TYPE = "application/json"


class AnyAccept(BaseContentNegotiation):
    """A register gets JSON, whatever it says it accepts."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return next(iter(renderers)), CONTENT_TYPE


class ProtocolView(APIView):
    """What the endpoints of the protocol have in common."""

    authentication_classes: Any = (CallerAuthentication,)
    permission_classes = (HasRole,)
    throttle_classes = (ProtocolThrottle,)
    # The original's protocol is what registers speak already; what is published describes the office API.
    schema = None
    renderer_classes = (JSONRenderer,)
    parser_classes = ()
    content_negotiation_class = AnyAccept
    # Without HEAD: a question without its answer would stand in the journal as if a register had been told.
    http_method_names = ("get", "post", "put", "delete", "options")
    key_roles: ClassVar[dict[str, str]] = {}  # the role that each method asks for

    def get_exception_handler(self) -> Any:
        return handle_exception

    def answer(self, answer: Answer) -> HttpResponse:
        return HttpResponse(answer.body, status=answer.status, content_type=CONTENT_TYPE)


class ListView(ProtocolView):
    """`GET /api/v2/list`: which bills are waiting to be paid."""

    key_roles: ClassVar = {"GET": ApiKey.Role.REGISTER}

    def get(self, request: Request) -> HttpResponse:
        number = read_argument(request.query_params.get("number", ""), "number")
        shop, query = shop_of(request), query_of(request)
        headers = read_headers_to_pass_on(request, shop)
        return self.answer(serving.answer_list(shop, number=number, query=query, headers=headers, now=timezone.now()))


class BillView(ProtocolView):
    """`/api/v2/bill/byid/<id>`: a register asks what is on a bill; the CRM states or withdraws it."""

    key_roles: ClassVar = {"GET": ApiKey.Role.REGISTER, "PUT": ApiKey.Role.CRM, "DELETE": ApiKey.Role.CRM}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        read_argument(kwargs["bill_id"], "id")

    def get(self, request: Request, bill_id: str) -> HttpResponse:
        query = query_of(request, id=bill_id)
        shop = shop_of(request)
        headers = read_headers_to_pass_on(request, shop)
        return self.answer(serving.answer_bill(shop, bill_id, query=query, headers=headers, now=timezone.now()))

    def put(self, request: Request, bill_id: str) -> HttpResponse:
        body, query = read_body(request._request), query_of(request, id=bill_id)
        return self.answer(serving.put_bill(shop_of(request), bill_id, body, query=query, now=timezone.now()))

    def delete(self, request: Request, bill_id: str) -> HttpResponse:
        query = query_of(request, id=bill_id)
        return self.answer(serving.cancel_bill(shop_of(request), bill_id, query=query, now=timezone.now()))


class BillsView(ProtocolView):
    """`POST /api/v2/bills`: many bills at once, an array or one a line (NDJSON); answered one by one."""

    key_roles: ClassVar = {"POST": ApiKey.Role.CRM}

    def post(self, request: Request) -> HttpResponse:
        try:
            bodies = split_bills(read_body(request._request))
        except WireError as error:
            raise bad_input(error) from None
        if len(bodies) > BILLS_AT_ONCE:
            raise ProtocolError(413, INCORRECT, f"more than {BILLS_AT_ONCE} bills: send them in parts")
        results = serving.put_bills(shop_of(request), bodies, query=query_of(request), now=timezone.now())
        return self.answer(Answer(serving.OK, write_json(results)))


class ReceiptsView(ProtocolView):
    """`POST /api/v2/receipts`: what was sold; an empty 200 says that it is safe."""

    key_roles: ClassVar = {"POST": ApiKey.Role.REGISTER}

    def post(self, request: Request) -> HttpResponse:
        body, query = read_body(request._request), query_of(request)
        if isinstance(request.user, EvotorCaller) and request.user.sender.shop is None:
            return self.answer(receive_receipts(request.user.sender, body, query=query, now=timezone.now()))
        shop = shop_of(request)
        headers = read_headers_to_pass_on(request, shop)
        return self.answer(serving.accept_receipts(shop, body, query=query, headers=headers, now=timezone.now()))


def shop_of(request: Request) -> Shop:
    shop: Shop = request.user.shop  # type: ignore[union-attr]
    return shop


def query_of(request: Request, **route: str) -> dict[str, str]:
    """The query as the original's front controller writes it into its journal: `q` is the path, then the arguments."""
    given = {name: str(value) for name, value in request.query_params.items() if name != "q"}
    return {"q": str(request.query_params.get("q", request.path_info)), **route, **given}


def read_body(request: HttpRequest) -> bytes:
    """The body as it came, at most `BODY_LIMIT_BYTES`."""
    too_large = ProtocolError(413, INCORRECT, f"the body is larger than {BODY_LIMIT_BYTES} bytes")
    try:
        body = request.body
    except RequestDataTooBig:
        raise too_large from None
    except UnreadablePostError:
        raise ProtocolError(400, MALFORMED, "the body broke off") from None
    if len(body) > BODY_LIMIT_BYTES:
        raise too_large
    return body


def read_argument(value: str, name: str) -> str:
    """An argument of the address, as far as it can name anything."""
    if "\0" in value or len(value) > IDENTIFIER_LENGTH:
        raise ProtocolError(400, INCORRECT, "incorrect: holds a NUL character or is too long", name)
    return value
