"""Where, by whom and how the receipts of a case were paid."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.case import Case
from shops.models import Employee, Receipt, Store, Terminal


class CaseReceipt(models.Model):
    """One receipt of a case that has (or had) a discrepancy, with what the queue is filtered by.

    It says nothing that the receipt does not. The way from a million receipts over their bills to the cases takes
    seconds; this is read off one index.
    """

    SHOP_PATH = "case__shop"

    case = models.ForeignKey(Case, models.CASCADE, related_name="receipts", verbose_name=_("case"), db_index=False)
    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="+", verbose_name=_("receipt"), db_index=False)
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="+", verbose_name=_("store"), null=True, blank=True, db_index=False
    )
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="+", verbose_name=_("terminal"), null=True, blank=True, db_index=False
    )
    employee = models.ForeignKey(
        Employee, models.PROTECT, related_name="+", verbose_name=_("employee"), null=True, blank=True, db_index=False
    )
    payment_source = models.CharField(_("payment"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("receipt of a case")
        verbose_name_plural = _("receipts of cases")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "receipt"), name="case_has_a_receipt_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("store", "case"), name="case_receipt_by_store"),
            models.Index(fields=("terminal", "case"), name="case_receipt_by_terminal"),
            models.Index(fields=("employee", "case"), name="case_receipt_by_employee"),
            models.Index(fields=("payment_source", "case"), name="case_receipt_by_payment"),
        ]

    def __str__(self) -> str:
        return str(self.receipt)
