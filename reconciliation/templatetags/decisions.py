"""Template filters for what people have decided: {% load decisions %}."""

from django import template

from reconciliation.models import Discrepancy, DiscrepancyStep
from reconciliation.wording import word_closing

register = template.Library()


@register.filter
def closing(row: Discrepancy | DiscrepancyStep) -> str:
    """Why a discrepancy is closed, or what a step closes it with, with the account where there is one."""
    status = row.status if isinstance(row, Discrepancy) else row.to_status
    return word_closing(status, row.reason, row.write_off_account)
