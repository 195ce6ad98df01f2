"""Evotor's own webhooks: accounts, names, documents, installations. Doors to `shops.evotor`.

Their shapes are those of Evotor's public API description, which calls them the webhooks of the partner's service.
"""

from typing import ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from shops.api.authentication import ApplicationAuthentication, EvotorCaller
from shops.api.errors import bad_input
from shops.api.protocol import ProtocolView, query_of, read_argument, read_body, shop_of
from shops.evotor.accounts import give_token, keep_cloud_token, keep_installation
from shops.evotor.finding import Places
from shops.evotor.receiving import Sender, receive_documents, receive_names
from shops.evotor.waiting import deliver_for_user
from shops.models import ApiKey, UnassignedMessage
from shops.serving import OK, Answer
from shops.wire_evotor import read_cloud_token, read_installation, read_user_id
from shops.wire_fields import WireError
from shops.wire_writer import Json, write_json

Kind = UnassignedMessage.Kind


class ApplicationView(ProtocolView):
    """A call that Evotor's cloud authorises with the token of the application."""

    authentication_classes = (ApplicationAuthentication,)
    key_role = ApiKey.Role.REGISTER


class UserView(ApplicationView):
    """`POST /api/v1/user/create`, `/verify`: hands out the token that the cloud then sends for this user.

    Both do the same: whose account it is says a person here, not a password. What else the form holds, a password
    among it, is neither read nor kept.
    """

    more: ClassVar[dict[str, Json]] = {}

    def post(self, request: Request) -> HttpResponse:
        now = timezone.now()
        try:
            user_id = read_user_id(read_body(request._request))
        except WireError as error:
            raise bad_input(error) from None
        token = give_token(user_id, now=now)
        deliver_for_user(user_id, now=now)
        return self.answer(Answer(OK, write_json({"userId": user_id, **self.more, "token": token})))


class VerifyUserView(UserView):
    """The subscription is paid to Evotor, if at all."""

    more: ClassVar = {"hasBilling": False}


class CloudTokenView(ApplicationView):
    """`POST /api/v1/user/token`: the token with which Evotor's own REST API answers for a user."""

    def post(self, request: Request) -> HttpResponse:
        try:
            told = read_cloud_token(read_body(request._request))
        except WireError as error:
            raise bad_input(error) from None
        keep_cloud_token(told, now=timezone.now())
        return self.answer(Answer(OK))


class InstallationView(ApplicationView):
    """`POST /api/v2/installation/event`: a user has installed the application, or removed it."""

    def post(self, request: Request) -> HttpResponse:
        body = read_body(request._request)
        try:
            told = read_installation(body)
        except WireError as error:
            raise bad_input(error) from None
        keep_installation(told, body, now=timezone.now())
        return self.answer(Answer(OK))


class SentView(ProtocolView):
    """What the cloud sends with the token of a user; also with another token of a register."""

    key_roles: ClassVar = {"PUT": ApiKey.Role.REGISTER}


class NamesView(SentView):
    """`PUT /api/v1/inventories/stores`, `/devices`, `/employees`: an array of what they are called."""

    kind: str = ""

    def put(self, request: Request) -> HttpResponse:
        body, query = read_body(request._request), query_of(request)
        return self.answer(receive_names(sender_of(request), self.kind, body, query=query, now=timezone.now()))


class DocumentsView(SentView):
    """`PUT /api/v1/inventories/stores/<id>/documents`: documents of the registers of a store."""

    def put(self, request: Request, store_id: str) -> HttpResponse:
        body, query = read_body(request._request), query_of(request)
        store_id = read_argument(store_id, "storeUuid").strip()
        return self.answer(receive_documents(sender_of(request), store_id, body, query=query, now=timezone.now()))


def sender_of(request: Request) -> Sender:
    """The caller as the services of Evotor's side know it; a shop's key says its shop, and nothing else counts."""
    if isinstance(request.user, EvotorCaller):
        return request.user.sender
    return Sender(None, shop_of(request), Places(), {})
