"""What a case is found by."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.case import Case


class CaseText(models.Model):
    """The words and the amounts of a case that has (or had) a discrepancy, as `reconciliation.finding` writes them.

    A table of its own, for it is read from end to end where the database has no index for parts of texts.
    """

    SHOP_PATH = "case__shop"

    case = models.OneToOneField(Case, models.CASCADE, related_name="text", verbose_name=_("case"), primary_key=True)
    words = models.TextField(_("words"), blank=True)
    amounts = models.TextField(_("amounts"), blank=True)

    class Meta:
        verbose_name = _("text of a case")
        verbose_name_plural = _("texts of cases")
        default_permissions = ()

    def __str__(self) -> str:
        return self.words
