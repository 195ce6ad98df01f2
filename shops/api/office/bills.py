"""Bills for the back office: the list, its filters, and one bill with its lines and receipts."""

from types import MappingProxyType
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shops.allocated import has_receipt, pays
from shops.api.filters import (
    amount_filter,
    contains_filter,
    number_filter,
    text_filter,
    time_filter,
    truth_filter,
)
from shops.api.office.base import LIST, RETRIEVE, OfficeViewSet
from shops.api.office.fields import RowSerializer, shop_field
from shops.api.office.receipts import ReceiptSerializer, select_receipts
from shops.models import Bill, BillLine, BillVersion
from shops.money import format_plain, multiply

CUSTOMER = ("customer_name", "customer_taxpayer_number")


class BillFilter(FilterSet):  # type: ignore[misc]
    shop = number_filter("shop", _("Number of the shop."), example=40)
    external_id = text_filter("external_id", _("The bill's id in the CRM."), example="137456")
    number = text_filter("number", _("The bill's number."), example="56770")
    customer = contains_filter(CUSTOMER, _("A part of the customer's name or taxpayer number."), example="Полина")
    search = contains_filter(
        ("external_id", "number", *CUSTOMER), _("A part of the id, the number or the customer."), example="567"
    )
    issued_from = time_filter("issued_at", "gte", _("Issued at this time or later."), example="2026-03-24")
    issued_before = time_filter("issued_at", "lt", _("Issued before this time."), example="2026-03-25T00:00:00Z")
    total_from = amount_filter("total", "gte", _("A total of at least this."), example="1000")
    total_to = amount_filter("total", "lte", _("A total of at most this."), example="31690.00")
    on_offer = truth_filter(Q(on_offer=True), _("Whether it is offered for payment."))
    contents_known = truth_filter(Q(version__gt=0), _("Whether its lines are known."))
    has_receipts = truth_filter(has_receipt(), _("Whether there is any receipt for it."))


class BillSerializer(RowSerializer):
    """A row of the list of bills."""

    shop = shop_field()
    due = serializers.DecimalField(max_digits=15, decimal_places=2, read_only=True)
    contents_known = serializers.BooleanField(read_only=True)

    class Meta:
        model = Bill
        fields: Any = (
            "id",
            "shop",
            "external_id",
            "number",
            "issued_at",
            "customer_name",
            "customer_taxpayer_number",
            "total",
            "prepayment",
            "due",
            "listed_total",
            "contents_known",
            "version",
            "on_offer",
            "offered_total",
            "cancelled_at",
            "closed_at",
        )


class BillLineSerializer(RowSerializer):
    sum = serializers.SerializerMethodField()

    class Meta:
        model = BillLine
        fields = (
            "position",
            "product_external_id",
            "name",
            "price",
            "quantity",
            "sum",
            "tax_rate",
            "subject",
            "goods_type",
            "unit",
            "mark",
        )

    @extend_schema_field({"type": "string", "format": "decimal"})
    def get_sum(self, line: BillLine) -> str:
        return format_plain(multiply(line.price, line.quantity))


class BillDetailSerializer(BillSerializer):
    """A bill with the lines of its current version and its receipts, the first one first."""

    lines = serializers.SerializerMethodField()
    receipts = serializers.SerializerMethodField()

    class Meta(BillSerializer.Meta):
        fields = (*BillSerializer.Meta.fields, "lines", "receipts")

    @extend_schema_field(ReceiptSerializer(many=True))
    def get_receipts(self, bill: Bill) -> Any:
        receipts = select_receipts().filter(pays([bill.pk])).order_by("printed_at", "receipt_id")
        return ReceiptSerializer(receipts, many=True).data

    @extend_schema_field(BillLineSerializer(many=True))
    def get_lines(self, bill: Bill) -> Any:
        version = next((version for version in bill.versions.all() if version.sequence == bill.version), None)
        return BillLineSerializer(version.lines.all() if version else [], many=True).data


class BillViewSet(OfficeViewSet[Bill]):
    queryset = Bill.objects.all()
    serializer_class = BillSerializer
    detail_serializer_class = BillDetailSerializer
    filterset_class = BillFilter
    view_permission = "shops.view_bill"
    list_order = ("issued_at", "id")
    table_name = "bills"
    summaries = MappingProxyType({LIST: _("Bills"), RETRIEVE: _("A bill with its lines, receipts and discrepancies")})

    def get_rows(self) -> QuerySet[Bill]:
        rows = super().get_rows()
        if self.action != RETRIEVE:
            return rows
        lines = Prefetch("lines", BillLine.objects.order_by("position"))
        return rows.prefetch_related(
            Prefetch("versions", BillVersion.objects.order_by("sequence").prefetch_related(lines))
        )
