"""The pages that letters lead to: the admin's for who works there, the owner's for everybody else."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

from reconciliation.models import Discrepancy
from shops.models import Shop


@dataclass(frozen=True, slots=True)
class Pages:
    """Absolute addresses for one reader; empty while the site's own address is not known."""

    in_admin: bool

    def discrepancy(self, row: Discrepancy) -> str:
        if self.in_admin:
            return _absolute(reverse("admin:reconciliation_discrepancy_change", args=[row.pk]))
        return _absolute(reverse("owner:discrepancy", args=[row.shop_id, row.pk]))

    def queue(self, shop: Shop | None = None, **asked: str) -> str:
        """The discrepancies of a shop, or of all: in the admin those that are `asked` for."""
        if self.in_admin:
            query = ({"shop": str(shop.pk)} if shop else {}) | asked
            question = f"?{urlencode(query)}" if query else ""
            return _absolute(reverse("admin:reconciliation_discrepancy_changelist") + question)
        return _absolute(reverse("owner:discrepancies", args=[shop.pk]) if shop else reverse("owner:shops"))

    def questions(self, shop: Shop) -> str:
        """What waits for an answer."""
        if self.in_admin:
            return self.queue(shop, asked="yes")
        return _absolute(reverse("owner:questions", args=[shop.pk]))

    def settings(self) -> str:
        """Where people change what they are told."""
        return _absolute(reverse("admin:reconciliation_subscription_mine" if self.in_admin else "notifications"))


def _absolute(address: str) -> str:
    return f"{settings.SITE_URL}{address}" if settings.SITE_URL else ""
