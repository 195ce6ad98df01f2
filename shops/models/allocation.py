"""Which bills a receipt pays, where a person has said so."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.bill import Bill
from shops.models.receipt import Receipt, ReceiptLine


class Allocation(models.Model):
    """What a person has said about the bills that a receipt pays: a fact beside what the receipt itself says.

    The parts of an allocation add up to the receipt's total. One without parts says that the receipt's own word counts
    again. An allocation counts until the next one takes its place; none is ever changed or removed.
    """

    SHOP_PATH = "receipt__shop"

    receipt = models.ForeignKey(Receipt, models.PROTECT, related_name="allocations", verbose_name=_("receipt"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"))
    comment = models.TextField(_("comment"), blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, related_name="replaced_by", verbose_name=_("takes the place of"), null=True, blank=True
    )
    ended_at = models.DateTimeField(_("counted until"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("ended by"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("allocation of a receipt")
        verbose_name_plural = _("allocations of receipts")
        ordering = ("receipt_id", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("receipt",), condition=models.Q(ended_at=None), name="receipt_has_one_allocation_that_counts"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False),
                name="allocation_is_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} · {self.decided_by}"


class AllocatedPart(models.Model):
    """What a receipt pays of one bill; without a bill, what pays none of ours.

    A part without lines of its own is the whole receipt.
    """

    SHOP_PATH = "allocation__receipt__shop"

    allocation = models.ForeignKey(Allocation, models.PROTECT, related_name="parts", verbose_name=_("allocation"))
    position = models.PositiveIntegerField(_("position"))
    bill = models.ForeignKey(
        Bill, models.PROTECT, related_name="allocated_parts", verbose_name=_("bill"), null=True, blank=True
    )
    amount = models.DecimalField(_("sum"), max_digits=15, decimal_places=2)

    class Meta:
        verbose_name = _("part of a receipt")
        verbose_name_plural = _("parts of receipts")
        ordering = ("allocation_id", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("allocation", "position"), name="parts_of_a_receipt_are_numbered"),
            models.UniqueConstraint(
                fields=("allocation", "bill"),
                condition=models.Q(bill__isnull=False),
                name="receipt_pays_a_bill_with_one_part",
            ),
            models.UniqueConstraint(
                fields=("allocation",), condition=models.Q(bill=None), name="receipt_pays_no_bill_with_one_part"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allocation.receipt} → {self.bill or '—'}"


class AllocatedLine(models.Model):
    """How much of a line of the receipt belongs to a part."""

    SHOP_PATH = "part__allocation__receipt__shop"

    part = models.ForeignKey(AllocatedPart, models.PROTECT, related_name="lines", verbose_name=_("part of a receipt"))
    line = models.ForeignKey(ReceiptLine, models.PROTECT, related_name="+", verbose_name=_("receipt line"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    total = models.DecimalField(_("sum"), max_digits=15, decimal_places=2)

    class Meta:
        verbose_name = _("part of a receipt line")
        verbose_name_plural = _("parts of receipt lines")
        ordering = ("part_id", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("part", "line"), name="part_has_a_receipt_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.line} · {self.part}"
