"""Words in the reader's language: of the line-by-line table, and of how a discrepancy was closed."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.comparison import Adjustment, State
from reconciliation.models import DiscrepancyStep, OtherPayment, Reason, Status, WriteOffAccount
from shops.presentation import show_amount, show_day

STATES = {
    State.PAID: ("✓", _("paid")),
    State.PARTLY_PAID: ("½", _("paid in part")),
    State.UNPAID: ("✗", _("not paid")),
    State.OVERPAID: ("+", _("more than billed")),
    State.REFUNDED: ("↩", _("money given back")),
    State.UNEXPECTED: ("+", _("not on the bill")),
    State.AGAIN: ("2×", _("sold again")),
    State.REFUND: ("↩", _("refund")),
    State.UNCOMPARED: ("·", _("not compared")),
}
ADJUSTMENTS = {
    Adjustment.BILL_TOTAL_DIFFERS: _("The bill's total differs from its lines"),
    Adjustment.PREPAYMENT: _("Prepayment"),
    Adjustment.RECEIPT_TOTAL_DIFFERS: _("Receipt totals differ from their lines"),
    Adjustment.ON_ACCOUNT: _("Taken on account"),
    Adjustment.SET_OFF: _("Set off against what was taken on account"),
}


def word_closing(status: str, reason: str, account: WriteOffAccount | None) -> str:
    """Why a discrepancy is closed, or is to be: with the account where it is written off to one."""
    if not reason:
        return ""
    if reason != Reason.WRITTEN_OFF or account is None:
        label = str(Reason(reason).label)
        return gettext("%(reason)s, waits for confirmation") % {"reason": label} if status == Status.WAITING else label
    if status == Status.WAITING:
        return gettext("to be written off to “%(account)s”, waits for confirmation") % {"account": account}
    return gettext("written off to “%(account)s”") % {"account": account}


def find_other_payment(step: DiscrepancyStep) -> OtherPayment | None:
    """How the customer has paid, where that is what the step proposes."""
    found: OtherPayment | None = getattr(step, "other_payment", None)
    return found


def word_payment(paid: OtherPayment) -> str:
    """`31 040,00, bank transfer, 25.03.2026`."""
    return f"{show_amount(paid.amount)}, {paid.get_how_display()}, {show_day(paid.paid_on)}"
