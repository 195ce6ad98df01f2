"""Advances that a settlement receipt shows once more."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.case import Case
from shops.models import Shop


class SetOff(models.Model):
    """How much of what was taken on account a settlement receipt of the bill showed again, and when it was printed.

    Money counts once: what came in on some days is the sales of these days less what they set off. It says nothing
    that the receipts of the case do not; the judge writes it, for working it out takes all receipts of a bill.
    """

    SHOP_PATH = "shop"

    case = models.ForeignKey(Case, models.CASCADE, related_name="set_offs", verbose_name=_("case"), db_index=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+", verbose_name=_("shop"), db_index=False)
    dated_at = models.DateTimeField(_("date"))
    amount = models.DecimalField(_("amount"), max_digits=15, decimal_places=2)

    class Meta:
        verbose_name = _("advance set off")
        verbose_name_plural = _("advances set off")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "dated_at"), name="advance_is_set_off_once_at_a_time"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("shop", "dated_at"), include=("amount",), name="set_off_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.amount}"
