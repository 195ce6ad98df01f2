"""Judgement: cases, their discrepancies, and what was decided about each."""

from reconciliation.models.attachment import Attachment
from reconciliation.models.case import Case
from reconciliation.models.discrepancy import Discrepancy, DiscrepancyStep
from reconciliation.models.words import KindChoice, Reason, Status
from reconciliation.models.write_off import WriteOffAccount

__all__ = ["Attachment", "Case", "Discrepancy", "DiscrepancyStep", "KindChoice", "Reason", "Status", "WriteOffAccount"]
