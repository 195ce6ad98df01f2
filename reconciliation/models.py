"""Judgement: cases, their discrepancies, and what was decided about each."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.rules.kinds import MONETARY, Kind
from shops.models import Bill, ExchangeEvent, Receipt, Shop


class KindChoice(models.TextChoices):
    """`Kind` in the reader's words."""

    PARTIAL_RECEIPT = Kind.PARTIAL_RECEIPT.value, _("paid in part")
    PRICE_MISMATCH = Kind.PRICE_MISMATCH.value, _("another price")
    DISCOUNT_MISMATCH = Kind.DISCOUNT_MISMATCH.value, _("discount unknown to the bill")
    QUANTITY_MISMATCH = Kind.QUANTITY_MISMATCH.value, _("more sold than billed")
    UNEXPECTED_ITEM = Kind.UNEXPECTED_ITEM.value, _("item not on the bill")
    DUPLICATE_RECEIPT = Kind.DUPLICATE_RECEIPT.value, _("paid twice")
    REFUND = Kind.REFUND.value, _("money given back")
    BILL_TOTAL_MISMATCH = Kind.BILL_TOTAL_MISMATCH.value, _("bill does not add up")
    RECEIPT_TOTAL_MISMATCH = Kind.RECEIPT_TOTAL_MISMATCH.value, _("receipt does not add up")
    UNKNOWN_BILL = Kind.UNKNOWN_BILL.value, _("receipt for an unknown bill")
    NO_BILL = Kind.NO_BILL.value, _("receipt without a bill")
    SUM_MISMATCH = Kind.SUM_MISMATCH.value, _("unexplained difference")
    LIST_TOTAL_MISMATCH = Kind.LIST_TOTAL_MISMATCH.value, _("list and bill disagree")
    TAX_MISMATCH = Kind.TAX_MISMATCH.value, _("VAT differs")
    REFERENCE_MISMATCH = Kind.REFERENCE_MISMATCH.value, _("receipt points to another bill")
    WRONG_STORE = Kind.WRONG_STORE.value, _("store of another shop")
    NOT_FISCAL = Kind.NOT_FISCAL.value, _("receipt is not fiscal")
    OPENED_NOT_PAID = Kind.OPENED_NOT_PAID.value, _("opened, not paid")
    LISTED_AFTER_RECEIPT = Kind.LISTED_AFTER_RECEIPT.value, _("offered after payment")
    LATE_RECEIPT = Kind.LATE_RECEIPT.value, _("receipt came late")
    INVALID_MARK = Kind.INVALID_MARK.value, _("wrong marking code")
    CONFLICTING_RECEIPT = Kind.CONFLICTING_RECEIPT.value, _("receipt delivered with other contents")
    UNANSWERED = Kind.UNANSWERED.value, _("request without an answer")
    UNREADABLE = Kind.UNREADABLE.value, _("unreadable message")


class Status(models.TextChoices):
    OPEN = "open", _("open")
    IN_REVIEW = "in_review", _("in review")
    RESOLVED = "resolved", _("resolved")
    REOPENED = "reopened", _("reopened")


class Reason(models.TextChoices):
    """Why a discrepancy is closed. The last is the system's own."""

    CONTENTS_CHANGED = "contents_changed", _("contents changed with the customer's consent")
    REST_WILL_BE_PAID = "rest_will_be_paid", _("the rest will be paid")
    PAID_ANOTHER_WAY = "paid_another_way", _("paid another way")
    CORRECTION_RECEIPT = "correction_receipt", _("corrected by a correction receipt")
    BILL_CORRECTED = "bill_corrected", _("bill corrected in the CRM")
    WRITTEN_OFF = "written_off", _("written off")
    REGISTER_ERROR = "register_error", _("register error")
    FALSE_ALARM = "false_alarm", _("false alarm")
    LATER_DOCUMENTS = "later_documents", _("resolved by later documents")


