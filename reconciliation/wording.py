"""The words of the line-by-line table, in the reader's language."""

from django.utils.translation import gettext_lazy as _

from reconciliation.comparison import Adjustment, State

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
