"""The pages of bills and receipts, with what was judged about them. `shops` itself knows nothing of judgement."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from reconciliation.admin.linking import BillLinkingMixin, ReceiptLinkingMixin
from reconciliation.case_page import list_discrepancies
from reconciliation.models import Case
from shops.admin import BillAdmin, ReceiptAdmin
from shops.allocated import list_paid_bills
from shops.models import Bill, Receipt

admin.site.unregister([Bill, Receipt])


@admin.register(Bill)
class JudgedBillAdmin(BillLinkingMixin, BillAdmin):
    change_form_template = "admin/reconciliation/bill.html"

    def describe(self, request: HttpRequest, row: Bill) -> dict[str, Any]:
        case = Case.objects.filter(bill=row).first()
        found = {"discrepancies": list_discrepancies(case)}
        return super().describe(request, row) | found | self.describe_linking(request, row)


@admin.register(Receipt)
class JudgedReceiptAdmin(ReceiptLinkingMixin, ReceiptAdmin):
    change_form_template = "admin/reconciliation/receipt.html"

    def describe(self, request: HttpRequest, row: Receipt) -> dict[str, Any]:
        bills = list_paid_bills(row)
        cases = Case.objects.filter(Q(receipt=row) | Q(bill__in=bills)).order_by("pk")
        causes = [cause for case in cases for cause in list_discrepancies(case)]
        found = {"discrepancies": causes}
        return super().describe(request, row) | found | self.describe_linking(request, row)
