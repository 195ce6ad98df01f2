"""Rules of the house: what is done with differences of a sort without anybody being asked each time."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.models.words import Reason
from reconciliation.models.write_off import WriteOffAccount
from reconciliation.rules.house_rules import Direction, Outcome
from shops.models import Employee, Shop, Store, Terminal


class OutcomeChoice(models.TextChoices):
    """`Outcome` in the reader's words."""

    RESOLVE = Outcome.RESOLVE.value, _("close")
    ASSIGN = Outcome.ASSIGN.value, _("hand over")


class DirectionChoice(models.TextChoices):
    """`Direction` in the reader's words."""

    EITHER = Direction.EITHER.value, _("money missing or beyond")
    MISSING = Direction.MISSING.value, _("money missing")
    BEYOND = Direction.BEYOND.value, _("money beyond what was due")


class HouseRule(models.Model):
    """A standing rule that an accountant has made. Rules are asked by position; the first that fits decides.

    What a rule says is never changed, for the history names it: it is switched off, or replaced by another.
    A condition that is empty does not matter; without `kinds` every kind fits. `assignee_may_work` is known of rows
    that were asked for it.
    """

    SHOP_PATH = "shop"
    IS_SHARED_WITHOUT_SHOP = True

    assignee_may_work: bool = True

    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveIntegerField(_("place in the order"))
    is_active = models.BooleanField(_("in force"), default=True)
    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="house_rules", verbose_name=_("shop"), null=True, blank=True
    )
    kinds = models.JSONField(_("kinds"), default=list, blank=True)
    amount_up_to = models.DecimalField(_("up to"), max_digits=15, decimal_places=2, null=True, blank=True)
    direction = models.CharField(_("direction"), max_length=10, choices=DirectionChoice, default=DirectionChoice.EITHER)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"), null=True, blank=True)
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="+", verbose_name=_("terminal"), null=True, blank=True
    )
    employee = models.ForeignKey(
        Employee, models.PROTECT, related_name="+", verbose_name=_("employee"), null=True, blank=True
    )
    payment_source = models.CharField(_("payment"), max_length=200, blank=True)
    outcome = models.CharField(_("what is done"), max_length=10, choices=OutcomeChoice)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    write_off_account = models.ForeignKey(
        WriteOffAccount, models.PROTECT, related_name="+", verbose_name=_("written off to"), null=True, blank=True
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("to whom"), null=True, blank=True
    )
    comment = models.TextField(_("comment"), blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, related_name="replaced_by", verbose_name=_("replaces"), null=True, blank=True
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("rule of the house")
        verbose_name_plural = _("rules of the house")
        ordering = ("position", "pk")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("name",),
                condition=models.Q(is_active=True),
                name="house_rules_in_force_have_names_of_their_own",
            ),
            models.CheckConstraint(
                condition=(models.Q(outcome="resolve", assignee=None) & ~models.Q(reason__in=("", "later_documents")))
                | models.Q(outcome="assign", assignee__isnull=False, reason=""),
                name="house_rule_closes_with_a_reason_or_hands_over",
            ),
            models.CheckConstraint(
                condition=models.Q(reason="written_off", write_off_account__isnull=False, amount_up_to__isnull=False)
                | (~models.Q(reason="written_off") & models.Q(write_off_account=None)),
                name="house_rule_writes_off_to_an_account_up_to_a_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_up_to=None) | models.Q(amount_up_to__gt=0),
                name="house_rule_limit_is_an_amount",
            ),
        ]

    def __str__(self) -> str:
        return self.name
