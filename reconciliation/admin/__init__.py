"""The queue of discrepancies in the admin, its pages, and what judgement adds to the pages of the facts."""

from reconciliation.admin.case import CaseAdmin
from reconciliation.admin.discrepancy import DiscrepancyAdmin
from reconciliation.admin.erasure import ErasureAdmin
from reconciliation.admin.facts import JudgedBillAdmin, JudgedReceiptAdmin
from reconciliation.admin.house_rule import HouseRuleAdmin
from reconciliation.admin.letter import LetterAdmin
from reconciliation.admin.period import PeriodAdmin
from reconciliation.admin.subscription import SubscriptionAdmin
from reconciliation.admin.write_off import WriteOffAccountAdmin

__all__ = [
    "CaseAdmin",
    "DiscrepancyAdmin",
    "ErasureAdmin",
    "HouseRuleAdmin",
    "JudgedBillAdmin",
    "JudgedReceiptAdmin",
    "LetterAdmin",
    "PeriodAdmin",
    "SubscriptionAdmin",
    "WriteOffAccountAdmin",
]
