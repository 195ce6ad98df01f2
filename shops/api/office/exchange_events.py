"""The exchange journal for the back office: the list without bodies, its filters, and one entry verbatim."""

import base64
from types import MappingProxyType
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import FilterSet
from rest_framework import serializers

from shops.api.filters import (
    choices_filter,
    contains_filter,
    number_filter,
    text_filter,
    texts_filter,
    time_filter,
    truth_filter,
)
from shops.api.office.base import LIST, RETRIEVE, OfficeViewSet
from shops.api.office.fields import RowSerializer, optional_id, shop_field
from shops.models import ExchangeEvent

UNREADABLE = ~Q(fault="") | Q(contents__verbatim__isnull=False)
UNANSWERED = Q(direction=ExchangeEvent.DirectionChoice.REQUEST, answer=None)


class ExchangeEventFilter(FilterSet):  # type: ignore[misc]
    shop = number_filter("shop", _("Number of the shop."), example=40)
    kind = texts_filter("kind", _("LIST, BILL, RECEIPT or another kind; repeatable."), example="RECEIPT")
    direction = choices_filter("direction", _("Request or answer; repeatable."), ExchangeEvent.DirectionChoice.values)
    origin = choices_filter("origin", _("Where the entry came from; repeatable."), ExchangeEvent.Origin.values)
    occurred_from = time_filter("occurred_at", "gte", _("At this time or later."), example="2026-03-25T14:24:00Z")
    occurred_before = time_filter("occurred_at", "lt", _("Before this time."), example="2026-03-26")
    bill_external_id = text_filter("bill_external_id", _("The id of the bill that it names."), example="137456")
    bill_number = text_filter("bill_number", _("The number of the bill that it names."), example="56770")
    unreadable = truth_filter(UNREADABLE, _("Whether it cannot be read."))
    unanswered = truth_filter(UNANSWERED, _("Whether it is a request without an answer."))
    search = contains_filter(("contents__body",), _("A part of the body."), example="137456")


class ExchangeEventSerializer(RowSerializer):
    """A row of the journal, without its body. A request leads to its `answer`, an answer to its `request`."""

    shop = shop_field()
    direction = serializers.ChoiceField(ExchangeEvent.DirectionChoice.choices, read_only=True)
    origin = serializers.ChoiceField(ExchangeEvent.Origin.choices, read_only=True)
    answer = optional_id("answer_id")
    request = optional_id("request_key")

    class Meta:
        model = ExchangeEvent
        fields: Any = (
            "id",
            "shop",
            "kind",
            "direction",
            "occurred_at",
            "position",
            "origin",
            "bill_external_id",
            "bill_number",
            "answer",
            "request",
            "remark",
            "fault",
        )


class ExchangeEventDetailSerializer(ExchangeEventSerializer):
    """An entry of the journal with its body as it came; `verbatim` (base64) where a text cannot hold it.

    Where `text_is_removed`, the shop's retention has removed the body; `size_bytes` says how long it was.
    """

    body = serializers.CharField(read_only=True)
    verbatim = serializers.SerializerMethodField()
    text_is_removed = serializers.BooleanField(read_only=True)

    class Meta(ExchangeEventSerializer.Meta):
        fields = (*ExchangeEventSerializer.Meta.fields, "size_bytes", "text_is_removed", "body", "verbatim")

    def get_verbatim(self, event: ExchangeEvent) -> str | None:
        return None if event.verbatim is None else base64.b64encode(event.verbatim).decode()


class ExchangeEventViewSet(OfficeViewSet[ExchangeEvent]):
    queryset = ExchangeEvent.objects.all()
    serializer_class = ExchangeEventSerializer
    detail_serializer_class = ExchangeEventDetailSerializer
    filterset_class = ExchangeEventFilter
    view_permission = "shops.view_exchangeevent"
    list_order = ("occurred_at", "position", "id")
    table_name = "exchange-events"
    summaries = MappingProxyType({LIST: _("The exchange journal"), RETRIEVE: _("An entry of the journal, verbatim")})

    def get_rows(self) -> QuerySet[ExchangeEvent]:
        return super().get_rows().annotate(request_key=F("request__pk"))
