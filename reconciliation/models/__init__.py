"""Judgement: cases, their discrepancies, what was decided about each, and who is told of it."""

from reconciliation.models.attachment import Attachment
from reconciliation.models.case import Case
from reconciliation.models.case_receipt import CaseReceipt
from reconciliation.models.case_text import CaseText
from reconciliation.models.day_totals import ChangedDay, DaySales, DayTakings, DayTotals
from reconciliation.models.discrepancy import WORST_FIRST, Discrepancy, DiscrepancyStep
from reconciliation.models.house_rule import DirectionChoice, HouseRule, OutcomeChoice
from reconciliation.models.letter import Alert, Digest, Letter
from reconciliation.models.other_payment import OtherPayment
from reconciliation.models.period import Period, PeriodAcknowledgement, PeriodEntry
from reconciliation.models.saved_view import SavedView
from reconciliation.models.set_off import SetOff
from reconciliation.models.subscription import Subscription
from reconciliation.models.turn import JudgingTurn
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount

__all__ = [
    "Alert",
    "Attachment",
    "Case",
    "CaseReceipt",
    "CaseText",
    "ChangedDay",
    "DaySales",
    "DayTakings",
    "DayTotals",
    "Digest",
    "DirectionChoice",
    "Discrepancy",
    "DiscrepancyStep",
    "HouseRule",
    "JudgingTurn",
    "KindChoice",
    "Letter",
    "OtherPayment",
    "OutcomeChoice",
    "Period",
    "PeriodAcknowledgement",
    "PeriodEntry",
    "Reason",
    "SavedView",
    "SetOff",
    "Status",
    "Subscription",
    "WORST_FIRST",
    "WriteOffAccount",
]
