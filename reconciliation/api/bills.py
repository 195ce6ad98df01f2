"""Bills for the back office, with what was found about them."""

from django.db.models import Prefetch, QuerySet

from reconciliation.api.discrepancies import EXAMPLES, DiscrepancySerializer, select_discrepancies
from shops.api.office.base import RETRIEVE
from shops.api.office.bills import BillDetailSerializer, BillViewSet
from shops.models import Bill


class JudgedBillSerializer(BillDetailSerializer):
    """A bill with its lines, its receipts and its discrepancies."""

    discrepancies = DiscrepancySerializer(many=True, read_only=True, source="case.discrepancies", default=())

    class Meta(BillDetailSerializer.Meta):
        fields = (*BillDetailSerializer.Meta.fields, "discrepancies")


class JudgedBillViewSet(BillViewSet):
    detail_serializer_class = JudgedBillSerializer
    examples = EXAMPLES

    def get_rows(self) -> QuerySet[Bill]:
        rows = super().get_rows()
        if self.action != RETRIEVE:
            return rows
        found = select_discrepancies().order_by("opened_at", "pk")
        return rows.select_related("case").prefetch_related(Prefetch("case__discrepancies", found))
