"""The words of a discrepancy as choices: its kind, its status, and why it was closed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from reconciliation.rules import reasons
from reconciliation.rules.kinds import Kind


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
    SHIFT_MISMATCH = Kind.SHIFT_MISMATCH.value, _("shift does not add up")
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
    WAITING = "waiting", _("waits for confirmation")
    RESOLVED = "resolved", _("resolved")
    REOPENED = "reopened", _("reopened")


class Reason(models.TextChoices):
    """`reasons.Reason` in the reader's words: why a discrepancy is closed. The last is the system's own."""

    CONTENTS_CHANGED = reasons.Reason.CONTENTS_CHANGED.value, _("contents changed with the customer's consent")
    REST_WILL_BE_PAID = reasons.Reason.REST_WILL_BE_PAID.value, _("the rest will be paid")
    PAID_ANOTHER_WAY = reasons.Reason.PAID_ANOTHER_WAY.value, _("paid another way")
    CORRECTION_RECEIPT = reasons.Reason.CORRECTION_RECEIPT.value, _("corrected by a correction receipt")
    BILL_CORRECTED = reasons.Reason.BILL_CORRECTED.value, _("bill corrected in the CRM")
    WRITTEN_OFF = reasons.Reason.WRITTEN_OFF.value, _("written off")
    REGISTER_ERROR = reasons.Reason.REGISTER_ERROR.value, _("register error")
    FALSE_ALARM = reasons.Reason.FALSE_ALARM.value, _("false alarm")
    LATER_DOCUMENTS = reasons.Reason.LATER_DOCUMENTS.value, _("resolved by later documents")
