"""Invitations to a shop by e-mail."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.mailing import Mailing
from shops.models.membership import Membership
from shops.models.shop import Shop


class Invitation(Mailing):
    """Somebody is asked to join a shop in a role: whoever has the link that was sent to `email` may.

    The link is stored nowhere: it is made of `nonce` and the installation's secret key when the letter is sent, and
    known again by its `digest`. Sending it again makes another one. `site` is where the link leads.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="invitations", verbose_name=_("shop"))
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Membership.Role)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("invited by")
    )
    language = models.CharField(_("language"), max_length=2, default="ru")
    site = models.CharField(_("site"), max_length=300)
    nonce = models.CharField(max_length=50, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField(_("open until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        related_name="+",
        verbose_name=_("accepted by"),
        null=True,
        blank=True,
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at", "-pk")
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "accountant", "chief", "viewer"]),
                name="invitation_has_a_role_to_give",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None),
                name="invitation_is_accepted_or_revoked",
            ),
            models.UniqueConstraint(
                fields=("shop", "email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="invitation_is_open_once_in_shop",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("next_attempt_at",),
                condition=models.Q(next_attempt_at__isnull=False),
                name="invitation_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.shop}, {self.get_role_display()}"

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be accepted, as far as the row knows."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at
