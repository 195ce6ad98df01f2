"""The words of the wire in the reader's language. A word that is not known here is shown as it came."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SETTLEMENT_METHODS = {
    "FullPrepayment": _("full prepayment"),
    "PartialPrepayment": _("part prepayment"),
    "AdvancePayment": _("advance"),
    "FullSettlement": _("full settlement"),
    "PartialSettlement": _("part settlement, the rest on credit"),
    "Lend": _("handed over on credit"),
    "LoanPayment": _("payment of a credit"),
}
PAYMENT_SOURCES = {
    "PAY_CASH": _("cash"),
    "PAY_CASHBACK": _("cash, given back"),
    "PAY_CARD": _("card"),
    "OTHER": _("other means"),
}
RECEIPT_TYPES = {
    "SELL": _("sale"),
    "PAYBACK": _("refund"),
    "BUY": _("purchase"),
    "BUYBACK": _("refund of a purchase"),
}


def word_settlement_method(word: str) -> str:
    return str(SETTLEMENT_METHODS.get(word, word))


def word_payment_source(word: str) -> str:
    return str(PAYMENT_SOURCES.get(word, word))


def word_receipt_type(word: str) -> str:
    return str(RECEIPT_TYPES.get(word, word))


def word_remark(remark: str) -> str:
    """A remark of the program in the journal: sentences of its own, one a line, are stored as they are written here."""
    return "\n".join(gettext(line) for line in remark.split("\n") if line)
