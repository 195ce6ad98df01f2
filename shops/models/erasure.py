"""Names of customers that were erased on request: what, when, by whom, and never the name itself."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models.exchange import ExchangeEvent
from shops.models.shop import Shop


class Erasure(models.Model):
    """One erasure of a customer's names from a shop's books (152-FZ, article 21; GDPR, article 17).

    `name_hashes` are keyed hashes of the names: who has a name, and the key of this installation, can prove that it was
    erased. `changed` counts the changed rows by table.
    """

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="erasures", verbose_name=_("shop"))
    reference = models.CharField(
        _("request"), max_length=100, help_text=_("Number and date of the customer's request.")
    )
    comment = models.TextField(_("comment"), blank=True)
    since = models.DateTimeField(_("of this time or later"), null=True, blank=True)
    before = models.DateTimeField(_("before"))
    made_at = models.DateTimeField(_("erased"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("erased by"), null=True, blank=True
    )
    name_hashes = models.JSONField(_("hashes of the names"))
    entries_count = models.PositiveIntegerField(_("entries of the journal"))
    changed = models.JSONField(_("changed rows"))

    class Meta:
        verbose_name = _("erasure of a customer")
        verbose_name_plural = _("erasures of customers")
        ordering = ("-made_at", "-pk")
        permissions: ClassVar = [("erase_customer", _("Can erase customers' names from the books"))]

    def __str__(self) -> str:
        return self.reference


class ErasedEntry(models.Model):
    """An entry of the journal in whose text names were erased. The entry keeps the digest of the original text."""

    SHOP_PATH = "erasure__shop"

    erasure = models.ForeignKey(Erasure, models.PROTECT, related_name="erased_entries", verbose_name=_("erasure"))
    event = models.ForeignKey(ExchangeEvent, models.PROTECT, related_name="erasures", verbose_name=_("journal entry"))
    digest = models.CharField(_("digest afterwards"), max_length=32)

    class Meta:
        verbose_name = _("erased entry")
        verbose_name_plural = _("erased entries")
        ordering = ("pk",)
        default_permissions = ()
        constraints: ClassVar = [models.UniqueConstraint(fields=("erasure", "event"), name="entry_is_erased_once")]

    def __str__(self) -> str:
        return f"{self.erasure} · {self.event_id}"
