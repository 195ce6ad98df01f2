"""What became of people's memberships, and who did it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.membership import Membership
from shops.models.shop import Shop


class MembershipChange(models.Model):
    """A person joined a shop, got another role, or left. Never changed or removed; `person_name` outlives the account.

    Without a `role_before` the person joined, without a `role_after` the person left.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(
        Shop, models.CASCADE, related_name="membership_changes", verbose_name=_("shop"), null=True, blank=True
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", verbose_name=_("person"), null=True, blank=True
    )
    person_name = models.CharField(_("person"), max_length=310)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, related_name="+", verbose_name=_("who"), null=True, blank=True
    )
    actor_name = models.CharField(_("who"), max_length=310, blank=True)
    at = models.DateTimeField(_("time"))
    role_before = models.CharField(_("former role"), max_length=10, choices=Membership.Role, blank=True)
    role_after = models.CharField(_("role"), max_length=10, choices=Membership.Role, blank=True)

    class Meta:
        verbose_name = _("change of a membership")
        verbose_name_plural = _("changes of memberships")
        ordering = ("-at", "-pk")
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(role_before=models.F("role_after")), name="membership_change_changes_something"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=("shop", "-at", "-id"), name="membership_change_of_shop")]

    def __str__(self) -> str:
        return f"{self.person_name}: {self.role_before or '—'} → {self.role_after or '—'}"
