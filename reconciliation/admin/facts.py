"""The pages of bills and receipts, with what was judged about them. `shops` itself knows nothing of judgement."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from reconciliation.admin.page import list_discrepancies
from reconciliation.models import Case
from shops.admin import BillAdmin, ReceiptAdmin
from shops.models import Bill, Receipt

admin.site.unregister([Bill, Receipt])


@admin.register(Bill)
class JudgedBillAdmin(BillAdmin):
    change_form_template = "admin/reconciliation/bill.html"

    def describe(self, request: HttpRequest, row: Bill) -> dict[str, Any]:
        case = Case.objects.filter(bill=row).first()
        return super().describe(request, row) | {"discrepancies": list_discrepancies(case)}


@admin.register(Receipt)
class JudgedReceiptAdmin(ReceiptAdmin):
    change_form_template = "admin/reconciliation/receipt.html"

    def describe(self, request: HttpRequest, row: Receipt) -> dict[str, Any]:
        case = Case.objects.filter(receipt=row).first()
        if case is None and row.bill_id:
            case = Case.objects.filter(bill=row.bill_id).first()
        return super().describe(request, row) | {"discrepancies": list_discrepancies(case)}
