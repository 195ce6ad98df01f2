"""Discrepancies, and every step in the life of each."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Abs, Coalesce
from django.utils.translation import gettext_lazy as _

from reconciliation.models.case import Case
from reconciliation.models.house_rule import HouseRule
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount
from reconciliation.rules.kinds import MONETARY, WITHOUT_AMOUNT_WORST_FIRST
from shops.models import Allocation, Shop

WORST_FIRST = ("-magnitude", "severity", "opened_at", "id")


class Discrepancy(models.Model):
    """One named difference of a case, with an amount where it is about money, and a life.

    `reason` is why it is closed; of one that waits for confirmation, why it is proposed to be. `evidence` holds what
    the finding was made of, amounts as text; `cause_present` says whether the documents still show the difference,
    whatever a person has decided about it.

    `asked_by` has asked the shop's owner a question that nobody has answered yet.

    `shop` is the case's, and stands here for the queue alone. `magnitude` and `severity` are worked out by the
    database: what is worst in the queue has the greatest amount, whichever way; without amounts the kind decides.
    """

    SHOP_PATH = "shop"

    case = models.ForeignKey(Case, models.PROTECT, related_name="discrepancies", verbose_name=_("case"), db_index=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="discrepancies", verbose_name=_("shop"), db_index=False)
    kind = models.CharField(_("kind"), max_length=30, choices=KindChoice)
    amount = models.DecimalField(_("difference"), max_digits=15, decimal_places=2, null=True, blank=True)
    magnitude = models.GeneratedField(
        verbose_name=_("size of the difference"),
        expression=Coalesce(Abs("amount"), 0, output_field=models.DecimalField(max_digits=15, decimal_places=2)),
        output_field=models.DecimalField(max_digits=15, decimal_places=2),
        db_persist=True,
    )
    severity = models.GeneratedField(
        verbose_name=_("severity"),
        expression=models.Case(
            *(models.When(kind=kind.value, then=place) for place, kind in enumerate(WITHOUT_AMOUNT_WORST_FIRST)),
            default=len(WITHOUT_AMOUNT_WORST_FIRST),
        ),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    evidence = models.JSONField(_("evidence"), default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    cause_present = models.BooleanField(_("still seen in the documents"), default=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who has it"), null=True, blank=True
    )
    write_off_account = models.ForeignKey(
        WriteOffAccount, models.PROTECT, related_name="+", verbose_name=_("written off to"), null=True, blank=True
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("who waits for the owner's answer"),
        null=True,
        blank=True,
    )
    opened_at = models.DateTimeField(_("opened"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ("-opened_at", "-pk")
        permissions: ClassVar = [
            ("work_discrepancy", _("Can take, resolve and reopen discrepancies")),
            ("link_receipt", _("Can say which bills a receipt pays")),
            ("write_off_discrepancy", _("Can write differences off, and confirm what others propose to write off")),
            ("comment_discrepancy", _("Can comment on discrepancies and answer questions about them")),
            ("propose_resolution", _("Can say that a customer has paid another way, for an accountant to confirm")),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "kind"), name="discrepancy_is_unique_in_case_and_kind"),
            models.CheckConstraint(
                condition=(models.Q(kind__in=sorted(MONETARY)) & models.Q(amount__isnull=False))
                | (~models.Q(kind__in=sorted(MONETARY)) & models.Q(amount=None)),
                name="discrepancy_about_money_has_an_amount",
            ),
            models.CheckConstraint(
                condition=(models.Q(status__in=("resolved", "waiting")) & ~models.Q(reason=""))
                | (~models.Q(status__in=("resolved", "waiting")) & models.Q(reason="")),
                name="discrepancy_is_resolved_with_a_reason",
            ),
            models.CheckConstraint(
                condition=(models.Q(status="resolved") & models.Q(resolved_at__isnull=False))
                | (~models.Q(status="resolved") & models.Q(resolved_at=None)),
                name="discrepancy_is_resolved_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(write_off_account=None) | models.Q(reason="written_off"),
                name="discrepancy_is_written_off_to_an_account",
            ),
            models.CheckConstraint(
                condition=models.Q(status="resolved") | models.Q(cause_present=True),
                name="discrepancy_without_a_cause_is_resolved",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="resolved") | models.Q(asked_by=None),
                name="discrepancy_that_is_resolved_asks_nothing",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-opened_at", "-id"), name="discrepancy_by_time"),
            models.Index(fields=("status", "kind"), name="discrepancy_by_status"),
            models.Index(fields=("shop", "-changed_at"), name="discrepancy_last_changed"),
            # What was found in a shop on some days.
            models.Index(fields=("shop", "opened_at"), include=("status", "kind", "amount"), name="discrepancy_found"),
            # The queue as it is opened.
            models.Index(fields=WORST_FIRST, condition=models.Q(resolved_at=None), name="discrepancy_worst_first"),
            models.Index(
                fields=("-resolved_at", "-id"),
                condition=models.Q(resolved_at__isnull=False),
                name="discrepancy_last_resolved",
            ),
            # Counts and sums of the queue are read off these alone, without the rows and their evidence.
            models.Index(
                fields=("shop", "kind", "status", "assignee", "amount", "opened_at"),
                condition=models.Q(resolved_at=None),
                name="discrepancy_queue_figures",
            ),
            # The same, of cases that were searched for or that have a certain receipt.
            models.Index(
                fields=("case",),
                include=("shop", "kind", "status", "assignee", "amount", "magnitude", "severity", "opened_at", "id"),
                condition=models.Q(resolved_at=None),
                name="discrepancy_open_of_case",
            ),
            # What owners are asked.
            models.Index(
                fields=("shop", "opened_at"),
                condition=models.Q(asked_by__isnull=False),
                name="discrepancy_asked",
            ),
            models.Index(
                fields=("shop", "kind", "amount"),
                condition=models.Q(resolved_at__isnull=False),
                name="discrepancy_resolved_figures",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.case}"


class DiscrepancyStep(models.Model):
    """One step in the life of a discrepancy: who, when, from, to, and why. Never changed or removed.

    `rule` is the rule of the house that decided it; somebody beside it has had the rule applied to what was open.
    """

    SHOP_PATH = "discrepancy__shop"

    class Action(models.TextChoices):
        OPENED = "opened", _("found")
        AMOUNT_CHANGED = "amount_changed", _("amount changed by documents")
        CAUSE_GONE = "cause_gone", _("cause gone from the documents")
        RETURNED = "returned", _("found again")
        TAKEN = "taken", _("taken")
        HANDED_OVER = "handed_over", _("handed over")
        COMMENTED = "commented", _("commented")
        ASKED = "asked", _("owner asked")
        ANSWERED = "answered", _("question answered")
        PROPOSED = "proposed", _("proposed")
        CONFIRMED = "confirmed", _("proposal confirmed")
        DECLINED = "declined", _("proposal declined")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("reopened")
        LINKED = "linked", _("receipt linked to a bill")
        UNLINKED = "unlinked", _("receipt taken off a bill")
        SPLIT = "split", _("receipt split over bills")
        UNDONE = "undone", _("undone")

    discrepancy = models.ForeignKey(Discrepancy, models.PROTECT, related_name="steps", verbose_name=_("discrepancy"))
    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"), null=True, blank=True
    )
    rule = models.ForeignKey(
        HouseRule, models.PROTECT, related_name="steps", verbose_name=_("by the rule"), null=True, blank=True
    )
    action = models.CharField(_("step"), max_length=20, choices=Action)
    from_status = models.CharField(_("from"), max_length=10, choices=Status, blank=True)
    to_status = models.CharField(_("to"), max_length=10, choices=Status)
    from_reason = models.CharField(_("former reason"), max_length=20, choices=Reason, blank=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    from_assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("from whom"), null=True, blank=True
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("to whom"), null=True, blank=True
    )
    from_write_off_account = models.ForeignKey(
        WriteOffAccount, models.PROTECT, related_name="+", verbose_name=_("formerly to"), null=True, blank=True
    )
    write_off_account = models.ForeignKey(
        WriteOffAccount, models.PROTECT, related_name="+", verbose_name=_("written off to"), null=True, blank=True
    )
    amount_before = models.DecimalField(_("amount before"), max_digits=15, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=15, decimal_places=2, null=True, blank=True)
    allocation = models.ForeignKey(
        Allocation, models.PROTECT, related_name="+", verbose_name=_("receipt and bills"), null=True, blank=True
    )
    comment = models.TextField(_("comment"), blank=True)
    undoes = models.OneToOneField(
        "self", models.PROTECT, related_name="undone_by", verbose_name=_("undoes"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("history")
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return self.get_action_display()
