"""Why a discrepancy is closed, and which reason makes sense for which kind. Pure.

Forms offer these, and every decision is held against them.
"""

from collections.abc import Iterable
from enum import StrEnum

from reconciliation.rules.kinds import MONETARY, Kind


class Reason(StrEnum):
    """The last is the program's own."""

    CONTENTS_CHANGED = "contents_changed"
    REST_WILL_BE_PAID = "rest_will_be_paid"
    PAID_ANOTHER_WAY = "paid_another_way"
    CORRECTION_RECEIPT = "correction_receipt"
    BILL_CORRECTED = "bill_corrected"
    WRITTEN_OFF = "written_off"
    REGISTER_ERROR = "register_error"
    FALSE_ALARM = "false_alarm"
    LATER_DOCUMENTS = "later_documents"


# What was sold is not what was billed: by agreement, by a mistake at the till, or by a bill that nobody brought up to
# date. Nothing is owed, so nothing "will be paid".
_SOLD_OTHERWISE = frozenset({Reason.CONTENTS_CHANGED, Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED})

# Money may be missing: it comes later, it came past the register, or it is not owed any more.
_MONEY_MISSING = frozenset({Reason.REST_WILL_BE_PAID, Reason.PAID_ANOTHER_WAY}) | _SOLD_OTHERWISE

# The till is not to blame for what the CRM has said.
_FAULTS_OF_THE_CRM = frozenset({Kind.BILL_TOTAL_MISMATCH, Kind.LIST_TOTAL_MISMATCH})

_OF_THE_KIND: dict[Kind, frozenset[Reason]] = {
    Kind.PARTIAL_RECEIPT: _MONEY_MISSING,
    Kind.PRICE_MISMATCH: _MONEY_MISSING,
    # Points or a gift card stand on a receipt as a discount: that was paid another way.
    Kind.DISCOUNT_MISMATCH: _SOLD_OTHERWISE | {Reason.PAID_ANOTHER_WAY},
    Kind.QUANTITY_MISMATCH: _SOLD_OTHERWISE,
    Kind.UNEXPECTED_ITEM: _SOLD_OTHERWISE,
    Kind.DUPLICATE_RECEIPT: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    # Given back to be rung up anew, or paid by transfer in the end.
    Kind.REFUND: _MONEY_MISSING,
    Kind.BILL_TOTAL_MISMATCH: frozenset({Reason.BILL_CORRECTED}),
    Kind.RECEIPT_TOTAL_MISMATCH: frozenset({Reason.CORRECTION_RECEIPT}),
    # The bill was entered in the CRM afterwards, or the sale was reversed.
    Kind.UNKNOWN_BILL: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    Kind.NO_BILL: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    # All that is known of a bill without contents: it may be one that was paid in part.
    Kind.SUM_MISMATCH: _MONEY_MISSING,
    # A receipt that never came was found, or the drawer was counted anew.
    Kind.SHIFT_MISMATCH: frozenset({Reason.PAID_ANOTHER_WAY, Reason.CORRECTION_RECEIPT}),
    Kind.LIST_TOTAL_MISMATCH: frozenset({Reason.BILL_CORRECTED}),
    Kind.TAX_MISMATCH: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    Kind.REFERENCE_MISMATCH: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    Kind.WRONG_STORE: frozenset({Reason.CORRECTION_RECEIPT}),
    # No money came by it: it is still to come, or it came past the register.
    Kind.NOT_FISCAL: frozenset({Reason.REST_WILL_BE_PAID, Reason.PAID_ANOTHER_WAY, Reason.CORRECTION_RECEIPT}),
    Kind.OPENED_NOT_PAID: frozenset(
        {Reason.REST_WILL_BE_PAID, Reason.PAID_ANOTHER_WAY, Reason.CONTENTS_CHANGED, Reason.BILL_CORRECTED}
    ),
    Kind.LISTED_AFTER_RECEIPT: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    Kind.LATE_RECEIPT: frozenset(),
    Kind.INVALID_MARK: frozenset({Reason.CORRECTION_RECEIPT, Reason.BILL_CORRECTED}),
    Kind.CONFLICTING_RECEIPT: frozenset({Reason.CORRECTION_RECEIPT}),
    Kind.UNANSWERED: frozenset(),
    Kind.UNREADABLE: frozenset({Reason.BILL_CORRECTED}),
}


def list_reasons(kind: Kind) -> tuple[Reason, ...]:
    """What a person may close a discrepancy of this kind with, in the order of `Reason`.

    A difference of money may be written off; that is done by a decision of its own, for it needs an account.
    """
    sensible = _OF_THE_KIND[kind] | {Reason.FALSE_ALARM}
    if kind not in _FAULTS_OF_THE_CRM:
        sensible |= {Reason.REGISTER_ERROR}
    if kind in MONETARY:
        sensible |= {Reason.WRITTEN_OFF}
    return tuple(reason for reason in Reason if reason in sensible)


def list_common_reasons(kinds: Iterable[Kind]) -> tuple[Reason, ...]:
    """What makes sense for all of these kinds."""
    wanted = set(kinds)
    return tuple(reason for reason in Reason if wanted and all(reason in list_reasons(kind) for kind in wanted))
