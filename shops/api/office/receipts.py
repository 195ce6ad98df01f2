"""Receipts for the back office: the list, its filters, and one receipt with its lines and deliveries."""

from types import MappingProxyType
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shops.allocated import list_parts, paid_bill, pays, pays_some_bill, with_parts
from shops.api.filters import (
    amount_filter,
    contains_filter,
    number_filter,
    text_filter,
    texts_filter,
    time_filter,
    truth_filter,
)
from shops.api.office.base import LIST, RETRIEVE, OfficeViewSet
from shops.api.office.fields import RowSerializer, UtcTimeField, optional_id, optional_text, shop_field
from shops.models import AllocatedPart, Receipt, ReceiptDelivery, ReceiptLine

CUSTOMER = ("customer_name", "customer_taxpayer_number")
RECEIPT_ID = "97ffa4fe-7d2e-44a4-8b64-801de95035f1"
STORE_ID = "20170606-69FB-40FF-805C-7724F9A7F221"


class ReceiptFilter(FilterSet):  # type: ignore[misc]
    shop = number_filter("shop", _("Number of the shop."), example=40)
    receipt_id = text_filter("receipt_id", _("The receipt's id at Evotor."), example=RECEIPT_ID)
    bill = number_filter(
        "bill", _("A bill that it pays, by `id` of the list of bills."), example=1, select=lambda pk: pays([pk])
    )
    bill_external_id = text_filter("bill_external_id", _("The bill's id as the receipt says it."), example="137456")
    bill_number = text_filter("bill_number", _("The bill's number as the receipt says it."), example="56770")
    has_bill = truth_filter(pays_some_bill(), _("Whether it pays a bill that is known."))
    customer = contains_filter(CUSTOMER, _("A part of the customer's name or taxpayer number."), example="Полина")
    search = contains_filter(
        ("receipt_id", "bill_external_id", "bill_number", *CUSTOMER),
        _("A part of the receipt's id, the bill's id or number, or the customer."),
        example="567",
    )
    type = texts_filter("type", _("SELL, PAYBACK, BUY or BUYBACK; repeatable."), example="SELL")
    payment_source = texts_filter(
        "payment_source", _("PAY_CASH, PAY_CARD, OTHER or what Evotor brings later; repeatable."), example="PAY_CARD"
    )
    settlement_method = texts_filter(
        "settlement_method", _("The settlement method, as Evotor names it; repeatable."), example="FullSettlement"
    )
    informational = truth_filter(Q(informational=True), _("Whether it is not fiscal: no money was received by it."))
    content_modified = truth_filter(
        Q(content_modified=True), _("Whether the cashier has changed the bill's contents at the register.")
    )
    printed_from = time_filter("printed_at", "gte", _("Printed at this time or later."), example="2026-03-25")
    printed_before = time_filter("printed_at", "lt", _("Printed before this time."), example="2026-03-26")
    received_from = time_filter("received_at", "gte", _("Received at this time or later."), example="2026-03-25")
    received_before = time_filter("received_at", "lt", _("Received before this time."), example="2026-03-26")
    total_from = amount_filter("total", "gte", _("A total of at least this."), example="372")
    total_to = amount_filter("total", "lte", _("A total of at most this."), example="650.00")
    store = text_filter("store__evotor_id", _("The store, by its id at Evotor."), example=STORE_ID)
    terminal = text_filter(
        "terminal__evotor_id",
        _("The terminal, by its id at Evotor."),
        example="20170525-C638-40EF-80D6-0B53FE6D9F9F",
    )
    employee = text_filter(
        "employee__evotor_id",
        _("The employee, by the id at Evotor."),
        example="20190512-47A9-407B-8081-E9AE45B3F345",
    )
    shift = text_filter("shift", _("The shift, as the terminal numbers it."), example="1434")


