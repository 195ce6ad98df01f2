"""Judgement: cases, their discrepancies, and what was decided about each."""

from reconciliation.models.attachment import Attachment
from reconciliation.models.case import Case
from reconciliation.models.discrepancy import Discrepancy, DiscrepancyStep
from reconciliation.models.house_rule import DirectionChoice, HouseRule, OutcomeChoice
from reconciliation.models.period import Period, PeriodAcknowledgement, PeriodEntry
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount

__all__ = [
    "Attachment",
    "Case",
    "DirectionChoice",
    "Discrepancy",
    "DiscrepancyStep",
    "HouseRule",
    "KindChoice",
    "OutcomeChoice",
    "Period",
    "PeriodAcknowledgement",
    "PeriodEntry",
    "Reason",
    "Status",
    "WriteOffAccount",
]
