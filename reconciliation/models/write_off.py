"""Where differences are written off to."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models import Shop


class WriteOffAccountQuerySet(models.QuerySet["WriteOffAccount"]):
    def usable_in(self, shop: Shop) -> "WriteOffAccountQuerySet":
        """The accounts in use that differences of this shop can be written off to."""
        return self.filter(models.Q(shop=None) | models.Q(shop=shop), is_active=True)


class WriteOffAccount(models.Model):
    """A place that differences are written off to: rounding, shortage of cash, a discount granted.

    `code` is its number in the accountant's own chart of accounts. One without a shop serves every shop.
    """

    SHOP_PATH = "shop"
    IS_SHARED_WITHOUT_SHOP = True

    shop = models.ForeignKey(
        Shop,
        models.PROTECT,
        related_name="write_off_accounts",
        verbose_name=_("shop"),
        null=True,
        blank=True,
        help_text=_("Empty: for every shop."),
    )
    code = models.CharField(
        _("account"), max_length=20, blank=True, help_text=_("In your chart of accounts: 94, 91.02.")
    )
    name = models.CharField(_("name"), max_length=100)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = WriteOffAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("write-off account")
        verbose_name_plural = _("write-off accounts")
        ordering = ("code", "name", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("shop", "code", "name"), name="write_off_account_is_named_once_in_shop"),
            # One for every shop has none, and a database counts no two missing values as equal.
            models.UniqueConstraint(
                fields=("code", "name"), condition=models.Q(shop=None), name="write_off_account_is_named_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()
