"""Judgement: cases, their discrepancies, what was decided about each, and who is told of it."""

from reconciliation.models.case import Case
from reconciliation.models.discrepancy import Discrepancy, DiscrepancyStep
from reconciliation.models.letter import Alert, Digest, Letter
from reconciliation.models.subscription import Subscription
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount

__all__ = [
    "Alert",
    "Case",
    "Digest",
    "Discrepancy",
    "DiscrepancyStep",
    "KindChoice",
    "Letter",
    "Reason",
    "Status",
    "Subscription",
    "WriteOffAccount",
]
