"""Receipts: what the cash register sold, as Evotor's cloud delivers it."""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from shops.models.bill import Bill
from shops.models.exchange import ExchangeEvent
from shops.models.shop import Employee, Shop, Store, Terminal


class Receipt(models.Model):
    """One fiscal (or informational) receipt, whatever number of times it is delivered.

    `bill` is the bill that it names, once that is known; what it says of the bill stays beside it, as it was said.
    Where `is_allocated`, a person has said which bills it pays (an `Allocation`), and that counts instead.
    """

    SHOP_PATH = "shop"

    class Type(models.TextChoices):
        SELL = "SELL", _("sale")
        PAYBACK = "PAYBACK", _("refund")
        BUY = "BUY", _("purchase")
        BUYBACK = "BUYBACK", _("refund of a purchase")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="receipts", verbose_name=_("shop"), db_index=False)
    receipt_id = models.CharField(_("receipt id"), max_length=200)
    type = models.CharField(_("type"), max_length=200, help_text=_("SELL adds money, PAYBACK gives it back."))
    printed_at = models.DateTimeField(_("printed at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"))
    total = models.DecimalField(_("total"), max_digits=15, decimal_places=2)
    tax = models.DecimalField(_("VAT"), max_digits=15, decimal_places=2)
    discount = models.DecimalField(_("discount"), max_digits=15, decimal_places=2)
    informational = models.BooleanField(_("informational"), help_text=_("Not fiscal: no money was received by it."))
    payment_source = models.CharField(_("payment"), max_length=200, blank=True)
    settlement_method = models.CharField(_("settlement method"), max_length=200, blank=True)
    shift = models.CharField(_("shift"), max_length=200, blank=True)
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="receipts", verbose_name=_("store"), null=True, blank=True
    )
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="receipts", verbose_name=_("terminal"), null=True, blank=True
    )
    employee = models.ForeignKey(
        Employee, models.PROTECT, related_name="receipts", verbose_name=_("employee"), null=True, blank=True
    )
    user_id = models.CharField(_("Evotor user"), max_length=200, blank=True)
    bill = models.ForeignKey(
        Bill, models.PROTECT, related_name="receipts", verbose_name=_("bill"), null=True, blank=True
    )
    bill_external_id = models.CharField(_("bill id on the receipt"), max_length=200, blank=True)
    bill_number = models.CharField(_("bill number on the receipt"), max_length=200, blank=True)
    bill_issued_at = models.DateTimeField(_("bill date on the receipt"), null=True, blank=True)
    customer_name = models.TextField(_("customer on the receipt"), blank=True)
    customer_taxpayer_number = models.CharField(_("customer's taxpayer number"), max_length=200, blank=True)
    prepayment = models.DecimalField(
        _("prepayment on the receipt"), max_digits=15, decimal_places=2, default=Decimal(0)
    )
    content_modified = models.BooleanField(_("contents changed at the register"), default=False)
    new_content = models.JSONField(_("new contents"), default=list, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    is_allocated = models.BooleanField(_("matched by a person"), default=False)
    unjudged_since = models.DateTimeField(_("waits for judgement since"), null=True, blank=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ("-received_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("shop", "receipt_id"), name="receipt_is_unique_in_shop"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-received_at", "-id"), name="receipt_by_time"),
            # The last one of a shop: open pages ask for it all the time.
            models.Index(fields=("shop", "-id"), name="receipt_last_of_shop"),
            models.Index(
                fields=("shop", "bill_external_id"), condition=models.Q(bill=None), name="receipt_waiting_for_bill"
            ),
            models.Index(
                fields=("shop", "bill_number"), condition=models.Q(bill=None), name="receipt_waiting_for_number"
            ),
            models.Index(
                fields=("shop", "id"), condition=models.Q(unjudged_since__isnull=False), name="receipt_unjudged_of_shop"
            ),
            models.Index(fields=("shop", "total"), name="receipt_by_total"),
            models.Index(
                fields=("shop", "printed_at"),
                condition=models.Q(bill=None, is_allocated=False),
                name="receipt_without_bill_by_time",
            ),
            # What a shop took on some days is read off this alone, without the rows.
            models.Index(
                F("shop"),
                Coalesce("printed_at", "received_at"),
                include=(
                    "printed_at",
                    "received_at",
                    "type",
                    "payment_source",
                    "store",
                    "terminal",
                    "employee",
                    "total",
                ),
                condition=models.Q(informational=False, type__in=("SELL", "PAYBACK"))
                & ~models.Q(settlement_method="Lend"),
                name="receipt_takings",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt_id


class ReceiptLine(models.Model):
    """One line of a receipt. `total` is what was paid for it, after its discount."""

    SHOP_PATH = "receipt__shop"

    receipt = models.ForeignKey(
        Receipt, models.CASCADE, related_name="lines", verbose_name=_("receipt"), db_index=False
    )
    position = models.PositiveIntegerField(_("position"))
    product_external_id = models.CharField(_("product id"), max_length=200, blank=True)
    name = models.TextField(_("name"), blank=True)
    price = models.DecimalField(_("price"), max_digits=15, decimal_places=2)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3)
    discount = models.DecimalField(_("discount"), max_digits=15, decimal_places=2)
    total = models.DecimalField(_("sum"), max_digits=15, decimal_places=2)
    tax = models.DecimalField(_("VAT"), max_digits=15, decimal_places=2)
    tax_percent = models.DecimalField(_("VAT rate, %"), max_digits=15, decimal_places=2)
    item_type = models.CharField(_("type of goods"), max_length=200, blank=True)
    unit = models.CharField(_("unit"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        ordering = ("receipt_id", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("receipt", "position"), name="receipt_lines_are_numbered"),
        ]
        indexes: ClassVar = [
            # What was sold of each product is read off this alone.
            models.Index(
                fields=("receipt",),
                include=("product_external_id", "quantity", "total"),
                name="receipt_line_sold",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.product_external_id


class ReceiptDelivery(models.Model):
    """One arrival of a receipt. Evotor delivers at least once; a delivery with other contents is kept and flagged."""

    SHOP_PATH = "receipt__shop"

    receipt = models.ForeignKey(
        Receipt, models.CASCADE, related_name="deliveries", verbose_name=_("receipt"), db_index=False
    )
    event = models.ForeignKey(ExchangeEvent, models.PROTECT, related_name="deliveries", verbose_name=_("journal entry"))
    evotor_event_id = models.CharField(_("Evotor's event id"), max_length=200, blank=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("event__occurred_at", "event__position")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("receipt", "event"), name="receipt_arrives_once_in_a_message"),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} ← {self.evotor_event_id}"
