"""Pages of a list, newest first, that neither repeat nor skip a row while others are inserted."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connections
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

CURSOR, PAGE_SIZE = "cursor", "page_size"
ROWS_PER_PAGE = 100
ROWS_PER_PAGE_LIMIT = 500
BIGGEST_INTEGER = 2**63 - 1

Value = datetime | int | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: what its row has in the fields of the order; `backwards` leads to newer rows."""

    values: Sequence[Value]
    backwards: bool = False

    def write(self) -> str:
        values = [value.isoformat() if isinstance(value, datetime) else value for value in self.values]
        text = json.dumps([int(self.backwards), *values], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, length: int) -> Cursor:
    """What `Cursor.write` wrote: a time or nothing, then `length` - 1 whole numbers. Raises ValidationError."""
    try:
        decoded = base64.b64decode((text + "=" * (-len(text) % 4)).encode("ascii"), altchars=b"-_", validate=True)
        backwards, time, *numbers = json.loads(decoded)
        values: list[Value] = [None if time is None else _read_time(time)]
        values += [_check_number(number) for number in numbers]
        cursor = Cursor(values, bool(_check_number(backwards)))
    except (ValueError, TypeError, OverflowError, RecursionError):
        cursor = None
    if cursor is None or len(cursor.values) != length:
        raise ValidationError({CURSOR: [_("Not a cursor of this list. Take it from `next` or `previous`.")]})
    return cursor


def _read_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None or not 1 < time.year < 9999:  # beyond these no time zone can show it
        raise ValueError(text)
    return time


def _check_number(number: Any) -> int:
    if not isinstance(number, int) or not 0 <= number <= BIGGEST_INTEGER:
        raise ValueError(number)
    return number


class KeysetPagination(BasePagination):
    """Pages by place, not by count: the cursor names the row where a page ended.

    The view's `list_order` names the fields, all of them falling: a time, which may be empty, then whole numbers,
    the last of them unique.
    """

    order: Sequence[str]
    request: Request
    cursor: Cursor | None
    rows: list[Any]
    has_more: bool

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.order, self.request = view.list_order, request
        size = _read_page_size(request)
        text = request.query_params.get(CURSOR)
        self.cursor = None if text is None else read_cursor(text, len(self.order))
        backwards = self.cursor is not None and self.cursor.backwards
        if self.cursor is not None:
            queryset = queryset.filter(_beyond(queryset, self.order, self.cursor))
        found = list(sort_newest_first(queryset, self.order, backwards=backwards)[: size + 1])
        self.has_more = len(found) > size
        self.rows = found[:size][::-1] if backwards else found[:size]
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next(), "previous": self._previous(), "results": data})

    def _next(self) -> str | None:
        came_back = self.cursor is not None and self.cursor.backwards
        return self._address(self.rows[-1], backwards=False) if self.rows and (self.has_more or came_back) else None

    def _previous(self) -> str | None:
        if self.cursor is None or not self.rows or (self.cursor.backwards and not self.has_more):
            return None
        return self._address(self.rows[0], backwards=True)

    def _address(self, row: Model, *, backwards: bool) -> str:
        cursor = Cursor([attrgetter(name)(row) for name in self.order], backwards)
        return replace_query_param(self.request.build_absolute_uri(), CURSOR, cursor.write())

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": gettext_lazy("The page of older rows.")},
                "previous": {**link, "description": gettext_lazy("The page of newer rows.")},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": ROWS_PER_PAGE_LIMIT, "default": ROWS_PER_PAGE}
        return [
            {
                "name": CURSOR,
                "in": "query",
                "description": gettext_lazy("A place in the list. Take it from `next` or `previous`."),
                "schema": {"type": "string", "minLength": 1},
            },
            {"name": PAGE_SIZE, "in": "query", "description": gettext_lazy("Rows in a page."), "schema": size},
        ]


def sort_newest_first(rows: QuerySet[Any], order: Sequence[str], *, backwards: bool = False) -> QuerySet[Any]:
    return rows.order_by(*(name if backwards else f"-{name}" for name in order))


def _read_page_size(request: Request) -> int:
    text = request.query_params.get(PAGE_SIZE, str(ROWS_PER_PAGE))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= ROWS_PER_PAGE_LIMIT):
        raise ValidationError({PAGE_SIZE: [_("A whole number from 1 to %d.") % ROWS_PER_PAGE_LIMIT]})
    return int(text)


def _beyond(rows: QuerySet[Any], order: Sequence[str], cursor: Cursor) -> Q:
    """The rows after the cursor's, in its direction. An empty time stands where the database sorts it."""
    empty_is_largest = connections[rows.db].features.nulls_order_largest
    empty_comes_last = empty_is_largest if cursor.backwards else not empty_is_largest
    further = "gt" if cursor.backwards else "lt"
    name, value = order[0], cursor.values[0]
    may_be_empty = rows.model._meta.get_field(name).null
    tie = _beyond_in_a_tie(order[1:], cursor.values[1:], further)
    if value is None:
        others = Q() if empty_comes_last else Q(**{f"{name}__isnull": False})
        return (Q(**{f"{name}__isnull": True}) & tie) | others
    # The first bound says nothing new: it lets the database begin at the right place of the index.
    after = Q(**{f"{name}__{further}e": value}) & (Q(**{f"{name}__{further}": value}) | tie)
    return after | Q(**{f"{name}__isnull": True}) if may_be_empty and empty_comes_last else after


def _beyond_in_a_tie(order: Sequence[str], values: Sequence[Value], further: str) -> Q:
    name, value = order[0], values[0]
    beyond = Q(**{f"{name}__{further}": value})
    if len(order) > 1:
        beyond |= Q(**{name: value}) & _beyond_in_a_tie(order[1:], values[1:], further)
    return beyond
