"""What all lists of the back-office API share: who may call, how a list is filtered, paged and written to a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings
from rest_framework.viewsets import GenericViewSet

from shops.api.authentication import KeyAuthentication, KeyCaller
from shops.api.filters import check_parameters, list_repeatable
from shops.api.openapi import OfficeSchema
from shops.api.pagination import CURSOR, PAGE_SIZE, KeysetPagination, sort_newest_first
from shops.api.parsing import BoundedJSONParser
from shops.api.tables import CsvRenderer, StrictNegotiation, TableRenderer, XlsxRenderer, write_table
from shops.api.throttling import OfficeThrottle
from shops.models import ApiKey
from shops.visibility import only_permitted

Row = TypeVar("Row", bound=Model)

LIST, RETRIEVE = "list", "retrieve"
ID_LENGTH_LIMIT = 18


class MayRead(BasePermission):
    """A key of a shop's office, or somebody who has logged in and may view the rows."""

    message: Any = _("You may not see this.")

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, KeyCaller):
            self.message = _("This key has another role: the office API needs a key of the role “office”.")
            return request.user.key.role == ApiKey.Role.OFFICE
        return request.user.has_perm(view.view_permission)


class OfficeViewSet(GenericViewSet[Row]):
    """A list and its rows, read only. A subclass says which; `serializer_class` is that of the list."""

    authentication_classes = (KeyAuthentication, SessionAuthentication)
    permission_classes: Any = (MayRead,)
    throttle_classes = (OfficeThrottle,)
    parser_classes = (BoundedJSONParser,)
    renderer_classes = (JSONRenderer, CsvRenderer, XlsxRenderer)
    content_negotiation_class = StrictNegotiation
    pagination_class = KeysetPagination
    metadata_class = None
    http_method_names = ("get", "head", "post")
    lookup_url_kwarg = "id"
    schema = OfficeSchema()

    table_name: str
    summaries: Mapping[str, str | Promise] = MappingProxyType({})
    view_permission: str
    list_order: Sequence[str]
    detail_serializer_class: type[BaseSerializer[Any]]
    filterset_class: Any
    examples = Path(__file__).parents[1] / "examples"

    def get_queryset(self) -> QuerySet[Row]:
        return only_permitted(self.get_rows(), self.request.user, self.view_permission)

    def get_rows(self) -> QuerySet[Row]:
        """The rows of all shops, with what the answer needs of other tables."""
        return super().get_queryset()

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return super().get_serializer_class() if self.action == LIST else self.detail_serializer_class

    def get_renderers(self) -> list[BaseRenderer]:
        return super().get_renderers() if self.action == LIST else [JSONRenderer()]

    def get_object(self) -> Row:
        """An id that no row can have is an id that no row has."""
        text = self.kwargs[self.lookup_url_kwarg]
        if not (text.isascii() and text.isdigit() and len(text) <= ID_LENGTH_LIMIT):
            raise Http404
        return super().get_object()

    def list(self, request: Request) -> HttpResponseBase:
        rows = self.filter_queryset(self.get_queryset())
        renderer = request.accepted_renderer
        if isinstance(renderer, TableRenderer):
            serializer: Any = self.get_serializer()
            fields = list(serializer.fields.values())
            return write_table(sort_newest_first(rows, self.list_order), fields, renderer, self.table_name)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(rows), many=True).data)

    def retrieve(self, request: Request, id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(request, self._list_parameters(request))

    def _list_parameters(self, request: Request) -> Mapping[str, bool]:
        known = {str(api_settings.URL_FORMAT_OVERRIDE): False}
        if self.action != LIST:
            return known
        if not isinstance(request.accepted_renderer, TableRenderer):
            known |= {CURSOR: False, PAGE_SIZE: False}
        return known | list_repeatable(self.filterset_class)

    def handle_exception(self, exc: Exception) -> Response:
        """An error is JSON, whatever format was asked for."""
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What is said to one caller is kept by nobody in between."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer
