"""Letters to people: what has to be told at once, which days were told of, and the outbox itself."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.discrepancy import DiscrepancyStep
from shops.models import Mailing


class Letter(Mailing):
    """One e-mail to one person, as it is sent. `key` says what the letter is about, so that nothing is told twice."""

    class Kind(models.TextChoices):
        DIGEST = "digest", _("daily digest")
        AT_ONCE = "at_once", _("at once")
        QUESTION = "question", _("question, answer or proposal")
        SAMPLE = "sample", _("sample")

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="letters", verbose_name=_("to whom")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    key = models.CharField(_("key"), max_length=100, unique=True)
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"))
    html = models.TextField(_("text with links"))
    address = models.CharField(_("sent to"), max_length=254, blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = ("-created_at", "-pk")
        permissions: ClassVar = [("send_letter", _("Can see the letters of all people and have them sent again"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(next_attempt_at__isnull=False)
                | models.Q(sent_at__isnull=False)
                | models.Q(failed_at__isnull=False),
                name="letter_waits_or_has_an_end",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-created_at", "-id"), name="letter_by_time"),
            models.Index(
                fields=("next_attempt_at",),
                condition=models.Q(next_attempt_at__isnull=False),
                name="letter_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class Digest(models.Model):
    """A day on which a person's digest was made. Without a letter there was nothing to tell."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests", verbose_name=_("person")
    )
    day = models.DateField(_("day"))
    letter = models.OneToOneField(Letter, models.PROTECT, verbose_name=_("letter"), null=True, blank=True)

    class Meta:
        verbose_name = _("day of a digest")
        verbose_name_plural = _("days of digests")
        ordering = ("-day", "person")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("person", "day"), name="digest_is_made_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.day}"


class Alert(models.Model):
    """A step that brought a difference beyond its shop's threshold: people are to be told of it, once.

    It is written in the transaction of the step, and waits while `told_at` is empty.
    """

    SHOP_PATH = "step__discrepancy__shop"

    step = models.OneToOneField(DiscrepancyStep, models.PROTECT, related_name="alert", verbose_name=_("step"))
    created_at = models.DateTimeField(_("found"))
    told_at = models.DateTimeField(_("told"), null=True, blank=True)

    class Meta:
        verbose_name = _("difference beyond the threshold")
        verbose_name_plural = _("differences beyond the threshold")
        ordering = ("-pk",)
        indexes: ClassVar = [
            models.Index(fields=("created_at",), condition=models.Q(told_at=None), name="alert_untold"),
        ]

    def __str__(self) -> str:
        return str(self.step)
