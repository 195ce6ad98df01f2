"""What a person wants to be told by e-mail, and when."""

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shops.models import Shop
from shops.models.shop import DEFAULT_TIME_ZONE, validate_time_zone

LAST_HOUR = 23


class Subscription(models.Model):
    """The settings of one person. The address is that of the user; an owner of a shop is a person who names it here.

    `weekdays` are the ISO numbers of the days on which a digest comes: `12345` is Monday to Friday.
    """

    class Language(models.TextChoices):
        RUSSIAN = "ru", _("Russian")
        ENGLISH = "en", _("English")

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscription", verbose_name=_("person")
    )
    language = models.CharField(_("language"), max_length=2, choices=Language, default=Language.RUSSIAN)
    digest = models.BooleanField(_("a digest once a day"), default=True)
    digest_hour = models.PositiveSmallIntegerField(
        _("at the hour"), default=8, validators=[MaxValueValidator(LAST_HOUR)]
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=DEFAULT_TIME_ZONE, validators=[validate_time_zone]
    )
    weekdays = models.CharField(
        _("on weekdays"), max_length=7, default="12345", blank=True, validators=[RegexValidator("^1?2?3?4?5?6?7?$")]
    )
    also_when_nothing = models.BooleanField(_("a digest also when there is nothing to tell"), default=False)
    at_once = models.BooleanField(
        _("at once: what exceeds the threshold of a shop, questions and answers"), default=True
    )
    only_mine = models.BooleanField(
        _("only what is mine"), default=False, help_text=_("Of what nobody has, and of what colleagues have, nothing.")
    )
    every_shop = models.BooleanField(_("of every shop"), default=True)
    shops = models.ManyToManyField(Shop, related_name="+", verbose_name=_("of these shops"), blank=True)

    class Meta:
        verbose_name = _("notifications of a person")
        verbose_name_plural = _("notifications")
        ordering = ("person",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(digest_hour__lte=LAST_HOUR), name="subscription_names_an_hour_of_the_day"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the person's hours and days."""
        return ZoneInfo(self.time_zone)
