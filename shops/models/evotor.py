"""What Evotor's cloud sends besides receipts: documents of registers, installations; and what waits for its shop."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.access import EvotorAccount
from shops.models.shop import Employee, Shop, Store, Terminal


class UnassignedMessage(models.Model):
    """A message of Evotor's that belongs to no shop yet, kept as it came and answered as accepted.

    It is delivered, once, when its store or its account has a shop. The same message sent again while it waits is
    counted. `account` is set where it came with the token of an account: then only that account gives it a shop.
    """

    SHOP_PATH = "shop"

    class Kind(models.TextChoices):
        RECEIPTS = "receipts", _("receipts")
        STORES = "stores", _("names of stores")
        DEVICES = "devices", _("names of terminals")
        EMPLOYEES = "employees", _("names of employees")
        DOCUMENTS = "documents", _("documents of a register")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    received_at = models.DateTimeField(_("received at"))
    last_received_at = models.DateTimeField(_("last received at"))
    times_received = models.PositiveIntegerField(_("times received"), default=1)
    account = models.ForeignKey(
        EvotorAccount,
        models.PROTECT,
        related_name="unassigned_messages",
        verbose_name=_("sent with the token of"),
        null=True,
        blank=True,
    )
    store_id = models.CharField(_("store it names"), max_length=200, blank=True)
    user_id = models.CharField(_("Evotor user it names"), max_length=200, blank=True)
    query = models.JSONField(_("query"), default=dict, blank=True)
    headers = models.JSONField(_("Evotor's headers"), default=dict, blank=True)
    text = models.TextField(_("body"), blank=True)
    verbatim = models.BinaryField(_("verbatim bytes"), null=True, help_text=_("Where text cannot hold the body."))
    fault = models.TextField(_("why it cannot be read"), blank=True)
    digest = models.CharField(_("digest"), max_length=64)
    shop = models.ForeignKey(
        Shop,
        models.PROTECT,
        related_name="assigned_messages",
        verbose_name=_("delivered to the shop"),
        null=True,
        blank=True,
    )
    assigned_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("assigned by"),
        null=True,
        blank=True,
    )

    class Meta:
        verbose_name = _("message without a shop")
        verbose_name_plural = _("messages without a shop")
        ordering = ("received_at", "pk")
        permissions = (("assign_unassignedmessage", "Can assign messages without a shop"),)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("digest",), condition=models.Q(assigned_at=None), name="message_waits_for_its_shop_once"
            ),
            models.CheckConstraint(
                condition=models.Q(shop=None, assigned_at=None)
                | models.Q(shop__isnull=False, assigned_at__isnull=False),
                name="message_is_delivered_to_a_shop",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("store_id",), condition=models.Q(assigned_at=None), name="message_waiting_by_store"),
            models.Index(fields=("user_id",), condition=models.Q(assigned_at=None), name="message_waiting_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.store_id or self.user_id}"

    @property
    def body(self) -> bytes:
        """As it came."""
        return bytes(self.verbatim) if self.verbatim is not None else self.text.encode()


class InstallationEvent(models.Model):
    """An Evotor user has installed the application, or removed it. Kept as it came; nothing follows from it."""

    SHOP_PATH = ""

    event_id = models.CharField(_("Evotor's event id"), max_length=200, unique=True)
    type = models.CharField(_("type"), max_length=200)
    user_id = models.CharField(_("Evotor user"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("received at"))
    body = models.TextField(_("body"))

    class Meta:
        verbose_name = _("installation of the application")
        verbose_name_plural = _("installations of the application")
        ordering = ("-received_at", "-pk")

    def __str__(self) -> str:
        return f"{self.type} {self.user_id}".strip()


class RegisterDocument(models.Model):
    """A document of a cash register: a shift opened or closed, a Z-report, cash put in or taken out, a sale.

    The body on the row is the message itself, so the exchange journal, which is the journal of v2, does not repeat it.
    The same document sent again is one row. Other contents under the same id are a row of their own that
    `contradicts` the first: neither is taken for the truth by itself.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="register_documents", verbose_name=_("shop"))
    store = models.ForeignKey(Store, models.PROTECT, related_name="documents", verbose_name=_("store"), null=True)
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="documents", verbose_name=_("terminal"), null=True
    )
    employee = models.ForeignKey(
        Employee, models.PROTECT, related_name="documents", verbose_name=_("employee"), null=True
    )
    document_id = models.CharField(_("document id"), max_length=200)
    type = models.CharField(
        _("type"), max_length=200, help_text=_("OPEN_SESSION, CLOSE_SESSION, Z_REPORT, X_REPORT, SELL and others.")
    )
    number = models.CharField(_("number"), max_length=200, blank=True)
    session_id = models.CharField(_("shift id"), max_length=200, blank=True)
    session_number = models.CharField(_("shift"), max_length=200, blank=True)
    closed_at = models.DateTimeField(_("printed at"), null=True, blank=True)
    received_at = models.DateTimeField(_("received at"))
    total = models.DecimalField(_("total"), max_digits=15, decimal_places=2, null=True, blank=True)
    revenue = models.DecimalField(_("revenue of the shift"), max_digits=15, decimal_places=2, null=True, blank=True)
    body = models.TextField(_("body"))
    digest = models.CharField(_("digest"), max_length=64)
    contradicts = models.ForeignKey(
        "self", models.PROTECT, related_name="contradicted_by", verbose_name=_("contradicts"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("document of a register")
        verbose_name_plural = _("documents of registers")
        ordering = ("-received_at", "-pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("shop", "document_id"),
                condition=models.Q(contradicts=None),
                name="document_is_unique_in_shop",
            ),
            models.UniqueConstraint(fields=("shop", "document_id", "digest"), name="document_is_kept_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-received_at", "-id"), name="document_by_time"),
            models.Index(fields=("shop", "type", "closed_at"), name="document_by_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.number}".strip()
