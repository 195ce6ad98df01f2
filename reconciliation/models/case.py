"""Cases: the units that are reconciled."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models import Bill, ExchangeEvent, Receipt, Shift, Shop


class Case(models.Model):
    """The unit that is reconciled: a bill with its receipts, a receipt without one, a message, or a shift.

    The figures are those of the last judgement: `gap` = `received` - `due`.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="cases", verbose_name=_("shop"))
    bill = models.OneToOneField(
        Bill, models.PROTECT, related_name="case", verbose_name=_("bill"), null=True, blank=True
    )
    receipt = models.OneToOneField(
        Receipt, models.PROTECT, related_name="case", verbose_name=_("receipt"), null=True, blank=True
    )
    event = models.OneToOneField(
        ExchangeEvent, models.PROTECT, related_name="case", verbose_name=_("journal entry"), null=True, blank=True
    )
    shift = models.OneToOneField(
        Shift, models.PROTECT, related_name="case", verbose_name=_("shift"), null=True, blank=True
    )
    due = models.DecimalField(_("due"), max_digits=15, decimal_places=2, null=True, blank=True)
    received = models.DecimalField(_("received"), max_digits=15, decimal_places=2, null=True, blank=True)
    gap = models.DecimalField(_("difference"), max_digits=15, decimal_places=2, null=True, blank=True)
    fully_paid = models.BooleanField(_("fully paid"), default=False)
    bill_version = models.PositiveIntegerField(_("judged version of the bill"), default=0)
    judged_at = models.DateTimeField(_("judged"))
    judged_as_of = models.DateTimeField(_("judged as of"), help_text=_("The time that deadlines were held against."))
    judge_again_at = models.DateTimeField(_("to be judged again"), null=True, blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ("-pk",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(bill__isnull=False, receipt=None, event=None, shift=None)
                | models.Q(bill=None, receipt__isnull=False, event=None, shift=None)
                | models.Q(bill=None, receipt=None, event__isnull=False, shift=None)
                | models.Q(bill=None, receipt=None, event=None, shift__isnull=False),
                name="case_is_of_one_subject",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("judge_again_at",), condition=models.Q(judge_again_at__isnull=False), name="case_to_judge_again"
            ),
            # What remains of the bills that are not paid is read off this alone.
            models.Index(
                fields=("bill",),
                include=("due", "received"),
                condition=models.Q(bill__isnull=False, fully_paid=False),
                name="case_unpaid",
            ),
        ]

    def __str__(self) -> str:
        return str(self.bill or self.receipt or self.event or self.shift)