class Case(models.Model):
    """The unit that is reconciled: a bill with its receipts, a receipt without a bill, or a message by itself.

    The figures are those of the last judgement: `gap` = `received` - `due`.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="cases", verbose_name=_("shop"))
    bill = models.OneToOneField(
        Bill, models.PROTECT, related_name="case", verbose_name=_("bill"), null=True, blank=True
    )
    receipt = models.OneToOneField(
        Receipt, models.PROTECT, related_name="case", verbose_name=_("receipt"), null=True, blank=True
    )
    event = models.OneToOneField(
        ExchangeEvent, models.PROTECT, related_name="case", verbose_name=_("journal entry"), null=True, blank=True
    )
    due = models.DecimalField(_("due"), max_digits=15, decimal_places=2, null=True, blank=True)
    received = models.DecimalField(_("received"), max_digits=15, decimal_places=2, null=True, blank=True)
    gap = models.DecimalField(_("difference"), max_digits=15, decimal_places=2, null=True, blank=True)
    fully_paid = models.BooleanField(_("fully paid"), default=False)
    bill_version = models.PositiveIntegerField(_("judged version of the bill"), default=0)
    judged_at = models.DateTimeField(_("judged"))
    judged_as_of = models.DateTimeField(_("judged as of"), help_text=_("The time that deadlines were held against."))
    judge_again_at = models.DateTimeField(_("to be judged again"), null=True, blank=True)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ("-pk",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(bill__isnull=False, receipt=None, event=None)
                | models.Q(bill=None, receipt__isnull=False, event=None)
                | models.Q(bill=None, receipt=None, event__isnull=False),
                name="case_is_of_a_bill_a_receipt_or_a_message",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("judge_again_at",), condition=models.Q(judge_again_at__isnull=False), name="case_to_judge_again"
            ),
        ]

    def __str__(self) -> str:
        return str(self.bill or self.receipt or self.event)


class Discrepancy(models.Model):
    """One named difference of a case, with an amount where it is about money, and a life.

    `evidence` holds what the finding was made of, amounts as text; `cause_present` says whether the documents
    still show the difference, whatever a person has decided about it.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="discrepancies", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=30, choices=KindChoice)
    amount = models.DecimalField(_("difference"), max_digits=15, decimal_places=2, null=True, blank=True)
    evidence = models.JSONField(_("evidence"), default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    cause_present = models.BooleanField(_("still seen in the documents"), default=True)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who has it"), null=True, blank=True
    )
    opened_at = models.DateTimeField(_("opened"))
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ("-opened_at", "-pk")
        permissions: ClassVar = [("work_discrepancy", _("Can take, resolve and reopen discrepancies"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("case", "kind"), name="discrepancy_is_unique_in_case_and_kind"),
            models.CheckConstraint(
                condition=(models.Q(kind__in=sorted(MONETARY)) & models.Q(amount__isnull=False))
                | (~models.Q(kind__in=sorted(MONETARY)) & models.Q(amount=None)),
                name="discrepancy_about_money_has_an_amount",
            ),
            models.CheckConstraint(
                condition=(models.Q(status="resolved") & ~models.Q(reason=""))
                | (~models.Q(status="resolved") & models.Q(reason="")),
                name="discrepancy_is_resolved_with_a_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(status="resolved") | models.Q(cause_present=True),
                name="discrepancy_without_a_cause_is_resolved",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("-opened_at", "-id"), name="discrepancy_by_time"),
            models.Index(fields=("status", "kind"), name="discrepancy_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.case}"


class DiscrepancyStep(models.Model):
    """One step in the life of a discrepancy: who, when, from, to, and why. Never changed or removed."""

    class Action(models.TextChoices):
        OPENED = "opened", _("found")
        AMOUNT_CHANGED = "amount_changed", _("amount changed by documents")
        CAUSE_GONE = "cause_gone", _("cause gone from the documents")
        RETURNED = "returned", _("found again")
        TAKEN = "taken", _("taken")
        HANDED_OVER = "handed_over", _("handed over")
        COMMENTED = "commented", _("commented")
        RESOLVED = "resolved", _("resolved")
        REOPENED = "reopened", _("reopened")
        UNDONE = "undone", _("undone")

    discrepancy = models.ForeignKey(Discrepancy, models.PROTECT, related_name="steps", verbose_name=_("discrepancy"))
    at = models.DateTimeField(_("time"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who"), null=True, blank=True
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
    amount_before = models.DecimalField(_("amount before"), max_digits=15, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=15, decimal_places=2, null=True, blank=True)
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
