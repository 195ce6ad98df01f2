"""The queue of discrepancies in the admin, its pages, and what judgement adds to the pages of the facts."""

from reconciliation.admin.case import CaseAdmin
from reconciliation.admin.discrepancy import DiscrepancyAdmin
from reconciliation.admin.facts import JudgedBillAdmin, JudgedReceiptAdmin
from reconciliation.admin.letter import LetterAdmin
from reconciliation.admin.subscription import SubscriptionAdmin

__all__ = [
    "CaseAdmin",
    "DiscrepancyAdmin",
    "JudgedBillAdmin",
    "JudgedReceiptAdmin",
    "LetterAdmin",
    "SubscriptionAdmin",
]
