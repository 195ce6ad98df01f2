"""Who may call: keys of a shop, and the accounts of Evotor users."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.shop import Shop


class ApiKey(models.Model):
    """A key of a shop for one kind of caller. Only its digest is kept; the key itself is shown once.

    A rotated key goes on working until `expires_at`, so that its successor can be put in place in peace.
    """

    SHOP_PATH = "shop"

    class Role(models.TextChoices):
        REGISTER = "register", _("register: asks for bills, brings receipts")
        CRM = "crm", _("CRM: writes bills")
        OFFICE = "office", _("office: reads the back office")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="api_keys", verbose_name=_("shop"))
    role = models.CharField(_("role"), max_length=8, choices=Role)
    name = models.CharField(_("name"), max_length=200, blank=True)
    beginning = models.CharField(_("begins with"), max_length=20)
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    adopted = models.BooleanField(
        _("taken over"),
        default=False,
        help_text=_("The token that the shop's registers had before; the CRM that the shop keeps knows it too."),
    )
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("works until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("shop", "role", "-created_at")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(role__in=["register", "crm", "office"]), name="api_key_has_a_known_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.beginning}… {self.name}".strip()

    def works_at(self, now: datetime) -> bool:
        """Whether it opens anything at this time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class EvotorAccount(models.Model):
    """An Evotor user (one business) and the token that Evotor's cloud sends with every webhook of that user.

    An account without a shop waits to be assigned; its messages are kept meanwhile.

    `cloud_token` is the other direction: with it Evotor's own REST API answers for this user. Evotor tells it once,
    when the application is installed, and it must be sent as it is, so it is stored as it is, and shown nowhere.
    """

    SHOP_PATH = "shop"

    user_id = models.CharField(_("Evotor user"), max_length=200, unique=True)
    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="evotor_accounts", verbose_name=_("shop"), null=True, blank=True
    )
    token_digest = models.CharField(_("digest of the token"), max_length=64, blank=True)
    token_given_at = models.DateTimeField(_("token given"), null=True, blank=True)
    cloud_token = models.CharField(_("token for Evotor's cloud"), max_length=500, blank=True, editable=False)
    cloud_token_received_at = models.DateTimeField(_("token for Evotor's cloud received"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("Evotor account")
        verbose_name_plural = _("Evotor accounts")
        ordering = ("user_id",)
        indexes: ClassVar = [models.Index(fields=("token_digest",), name="evotor_account_by_token")]

    def __str__(self) -> str:
        return self.user_id
