"""How somebody says that a customer has paid past the registers."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.discrepancy import DiscrepancyStep


class OtherPayment(models.Model):
    """Beside the step that proposes "paid another way": how, how much and on which day of the shop. Never changed."""

    SHOP_PATH = "step__discrepancy__shop"

    class How(models.TextChoices):
        CASH_TO_COURIER = "courier", _("cash to the courier")
        TRANSFER = "transfer", _("bank transfer")
        OTHER = "other", _("otherwise")

    step = models.OneToOneField(DiscrepancyStep, models.PROTECT, related_name="other_payment", verbose_name=_("step"))
    how = models.CharField(_("how it was paid"), max_length=10, choices=How)
    amount = models.DecimalField(_("amount"), max_digits=15, decimal_places=2)
    paid_on = models.DateField(_("day"))

    class Meta:
        verbose_name = _("payment past the registers")
        verbose_name_plural = _("payments past the registers")
        ordering = ("pk",)
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="other_payment_is_some_money"),
            models.CheckConstraint(
                condition=models.Q(how__in=["courier", "transfer", "other"]), name="other_payment_is_made_somehow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_how_display()}, {self.amount}, {self.paid_on}"
