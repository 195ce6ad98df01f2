"""What is decided in a month stays as it was decided once the month is closed. Used by decisions.

Documents are never refused: what they open again counts in the open month.
"""

from django.utils.translation import gettext as _

from reconciliation import months
from reconciliation.models import Discrepancy, DiscrepancyStep, Period, Status


def say_why_frozen(discrepancy: Discrepancy, action: str) -> str:
    """Why people cannot change this decision any more; empty where they can.

    A remark is always possible, and so is work on what was left open when the month was closed.
    """
    if discrepancy.status != Status.RESOLVED or action == DiscrepancyStep.Action.COMMENTED:
        return ""
    shop = discrepancy.case.shop
    last = Period.objects.filter(shop=shop, reopened_at=None).order_by("-month").first()
    resolved_at = discrepancy.resolved_at
    if last is None or resolved_at is None or resolved_at >= months.end_of(last.month, shop):
        return ""
    return _(
        "It was resolved in a month that is closed (%(month)s). Who may open closed months again can open it: "
        "a chief accountant."
    ) % {"month": months.format_month(months.month_of(resolved_at, shop))}
