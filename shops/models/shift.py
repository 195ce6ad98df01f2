"""Shifts of cash registers, known from the receipts printed in them and from the registers' own documents."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.shop import Shop, Store, Terminal


class Shift(models.Model):
    """A shift of a terminal: what its register declared of it. What its receipts come to is counted from them.

    `key` is what it was first called: receipts call it by its number or by its id, documents by both, and a document
    may come first. `revenue` of a Z-report counts, else that of the closing of the shift.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="shifts", verbose_name=_("shop"))
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="shifts", verbose_name=_("terminal"))
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="shifts", verbose_name=_("store"), null=True, blank=True
    )
    key = models.CharField(_("shift"), max_length=200)
    session_id = models.CharField(_("shift id"), max_length=200, blank=True)
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closing_revenue = models.DecimalField(
        _("revenue by the closing of the shift"), max_digits=15, decimal_places=2, null=True, blank=True
    )
    report_revenue = models.DecimalField(
        _("revenue by the Z-report"), max_digits=15, decimal_places=2, null=True, blank=True
    )
    unjudged_since = models.DateTimeField(_("waits for judgement since"), null=True, blank=True)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ("-closed_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("terminal", "key"), name="shift_is_unique_at_a_terminal"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("terminal", "session_id"), name="shift_by_session"),
            models.Index(
                fields=("shop", "id"), condition=models.Q(unjudged_since__isnull=False), name="shift_unjudged_of_shop"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} · {self.terminal}"

    @property
    def names(self) -> frozenset[str]:
        """What receipts may call it."""
        return frozenset(filter(None, (self.key, self.session_id)))

    @property
    def declared_revenue(self) -> Decimal | None:
        """What the register says was taken: sales less refunds; None while it has said nothing."""
        return self.closing_revenue if self.report_revenue is None else self.report_revenue
