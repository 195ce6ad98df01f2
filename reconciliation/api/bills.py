"""Bills for the back office, with what was found about them."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reconciliation.api.discrepancies import EXAMPLES, DiscrepancySerializer, select_discrepancies
from reconciliation.models import Case
from shops.api.office.base import RETRIEVE
from shops.api.office.bills import BillDetailSerializer, BillViewSet
from shops.models import Bill


class JudgedBillSerializer(BillDetailSerializer):
    """A bill with its lines, its receipts and its discrepancies."""

    discrepancies = serializers.SerializerMethodField()

    class Meta(BillDetailSerializer.Meta):
        fields = (*BillDetailSerializer.Meta.fields, "discrepancies")

    @extend_schema_field(DiscrepancySerializer(many=True))
    def get_discrepancies(self, bill: Bill) -> Any:
        """None of a bill that has not been judged yet."""
        case: Case | None = getattr(bill, "case", None)
        return DiscrepancySerializer(case.discrepancies.all() if case else [], many=True).data


class JudgedBillViewSet(BillViewSet):
    detail_serializer_class = JudgedBillSerializer
    examples = EXAMPLES

    def get_rows(self) -> QuerySet[Bill]:
        rows = super().get_rows()
        if self.action != RETRIEVE:
            return rows
        found = select_discrepancies().order_by("opened_at", "pk")
        return rows.select_related("case").prefetch_related(Prefetch("case__discrepancies", found))
