"""Template filters for what people have decided: {% load decisions %}."""

from django import template

from reconciliation.models import Discrepancy, DiscrepancyStep
from reconciliation.wording import find_other_payment, word_closing, word_payment

register = template.Library()


@register.filter
def closing(row: Discrepancy | DiscrepancyStep) -> str:
    """Why a discrepancy is closed, or what a step closes it with, with the account where there is one."""
    status = row.status if isinstance(row, Discrepancy) else row.to_status
    return word_closing(status, row.reason, row.write_off_account)


@register.filter
def payment_past_registers(step: DiscrepancyStep) -> str:
    """How the customer has paid, where the step proposes that it was another way."""
    paid = find_other_payment(step)
    return word_payment(paid) if paid else ""
