"""The kinds of discrepancy, in the order in which they are shown. Pure.

The meaning of each stands in the docstring of the rule that finds it.
"""

from enum import StrEnum


class Kind(StrEnum):
    """What can be wrong with a case. The first group has an amount, the second has none."""

    PARTIAL_RECEIPT = "partial_receipt"
    PRICE_MISMATCH = "price_mismatch"
    DISCOUNT_MISMATCH = "discount_mismatch"
    QUANTITY_MISMATCH = "quantity_mismatch"
    UNEXPECTED_ITEM = "unexpected_item"
    DUPLICATE_RECEIPT = "duplicate_receipt"
    REFUND = "refund"
    BILL_TOTAL_MISMATCH = "bill_total_mismatch"
    RECEIPT_TOTAL_MISMATCH = "receipt_total_mismatch"
    UNKNOWN_BILL = "unknown_bill"
    NO_BILL = "no_bill"
    SUM_MISMATCH = "sum_mismatch"
    SHIFT_MISMATCH = "shift_mismatch"

    LIST_TOTAL_MISMATCH = "list_total_mismatch"
    TAX_MISMATCH = "tax_mismatch"
    REFERENCE_MISMATCH = "reference_mismatch"
    WRONG_STORE = "wrong_store"
    NOT_FISCAL = "not_fiscal"
    OPENED_NOT_PAID = "opened_not_paid"
    LISTED_AFTER_RECEIPT = "listed_after_receipt"
    LATE_RECEIPT = "late_receipt"
    INVALID_MARK = "invalid_mark"
    CONFLICTING_RECEIPT = "conflicting_receipt"
    UNANSWERED = "unanswered"
    UNREADABLE = "unreadable"


KINDS = tuple(Kind)
MONETARY = frozenset(KINDS[: KINDS.index(Kind.SHIFT_MISMATCH) + 1])

# Of the kinds without an amount, those come first that can still cost money.
WITHOUT_AMOUNT_WORST_FIRST = (
    Kind.LISTED_AFTER_RECEIPT,
    Kind.CONFLICTING_RECEIPT,
    Kind.UNREADABLE,
    Kind.UNANSWERED,
    Kind.WRONG_STORE,
    Kind.REFERENCE_MISMATCH,
    Kind.NOT_FISCAL,
    Kind.OPENED_NOT_PAID,
    Kind.LIST_TOTAL_MISMATCH,
    Kind.TAX_MISMATCH,
    Kind.INVALID_MARK,
    Kind.LATE_RECEIPT,
)
