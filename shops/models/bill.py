"""Bills: what the CRM asks to be paid."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.exchange import ExchangeEvent
from shops.models.shop import Shop


class Bill(models.Model):
    """A bill as it was last stated. Every statement of its contents is kept as a `BillVersion`.

    The row is written whenever something is learned of the bill, and every index with it: what nobody looks bills up
    by, as the messages that state and list them, has none. A shop is the first column of several.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="bills", verbose_name=_("shop"), db_index=False)
    external_id = models.CharField(_("id"), max_length=200)
    number = models.CharField(_("number"), max_length=200, blank=True)
    issued_at = models.DateTimeField(_("date"), null=True, blank=True)
    customer_name = models.TextField(_("customer"), blank=True)
    customer_taxpayer_number = models.CharField(_("customer's taxpayer number"), max_length=200, blank=True)
    total = models.DecimalField(_("total"), max_digits=15, decimal_places=2)
    prepayment = models.DecimalField(_("prepayment"), max_digits=15, decimal_places=2, default=Decimal(0))
    version = models.PositiveIntegerField(
        _("version"), default=0, help_text=_("The newest statement of its contents; 0: contents unknown.")
    )
    stated_by = models.ForeignKey(
        ExchangeEvent,
        models.PROTECT,
        related_name="+",
        verbose_name=_("last BILL answer"),
        null=True,
        blank=True,
        db_index=False,
    )
    listed_total = models.DecimalField(_("total in LIST"), max_digits=15, decimal_places=2, null=True, blank=True)
    listed_by = models.ForeignKey(
        ExchangeEvent,
        models.PROTECT,
        related_name="+",
        verbose_name=_("last LIST answer with it"),
        null=True,
        blank=True,
        db_index=False,
    )
    upstream_listed_by = models.ForeignKey(
        ExchangeEvent,
        models.PROTECT,
        related_name="+",
        verbose_name=_("last news of it in a LIST of the CRM"),
        null=True,
        blank=True,
        db_index=False,
        help_text=_("What the CRM tells crmpos is not what a register was offered."),
    )
    left_list_at = models.DateTimeField(
        _("left the CRM's list"),
        null=True,
        blank=True,
        help_text=_("The CRM of the shop does not list it any more."),
    )
    opened_by = models.ForeignKey(
        ExchangeEvent,
        models.PROTECT,
        related_name="+",
        verbose_name=_("first opened by"),
        null=True,
        blank=True,
        db_index=False,
    )
    cancelled_at = models.DateTimeField(
        _("cancelled"), null=True, blank=True, help_text=_("The CRM has withdrawn it; it is not offered any more.")
    )
    closed_at = models.DateTimeField(
        _("closed"), null=True, blank=True, help_text=_("A decision has closed it; it is not offered any more.")
    )
    on_offer = models.BooleanField(_("offered for payment"), default=True)
    offered_total = models.DecimalField(
        _("remaining total"),
        max_digits=15,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("What is offered of a bill that is paid in part."),
    )
    is_paid = models.BooleanField(
        _("paid in full"),
        default=False,
        editable=False,
        help_text=_("As it was last judged: nothing of it is left to pay."),
    )
    unjudged_since = models.DateTimeField(_("waits for judgement since"), null=True, blank=True)

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ("-issued_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("shop", "external_id"), name="bill_is_unique_in_shop"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("shop", "number"), name="bill_by_number"),
            models.Index(fields=("-issued_at", "-id"), name="bill_by_date"),
            models.Index(fields=("shop", "-issued_at", "-id"), condition=models.Q(on_offer=True), name="bill_on_offer"),
            models.Index(
                fields=("shop", "id"), condition=models.Q(unjudged_since__isnull=False), name="bill_unjudged_of_shop"
            ),
            models.Index(fields=("shop", "total"), name="bill_by_total"),
            models.Index(
                fields=("shop", "offered_total"),
                condition=models.Q(offered_total__isnull=False),
                name="bill_by_remaining_total",
            ),
            # What a shop billed on some days is read off these alone.
            models.Index(
                fields=("shop", "issued_at"),
                include=("id", "total", "prepayment", "cancelled_at"),
                name="bill_billed",
            ),
            models.Index(fields=("shop",), condition=models.Q(issued_at=None), name="bill_without_date"),
            # What is outstanding, without the bills that are paid.
            models.Index(
                fields=("shop", "issued_at"),
                include=("id", "total", "prepayment"),
                condition=models.Q(is_paid=False, cancelled_at=None, closed_at=None),
                name="bill_outstanding",
            ),
            models.Index(
                fields=("shop", "issued_at"), condition=models.Q(cancelled_at__isnull=False), name="bill_cancelled"
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.external_id

    @classmethod
    def with_messages(cls) -> models.QuerySet["Bill"]:
        """All, with the messages that state, list and open them."""
        messages = ("stated_by", "listed_by", "upstream_listed_by", "opened_by")
        return cls._default_manager.select_related("shop", *messages)

    @classmethod
    def with_moments(cls) -> models.QuerySet["Bill"]:
        """All, with no more of the messages than when they list and open them."""
        moments = (
            f"{message}__{field}" for message in ("listed_by", "opened_by") for field in ("occurred_at", "position")
        )
        own = (field.name for field in cls._meta.concrete_fields)
        return cls._default_manager.select_related("listed_by", "opened_by").only(*own, *moments)

    @property
    def contents_known(self) -> bool:
        """False for a bill known from LIST alone."""
        return self.version > 0

    @property
    def due(self) -> Decimal:
        """What is to be paid: the total less the prepayment."""
        return self.total - self.prepayment


class BillVersion(models.Model):
    """One statement of a bill's contents (a BILL answer). A statement equal to the one before makes no new version."""

    SHOP_PATH = "bill__shop"

    bill = models.ForeignKey(Bill, models.CASCADE, related_name="versions", verbose_name=_("bill"), db_index=False)
    sequence = models.PositiveIntegerField(_("version"))
    stated_by = models.ForeignKey(
        ExchangeEvent, models.PROTECT, related_name="bill_versions", verbose_name=_("stated by")
    )
    total = models.DecimalField(_("total"), max_digits=15, decimal_places=2)
    prepayment = models.DecimalField(_("prepayment"), max_digits=15, decimal_places=2)
    prepayment_enabled = models.BooleanField(_("prepayment is allowed"))
    fingerprint = models.CharField(_("fingerprint"), max_length=64)

    class Meta:
        verbose_name = _("bill version")
        verbose_name_plural = _("bill versions")
        ordering = ("bill_id", "sequence")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("bill", "sequence"), name="bill_versions_are_numbered"),
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="bill_versions_begin_with_one"),
        ]

    def __str__(self) -> str:
        return f"{self.bill} / {self.sequence}"


class BillLine(models.Model):
    """One line of a version of a bill."""

    SHOP_PATH = "version__bill__shop"

    version = models.ForeignKey(
        BillVersion, models.CASCADE, related_name="lines", verbose_name=_("version"), db_index=False
    )
    position = models.PositiveIntegerField(_("position"))
    product_external_id = models.CharField(_("product id"), max_length=200, blank=True)
    name = models.TextField(_("name"), blank=True)
    price = models.DecimalField(_("price"), max_digits=15, decimal_places=2)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    tax_rate = models.CharField(_("VAT rate"), max_length=200, blank=True)
    subject = models.CharField(_("subject of settlement"), max_length=200, blank=True)
    goods_type = models.CharField(_("type of goods"), max_length=200, blank=True)
    unit = models.CharField(_("unit"), max_length=200, blank=True)
    mark = models.TextField(_("marking code"), blank=True)
    marked_item = models.CharField(
        _("marked item"), max_length=200, blank=True, help_text=_("GTIN and serial of the code.")
    )

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        ordering = ("version_id", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("version", "position"), name="bill_lines_are_numbered"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("marked_item",), name="bill_line_by_marked_item"),
        ]

    def __str__(self) -> str:
        return self.name or self.product_external_id
