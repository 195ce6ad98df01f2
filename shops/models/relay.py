"""Relay mode: the v2 CRM behind a shop, and the receipts that are to reach it."""

from typing import ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.exchange import ExchangeEvent
from shops.models.shop import Shop

STATUSES_OF_LATER = (408, 425, 429)  # of the 4xx, those that refuse nothing

# A register waits ten seconds for its answer.
TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS = 5, 9


def validate_address(address: str) -> None:
    """Refuses what is no plain address of a server: a password or a query in it would be seen by everybody."""
    try:
        parts = urlsplit(address)
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_plain = False
    if not is_plain or "@" in parts.netloc or parts.query or parts.fragment or not address.isprintable():
        raise ValidationError(_("Write it like https://crm.example/ or https://crm.example/index.php."))


def validate_token(token: str) -> None:
    """Refuses what cannot stand in a header."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ValidationError(_("A token has no blanks, and only letters, digits and signs of ASCII."))


def is_refusal(status: int | None) -> bool:
    """Whether an answer of this status says "never" of what was sent, and not "later"."""
    return status is not None and 400 <= status < 500 and status not in STATUSES_OF_LATER


class Upstream(models.Model):
    """The CRM that a shop keeps: it is asked for bills, and given every receipt.

    `held_until`, `failures` and `next_attempt_at` belong to the delivery of receipts: one worker at a time holds the
    shop's queue, and while the CRM cannot be reached the whole queue waits, in its order.
    """

    SHOP_PATH = "shop"

    shop = models.OneToOneField(Shop, models.CASCADE, primary_key=True, related_name="upstream", verbose_name=_("shop"))
    address = models.CharField(
        _("address of the CRM"),
        max_length=500,
        validators=[validate_address],
        help_text=_(
            "https://crm.example/ for …/api/v2/list, or https://crm.example/index.php for …/index.php?q=/api/v2/list."
        ),
    )
    token = models.CharField(
        _("token for the CRM"),
        max_length=500,
        blank=True,
        validators=[validate_token],
        help_text=_("Sent as “Authorization: Bearer …”. Without one, what the register sends is passed on."),
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        _("time limit, seconds"),
        default=TIMEOUT_SECONDS,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TIMEOUT_SECONDS)],
        help_text=_("How long the CRM may take over an answer. A register waits ten seconds."),
    )
    held_until = models.DateTimeField(_("queue is held until"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("CRM behind a shop")
        verbose_name_plural = _("CRMs behind shops")
        ordering = ("shop",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(timeout_seconds__range=(1, LONGEST_TIMEOUT_SECONDS)),
                name="crm_is_given_up_before_the_register_gives_up",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def has_front_controller(self) -> bool:
        """Whether paths go into `q` of its query, as in `index.php?q=/api/v2/list`."""
        return urlsplit(self.address).path.endswith(".php")


class Forward(models.Model):
    """A RECEIPT request that is to reach the shop's CRM exactly as it came.

    Written in the transaction that records the receipt. `headers` are those that the CRM is to see; they may hold a
    secret, are shown nowhere, and are dropped when the receipt is accepted.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="forwards", verbose_name=_("shop"))
    event = models.OneToOneField(
        ExchangeEvent, models.PROTECT, related_name="forward", verbose_name=_("request of the register")
    )
    headers = models.JSONField(default=dict, editable=False)
    queued_at = models.DateTimeField(_("queued"))
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    last_status = models.PositiveSmallIntegerField(
        _("last status"), null=True, blank=True, help_text=_("The status of HTTP; empty where there was no answer.")
    )
    last_answer = models.TextField(_("last answer"), blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)

    class Meta:
        verbose_name = _("forwarded receipt")
        verbose_name_plural = _("forwarded receipts")
        ordering = ("-pk",)
        indexes: ClassVar = [
            models.Index(
                fields=("shop", "next_attempt_at"), condition=models.Q(accepted_at=None), name="forward_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shop_id} · {self.event_id}"

    @property
    def is_refused(self) -> bool:
        """The CRM does not want it as it is; it is tried again seldom."""
        return self.accepted_at is None and is_refusal(self.last_status)
