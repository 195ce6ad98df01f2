"""What the documents of each day of a shop add up to, kept so that the owner's page need not read them all again."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models import Employee, Shop, Store, Terminal


class DayTotals(models.Model):
    """A day of a shop, by the clock of its time zone, whose totals are kept: they say nothing that facts do not.

    `bills` and `billed_kopecks` are of the bills of the day that the CRM has not withdrawn. Whether a bill that was
    withdrawn is billed depends on when one asks.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+", verbose_name=_("shop"), db_index=False)
    day = models.DateField(_("day"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    bills = models.PositiveIntegerField(_("bills"))
    billed_kopecks = models.BigIntegerField(_("billed, in kopecks"))

    class Meta:
        verbose_name = _("totals of a day")
        verbose_name_plural = _("totals of days")
        default_permissions = ()
        constraints: ClassVar = [models.UniqueConstraint(fields=("shop", "day"), name="day_totals_are_kept_once")]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day}"


class DayTakings(models.Model):
    """The receipts of a day of one place, person, means of payment and type that brought money or gave it back."""

    SHOP_PATH = "totals__shop"

    totals = models.ForeignKey(
        DayTotals, models.CASCADE, related_name="takings", verbose_name=_("totals of a day"), db_index=False
    )
    store = models.ForeignKey(
        Store, models.CASCADE, related_name="+", verbose_name=_("store"), null=True, db_index=False
    )
    terminal = models.ForeignKey(
        Terminal, models.CASCADE, related_name="+", verbose_name=_("terminal"), null=True, db_index=False
    )
    employee = models.ForeignKey(
        Employee, models.CASCADE, related_name="+", verbose_name=_("employee"), null=True, db_index=False
    )
    payment_source = models.CharField(_("payment"), max_length=200)
    type = models.CharField(_("type"), max_length=200)
    receipts = models.PositiveIntegerField(_("receipts"))
    kopecks = models.BigIntegerField(_("sum, in kopecks"))

    class Meta:
        verbose_name = _("takings of a day")
        verbose_name_plural = _("takings of days")
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(
                fields=("totals",),
                include=("store", "terminal", "employee", "payment_source", "type", "receipts", "kopecks"),
                name="day_takings",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.totals_id} {self.payment_source} {self.type}"


class DaySales(models.Model):
    """What was sold of a product on a day, less what was given back."""

    SHOP_PATH = "totals__shop"

    totals = models.ForeignKey(
        DayTotals, models.CASCADE, related_name="sales", verbose_name=_("totals of a day"), db_index=False
    )
    product_external_id = models.CharField(_("product id"), max_length=200)
    quantity = models.DecimalField(_("quantity"), max_digits=20, decimal_places=3)
    kopecks = models.BigIntegerField(_("sum, in kopecks"))

    class Meta:
        verbose_name = _("sales of a day")
        verbose_name_plural = _("sales of days")
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(fields=("totals",), include=("product_external_id", "quantity", "kopecks"), name="day_sales"),
        ]

    def __str__(self) -> str:
        return f"{self.totals_id} {self.product_external_id}"


class ChangedDay(models.Model):
    """A day of UTC on which a document of a shop lies that a transaction has brought, changed or removed.

    PostgreSQL writes it in that transaction, whoever the writer is. As long as it stands, nothing that is kept of a
    day that has part in it counts. Each transaction has its own, so that none waits for another's, and so that one
    can be removed together with all that was committed before it, and with nothing else.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(
        Shop, models.DO_NOTHING, related_name="+", verbose_name=_("shop"), db_index=False, db_constraint=False
    )
    day = models.DateField(_("day"))
    changed_by = models.BigIntegerField(_("transaction"))

    class Meta:
        verbose_name = _("changed day")
        verbose_name_plural = _("changed days")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("shop", "day", "changed_by"), name="day_is_changed_once_by_each"),
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} {self.day}"
