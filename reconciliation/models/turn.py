"""Whose waiting cases are being judged: the shops take turns."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models import Shop


class JudgingTurn(models.Model):
    """Until when the waiting cases of a shop are in somebody's hands; after it they are handed out again.

    It decides who works when, and nothing else: each case is locked by whoever judges it.
    """

    SHOP_PATH = "shop"

    shop = models.OneToOneField(
        Shop, models.CASCADE, primary_key=True, related_name="judging_turn", verbose_name=_("shop")
    )
    handed_out_until = models.DateTimeField(_("handed out until"), null=True, blank=True)

    class Meta:
        verbose_name = _("turn of a shop in judging")
        verbose_name_plural = _("turns of shops in judging")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.shop)
