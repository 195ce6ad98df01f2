"""What retention has removed of the journal."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.shop import Shop


class RetentionRun(models.Model):
    """The texts of one month of UTC that were removed of a shop's journal at one time. The entries themselves stay.

    A later run of the same month removes what the former one had to leave. `digest` tells of which entries the texts
    were: the sum, modulo 2^256, of the BLAKE2b digests of their digests, so that runs can be added up in any order.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="retention_runs", verbose_name=_("shop"))
    month = models.DateField(_("month"), help_text=_("Its first day. Months of UTC."))
    at = models.DateTimeField(_("removed"))
    entries = models.PositiveIntegerField(_("entries"), default=0)
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    fragments = models.PositiveIntegerField(_("fragments"), default=0)
    digest = models.CharField(_("digest of the digests"), max_length=64)
    is_whole = models.BooleanField(_("with the whole month of all shops"), default=False)

    class Meta:
        verbose_name = _("removal by retention")
        verbose_name_plural = _("removals by retention")
        ordering = ("-at", "-pk")
        indexes: ClassVar = [models.Index(fields=("shop", "month"), name="retention_run_by_month")]

    def __str__(self) -> str:
        return f"{self.shop} · {self.month:%Y-%m}"
