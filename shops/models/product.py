"""The catalogue of a shop, learned from its bills and receipts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.shop import Shop


class Product(models.Model):
    """What a shop sells, as it was last named. The id is text: the wire has both `82` and a UUID."""

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="products", verbose_name=_("shop"), db_index=False)
    external_id = models.CharField(_("id"), max_length=200)
    name = models.TextField(_("name"))
    unit = models.CharField(_("unit"), max_length=200, blank=True)
    price = models.DecimalField(_("last price"), max_digits=15, decimal_places=2)
    tax_rate = models.CharField(_("VAT rate"), max_length=200, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ("shop", "name")
        constraints = (models.UniqueConstraint(fields=("shop", "external_id"), name="product_is_unique_in_shop"),)

    def __str__(self) -> str:
        return self.name or self.external_id
