"""Files that belong to a comment."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.discrepancy import DiscrepancyStep


class Attachment(models.Model):
    """A file beside a comment: an act, a statement of the bank, a letter. Never changed or removed.

    Whoever may see the discrepancy may see it, so it has no permissions of its own. `content_type` was judged by the
    content, `sha256` is its fingerprint.
    """

    SHOP_PATH = "step__discrepancy__shop"

    step = models.ForeignKey(DiscrepancyStep, models.PROTECT, related_name="attachments", verbose_name=_("step"))
    name = models.CharField(_("file name"), max_length=210)
    content_type = models.CharField(_("type"), max_length=100)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("pk",)
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(size_bytes__gt=0), name="attachment_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name
