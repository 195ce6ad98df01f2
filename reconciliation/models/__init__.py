"""Judgement: cases, their discrepancies, and what was decided about each."""

from reconciliation.models.case import Case
from reconciliation.models.discrepancy import Discrepancy, DiscrepancyStep
from reconciliation.models.period import Period, PeriodAcknowledgement, PeriodEntry
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount

__all__ = [
    "Case",
    "Discrepancy",
    "DiscrepancyStep",
    "KindChoice",
    "Period",
    "PeriodAcknowledgement",
    "PeriodEntry",
    "Reason",
    "Status",
    "WriteOffAccount",
]
