"""A shop and what stands in it: stores, terminals, employees. Everything else belongs to one shop."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

DEFAULT_TIME_ZONE = "Europe/Moscow"


def validate_time_zone(name: str) -> None:
    """Refuses what is no IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(
            _("“%(name)s” is no time zone. Write it like Europe/Moscow."), params={"name": name}
        ) from None


class Shop(models.Model):
    """A tenant. Its number is the second column of the exchange log."""

    SHOP_PATH = "pk"

    class AfterPartial(models.TextChoices):
        REMAINING = "remaining", _("offer the remaining lines")
        FULL = "full", _("offer the bill as it was")
        CLOSE = "close", _("take the bill off the list")

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default=DEFAULT_TIME_ZONE, validators=[validate_time_zone]
    )
    after_partial = models.CharField(
        _("after a partial receipt"), max_length=12, choices=AfterPartial, default=AfterPartial.REMAINING
    )
    opened_not_paid_after = models.DurationField(
        _("opened, not paid after"),
        default=timedelta(hours=24),
        help_text=_("How long a bill that a register has opened may stay without a receipt. Hours:minutes:seconds."),
    )
    late_receipt_after = models.DurationField(
        _("receipt is late after"),
        default=timedelta(hours=1),
        help_text=_("How long after it was printed a receipt may arrive. Hours:minutes:seconds."),
    )
    write_off_limit = models.DecimalField(
        _("write-off limit"),
        max_digits=15,
        decimal_places=2,
        default=Decimal(1000),
        help_text=_("A difference beyond it is written off when a second person confirms."),
    )
    alert_threshold = models.DecimalField(
        _("tell at once of differences beyond"),
        max_digits=15,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Money missing or money too much. Empty: nobody is told before the daily digest."),
    )
    two_step_required = models.BooleanField(
        _("requires two-step log-in"),
        default=False,
        help_text=_("Who may see this shop logs in with a password and a code, and sees nothing before it is set up."),
    )
    journal_retention_months = models.PositiveSmallIntegerField(
        _("texts of the journal are kept, months"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Empty: for ever. Then the texts of messages are removed, as far as their month is closed and no open "
            "discrepancy needs them; bills, receipts and decisions stay. In Russia primary accounting documents are to "
            "be kept for at least five years after the reporting year (Federal law 402-FZ, article 29, part 1): 72 "
            "months always comply."
        ),
    )

    class Meta:
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ("number",)
        permissions = (
            ("manage_people", _("Can invite people to a shop, change their roles and remove them")),
            ("set_up_shop", _("Can name a shop and set its grace periods and its alert threshold")),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(opened_not_paid_after__gt=timedelta(0)), name="shop_waits_some_time_for_payment"
            ),
            models.CheckConstraint(
                condition=models.Q(late_receipt_after__gt=timedelta(0)), name="shop_waits_some_time_for_receipts"
            ),
            models.CheckConstraint(
                condition=models.Q(journal_retention_months=None) | models.Q(journal_retention_months__gte=1),
                name="journal_is_kept_for_some_months",
            ),
            models.CheckConstraint(condition=models.Q(write_off_limit__gte=0), name="write_off_limit_is_an_amount"),
            models.CheckConstraint(
                condition=models.Q(alert_threshold=None) | models.Q(alert_threshold__gte=0),
                name="alert_threshold_is_an_amount",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()

    @property
    def zone(self) -> ZoneInfo:
        """The shop's own time zone: of its log, of its bills' dates, of its days."""
        return ZoneInfo(self.time_zone)


class EvotorObject(models.Model):
    """What Evotor names by an id and people by a name; learned from receipts, nameable by people.

    What Evotor calls it stands in a field of its own, so it never takes the place of the name that a person has given.
    """

    shop: Any
    evotor_id = models.CharField(_("Evotor id"), max_length=200)
    name = models.CharField(_("name"), max_length=200, blank=True, help_text=_("Shown in place of Evotor's name."))
    evotor_name = models.CharField(_("Evotor's name"), max_length=200, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.shown_name or self.evotor_id

    @property
    def shown_name(self) -> str:
        """The name that a person has given, else Evotor's."""
        return self.name or self.evotor_name


class Store(EvotorObject):
    """A store (`storeId`). It belongs to one shop: a receipt of it under another shop is a discrepancy."""

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="stores", verbose_name=_("shop"))

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ("shop", "name", "evotor_id")
        constraints = (models.UniqueConstraint(fields=("evotor_id",), name="store_belongs_to_one_shop"),)

    def called_by(self, shop_number: int) -> str:
        """What a shop may call it: what the own shop has named it is nobody else's to know."""
        return str(self) if self.shop_id == shop_number else self.evotor_id


class Terminal(EvotorObject):
    """A cash register (`deviceId`)."""

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="terminals", verbose_name=_("shop"), db_index=False)
    store = models.ForeignKey(
        Store, models.PROTECT, related_name="terminals", verbose_name=_("store"), null=True, blank=True
    )
    time_zone_offset = models.DurationField(
        _("its clock is ahead of UTC by"), null=True, blank=True, editable=False, help_text=_("As Evotor says.")
    )

    class Meta:
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        ordering = ("shop", "name", "evotor_id")
        constraints = (models.UniqueConstraint(fields=("shop", "evotor_id"), name="terminal_is_unique_in_shop"),)


class Employee(EvotorObject):
    """A cashier (`employeeId`)."""

    SHOP_PATH = "shop"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="employees", verbose_name=_("shop"), db_index=False)

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        ordering = ("shop", "name", "evotor_id")
        constraints = (models.UniqueConstraint(fields=("shop", "evotor_id"), name="employee_is_unique_in_shop"),)
