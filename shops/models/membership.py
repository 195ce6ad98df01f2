"""Which people belong to which shops, and as what."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.shop import Shop


class Membership(models.Model):
    """A person belongs to a shop, or to every shop there is and will be, in a role.

    What a role may do is written in the group of its name (`shops.roles`), where an administrator can change it, and
    holds in this shop only. Somebody without a membership sees no shop at all.
    """

    SHOP_PATH = "shop"

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        ACCOUNTANT = "accountant", _("accountant")
        CHIEF_ACCOUNTANT = "chief", _("chief accountant")
        VIEWER = "viewer", _("viewer")
        OWN_GROUPS = "groups", _("what the person's own groups allow")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    shop = models.ForeignKey(
        Shop,
        models.CASCADE,
        related_name="memberships",
        verbose_name=_("shop"),
        null=True,
        blank=True,
        help_text=_("Empty: every shop, also those that are still to come."),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ("shop", "person")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("person", "shop"), name="membership_is_unique_in_shop"),
            models.UniqueConstraint(
                fields=("person",), condition=models.Q(shop=None), name="membership_of_all_shops_is_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "accountant", "chief", "viewer", "groups"]),
                name="membership_has_a_known_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.shop or _('every shop')}, {self.get_role_display()}"
