"""Closed months of a shop: the protocol of each, what was counted in it, and what was left open knowingly."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.discrepancy import Discrepancy
from shops.models import Bill, Receipt, Shop


class Period(models.Model):
    """A month of a shop that was closed. One that is opened again stays as history, and the month gets a new one.

    `protocol` holds every figure as text, as it was when the month was closed; `digest` is that of the protocol.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="periods", verbose_name=_("shop"))
    month = models.DateField(_("month"), help_text=_("Its first day."))
    closed_at = models.DateTimeField(_("closed"))
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("closed by")
    )
    protocol = models.JSONField(_("protocol"))
    digest = models.CharField(_("digest"), max_length=64)
    reopened_at = models.DateTimeField(_("opened again"), null=True, blank=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("opened again by"),
        null=True,
        blank=True,
    )
    reopening_comment = models.TextField(_("why it was opened again"), blank=True)

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("periods")
        ordering = ("-month", "shop", "-pk")
        permissions: ClassVar = [
            ("close_period", _("Can close a month of a shop")),
            ("reopen_period", _("Can open a closed month again")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("shop", "month"), condition=models.Q(reopened_at=None), name="month_of_a_shop_is_closed_once"
            ),
            models.CheckConstraint(
                condition=models.Q(reopened_at=None, reopened_by=None, reopening_comment="")
                | (models.Q(reopened_at__isnull=False, reopened_by__isnull=False) & ~models.Q(reopening_comment="")),
                name="month_is_opened_again_by_somebody_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shop} · {self.month:%Y-%m}"

    @property
    def is_active(self) -> bool:
        """Whether the month is closed by it still."""
        return self.reopened_at is None


class PeriodEntry(models.Model):
    """What was counted of one document in one closed month, signed as it changes what is outstanding.

    A document has as many entries as it takes for them to add up to its amount: a change that comes after a month is
    closed is an entry of the next one. Money that came without a bill changes nothing that is outstanding of bills;
    its entries are signed as if it did.
    """

    SHOP_PATH = "period__shop"

    class What(models.TextChoices):
        BILLED = "billed", _("billed")
        RECEIVED = "received", _("received")
        REFUNDED = "refunded", _("refunded")
        SET_OFF = "set_off", _("advances set off")
        WRITTEN_OFF = "written_off", _("written off")
        SETTLED = "settled", _("settled otherwise")
        RECEIVED_UNBILLED = "received_unbilled", _("received without a bill")
        REFUNDED_UNBILLED = "refunded_unbilled", _("refunded without a bill")

    class Part(models.TextChoices):
        BEFORE = "before", _("before the first closed month")
        MONTH = "month", _("of the month")
        ADJUSTMENT = "adjustment", _("adjustment of an earlier month")

    period = models.ForeignKey(Period, models.PROTECT, related_name="entries", verbose_name=_("closed month"))
    what = models.CharField(_("what"), max_length=20, choices=What)
    part = models.CharField(_("part"), max_length=10, choices=Part)
    amount = models.DecimalField(_("amount"), max_digits=15, decimal_places=2)
    payment_source = models.CharField(_("payment"), max_length=200, blank=True)
    dated_at = models.DateTimeField(_("date of the document"), null=True, blank=True)
    bill = models.ForeignKey(
        Bill, models.PROTECT, related_name="period_entries", verbose_name=_("bill"), null=True, blank=True
    )
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, related_name="period_entries", verbose_name=_("receipt"), null=True, blank=True
    )
    discrepancy = models.ForeignKey(
        Discrepancy, models.PROTECT, related_name="period_entries", verbose_name=_("discrepancy"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("entry of a closed month")
        verbose_name_plural = _("entries of closed months")
        ordering = ("pk",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(what__in=("billed", "set_off"), bill__isnull=False, receipt=None, discrepancy=None)
                | models.Q(
                    what__in=("received", "refunded", "received_unbilled", "refunded_unbilled"),
                    bill=None,
                    receipt__isnull=False,
                    discrepancy=None,
                )
                | models.Q(what__in=("written_off", "settled"), bill=None, receipt=None, discrepancy__isnull=False),
                name="entry_counts_one_document",
            ),
            models.CheckConstraint(condition=~models.Q(amount=0), name="entry_has_an_amount"),
        ]
        indexes: ClassVar = [models.Index(fields=("period", "part"), name="entry_by_part")]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.amount}"


class PeriodAcknowledgement(models.Model):
    """Somebody has seen that a discrepancy stays open when a month is closed. Of another amount it says nothing.

    `period` is the closing that it served.
    """

    SHOP_PATH = "discrepancy__shop"

    discrepancy = models.ForeignKey(
        Discrepancy, models.PROTECT, related_name="acknowledgements", verbose_name=_("discrepancy")
    )
    month = models.DateField(_("month"))
    amount = models.DecimalField(_("difference"), max_digits=15, decimal_places=2, null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"))
    at = models.DateTimeField(_("time"))
    comment = models.TextField(_("comment"), blank=True)
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="acknowledgements", verbose_name=_("closed month"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ("at", "pk")
        indexes: ClassVar = [models.Index(fields=("month", "discrepancy"), name="acknowledgement_by_month")]

    def __str__(self) -> str:
        return str(self.discrepancy)
