"""What a shop's CRM is told by itself: where to, and the messages that wait or have gone out."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.shop import Shop
from shops.webhook_address import validate_address


class CrmWebhook(models.Model):
    """The address of a shop's CRM. The secret is kept as it is, for every message is signed with it.

    After a rotation messages are signed with both secrets until `former_secret_until`. `failures` counts the times in
    a row that nobody answered; until `silent_until` nothing is sent, so that a dead CRM does not hold up others.
    """

    SHOP_PATH = "shop"

    shop = models.OneToOneField(Shop, models.PROTECT, related_name="crm_webhook", verbose_name=_("shop"))
    url = models.CharField(_("address"), max_length=500, validators=[validate_address])
    active = models.BooleanField(
        _("active"), default=True, help_text=_("What happens while it is not active is never told.")
    )
    secret = models.CharField(_("secret"), max_length=100)
    former_secret = models.CharField(_("former secret"), max_length=100, blank=True)
    former_secret_until = models.DateTimeField(_("former secret works until"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    silent_until = models.DateTimeField(_("nothing is sent until"), null=True, blank=True)

    class Meta:
        verbose_name = _("address of a CRM")
        verbose_name_plural = _("addresses of CRMs")
        ordering = ("shop",)

    def __str__(self) -> str:
        return f"{self.shop} → {self.url}"


class WebhookMessage(models.Model):
    """One message to a shop's CRM, verbatim. Written with the fact that it tells of, in one transaction.

    It waits while `next_attempt_at` is set. An attempt moves that time on before it begins: should the sender die,
    another one tries again then, with the same `message_id`.
    """

    SHOP_PATH = "shop"

    class Fault(models.TextChoices):
        """Why an attempt got no answer."""

        TIMEOUT = "timeout", _("no answer in time")
        UNREACHABLE = "unreachable", _("cannot be reached")
        FORBIDDEN_ADDRESS = "forbidden_address", _("an address of a private network")
        NOT_HTTP = "not_http", _("the answer is no HTTP")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="webhook_messages", verbose_name=_("shop"))
    message_id = models.CharField(_("message id"), max_length=40, unique=True)
    event_type = models.CharField(_("event"), max_length=40)
    body = models.TextField(_("body"))
    created_at = models.DateTimeField(_("created"))
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    retry_until = models.DateTimeField(_("given up after"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_status = models.PositiveIntegerField(_("last status"), null=True, blank=True)
    last_fault = models.CharField(_("last failure"), max_length=20, choices=Fault, blank=True)
    last_answer = models.TextField(_("last answer"), blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)

    class Meta:
        verbose_name = _("message to a CRM")
        verbose_name_plural = _("messages to CRMs")
        ordering = ("-created_at", "-pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(next_attempt_at__isnull=False)
                | models.Q(delivered_at__isnull=False)
                | models.Q(given_up_at__isnull=False),
                name="webhook_message_waits_or_has_an_end",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-created_at", "-id"), name="webhook_message_by_time"),
            models.Index(
                fields=("next_attempt_at",),
                condition=models.Q(next_attempt_at__isnull=False),
                name="webhook_message_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.message_id}"