class ReceiptSerializer(RowSerializer):
    """A row of the list of receipts. `bill` leads to the bill that it pays, null where a person has split it over
    several (`is_allocated`); the other words about it are the receipt's own.
    """

    shop = shop_field()
    bill = optional_id("paid_bill")
    store = optional_text("store.evotor_id")
    terminal = optional_text("terminal.evotor_id")
    employee = optional_text("employee.evotor_id")

    class Meta:
        model = Receipt
        fields: Any = (
            "id",
            "shop",
            "receipt_id",
            "type",
            "printed_at",
            "received_at",
            "total",
            "tax",
            "discount",
            "informational",
            "payment_source",
            "settlement_method",
            "bill",
            "is_allocated",
            "bill_external_id",
            "bill_number",
            "customer_name",
            "content_modified",
            "shift",
            "store",
            "terminal",
            "employee",
        )


class ReceiptLineSerializer(RowSerializer):
    class Meta:
        model = ReceiptLine
        fields = (
            "position",
            "product_external_id",
            "name",
            "price",
            "quantity",
            "discount",
            "total",
            "tax",
            "tax_percent",
            "item_type",
            "unit",
        )


class ReceiptDeliverySerializer(RowSerializer):
    """One arrival of the receipt. `event` is the entry of the journal."""

    event = optional_id("event_id")
    occurred_at = UtcTimeField(source="event.occurred_at", read_only=True)
    answered = serializers.SerializerMethodField()
    same_contents = serializers.SerializerMethodField()

    class Meta:
        model = ReceiptDelivery
        fields = ("event", "evotor_event_id", "occurred_at", "answered", "same_contents")

    def get_answered(self, delivery: ReceiptDelivery) -> bool:
        return delivery.event.answer_id is not None

    def get_same_contents(self, delivery: ReceiptDelivery) -> bool:
        return delivery.fingerprint == delivery.receipt.fingerprint


class AllocatedPartSerializer(RowSerializer):
    """What it pays of one bill; without a bill, what pays none."""

    bill = optional_id("bill_id")

    class Meta:
        model = AllocatedPart
        fields = ("bill", "amount")


class ReceiptDetailSerializer(ReceiptSerializer):
    """A receipt with its lines, and each of its deliveries, the first one first.

    `parts` says what it pays, as a person has matched it or as it says itself.
    """

    store_name = serializers.SerializerMethodField()
    terminal_name = optional_text("terminal.shown_name")
    employee_name = optional_text("employee.shown_name")
    new_content = serializers.ListField(child=serializers.JSONField(), read_only=True)
    parts = serializers.SerializerMethodField()
    lines = ReceiptLineSerializer(many=True, read_only=True)
    deliveries = ReceiptDeliverySerializer(many=True, read_only=True)

    class Meta(ReceiptSerializer.Meta):
        fields = (
            *ReceiptSerializer.Meta.fields,
            "store_name",
            "terminal_name",
            "employee_name",
            "customer_taxpayer_number",
            "bill_issued_at",
            "prepayment",
            "new_content",
            "user_id",
            "parts",
            "lines",
            "deliveries",
        )

    def get_store_name(self, receipt: Receipt) -> str | None:
        """Of a store of another shop only the id is told."""
        store = receipt.store
        return store.shown_name if store and store.shop_id == receipt.shop_id else None

    @extend_schema_field(AllocatedPartSerializer(many=True))
    def get_parts(self, receipt: Receipt) -> Any:
        return AllocatedPartSerializer(list_parts(receipt), many=True).data


class ReceiptViewSet(OfficeViewSet[Receipt]):
    queryset = Receipt.objects.all()
    serializer_class = ReceiptSerializer
    detail_serializer_class = ReceiptDetailSerializer
    filterset_class = ReceiptFilter
    view_permission = "shops.view_receipt"
    list_order = ("received_at", "id")
    table_name = "receipts"
    summaries = MappingProxyType({LIST: _("Receipts"), RETRIEVE: _("A receipt with its lines and deliveries")})

    def get_rows(self) -> QuerySet[Receipt]:
        if self.action != RETRIEVE:
            return select_receipts()
        deliveries = ReceiptDelivery.objects.select_related("event")
        return with_parts(select_receipts()).prefetch_related(
            Prefetch("lines", ReceiptLine.objects.order_by("position")),
            Prefetch("deliveries", deliveries.order_by("event__occurred_at", "event__position", "pk")),
        )


def select_receipts() -> QuerySet[Receipt]:
    """All receipts, with what a row of the list shows."""
    receipts = Receipt.objects.select_related("store", "terminal", "employee")
    return receipts.annotate(paid_bill=paid_bill())
