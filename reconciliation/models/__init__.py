"""Judgement: cases, their discrepancies, and what was decided about each."""

from reconciliation.models.case import Case
from reconciliation.models.case_text import CaseText
from reconciliation.models.discrepancy import WORST_FIRST, Discrepancy, DiscrepancyStep
from reconciliation.models.saved_view import SavedView
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount

__all__ = [
    "WORST_FIRST",
    "Case",
    "CaseText",
    "Discrepancy",
    "DiscrepancyStep",
    "KindChoice",
    "Reason",
    "SavedView",
    "Status",
    "WriteOffAccount",
]
