"""Which bill a receipt might pay, or which receipt might pay a bill: likely pairs first, each with its reasons. Pure.

A score is a sum of what speaks for the pair. It only ranks: a person decides, and sees why each is suggested.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from shops.money import ZERO
from shops.payment.matching import Ledger
from shops.payment.values import PAYBACK, Bill, Receipt

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)

SAME_SUM, SAME_REMAINDER, ALL_LINES, SAME_CUSTOMER, SAME_NUMBER, SIMILAR_NUMBER = 40, 40, 30, 20, 35, 20
WITHIN_AN_HOUR, WITHIN_A_DAY, WITHIN_A_WEEK = 15, 10, 5

SHORTEST_NUMBER = 3  # of fewer characters one that differs is another number, not an error of typing


class Why(StrEnum):
    """What speaks for a pair."""

    SAME_SUM = "same_sum"
    SAME_REMAINDER = "same_remainder"
    LINES = "lines"
    SAME_CUSTOMER = "same_customer"
    SAME_TAXPAYER = "same_taxpayer"
    SAME_NUMBER = "same_number"
    SIMILAR_NUMBER = "similar_number"
    AFTER_OPENING = "after_opening"
    NEAR_IN_TIME = "near_in_time"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for a pair, with what it weighs; the figures are those of its words."""

    why: Why
    weight: int
    matching: int = 0  # of so many lines
    lines: int = 0
    apart: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pair of a receipt and a bill, with what the bill has received already; `key` is whose row it is."""

    key: int
    bill: Bill
    receipt: Receipt
    received: Decimal = ZERO
    is_paid: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    key: int
    reasons: tuple[Reason, ...]
    is_paid: bool  # the bill needs no money any more: linking would pay it twice

    @property
    def score(self) -> int:
        return sum(reason.weight for reason in self.reasons)


def suggest(candidates: Iterable[Candidate], *, limit: int) -> list[Suggestion]:
    """The likely pairs, best first; bills that are paid in full come after all others."""
    suggestions = [
        Suggestion(candidate.key, reasons, _is_paid(candidate))
        for candidate in candidates
        if _is_likely(reasons := find_reasons(candidate))
    ]
    return sorted(suggestions, key=lambda found: (found.is_paid, -found.score, found.key))[:limit]


def find_reasons(candidate: Candidate) -> tuple[Reason, ...]:
    """Everything that speaks for the pair, the weightiest first."""
    found = (
        _compare_sums(candidate),
        _compare_lines(candidate.bill, candidate.receipt),
        _compare_customers(candidate.bill, candidate.receipt),
        _compare_numbers(candidate.bill, candidate.receipt),
        _compare_times(candidate.bill, candidate.receipt),
    )
    return tuple(sorted((reason for reason in found if reason), key=lambda reason: -reason.weight))


def is_similar(number: str, other: str) -> bool:
    """Whether one is the other with a typing error: one character more, less or other, or two of them swapped."""
    if min(len(number), len(other)) < SHORTEST_NUMBER or abs(len(number) - len(other)) > 1:
        return False
    start = next((i for i, pair in enumerate(zip(number, other, strict=False)) if pair[0] != pair[1]), len(number))
    rest, other_rest = number[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:])
    )


def _is_likely(reasons: tuple[Reason, ...]) -> bool:
    """Nearness in time alone says nothing: it is true of every bill of the day."""
    return any(reason.why not in (Why.AFTER_OPENING, Why.NEAR_IN_TIME) for reason in reasons)


def _is_paid(candidate: Candidate) -> bool:
    """A refund pays nothing, so no bill is too paid for it."""
    return candidate.receipt.type != PAYBACK and candidate.is_paid


def _compare_sums(candidate: Candidate) -> Reason | None:
    bill, receipt = candidate.bill, candidate.receipt
    remaining = bill.due - candidate.received
    if candidate.received and receipt.type != PAYBACK and receipt.total == remaining:
        return Reason(Why.SAME_REMAINDER, SAME_REMAINDER)
    return Reason(Why.SAME_SUM, SAME_SUM) if receipt.total in (bill.due, bill.total) else None


def _compare_lines(bill: Bill, receipt: Receipt) -> Reason | None:
    """How many lines of the receipt sell what the bill asks for, in no greater quantity."""
    if not bill.lines or not receipt.lines:
        return None
    matched = Ledger.of(bill.lines).take(receipt.lines)
    matching = sum(not line.is_unexpected and not line.excess for line in matched)
    if not matching:
        return None
    return Reason(Why.LINES, ALL_LINES * matching // len(matched), matching=matching, lines=len(matched))


def _compare_customers(bill: Bill, receipt: Receipt) -> Reason | None:
    taxpayer, name = receipt.customer_taxpayer_number.strip(), _fold(receipt.customer_name)
    if taxpayer and taxpayer == bill.customer_taxpayer_number.strip():
        return Reason(Why.SAME_TAXPAYER, SAME_CUSTOMER)
    return Reason(Why.SAME_CUSTOMER, SAME_CUSTOMER) if name and name == _fold(bill.customer_name) else None


def _compare_numbers(bill: Bill, receipt: Receipt) -> Reason | None:
    """The id or the number on the receipt is one of the bill's, with another ending, or with a typing error."""
    on_receipt = {bare_number(text) for text in (receipt.bill_id, receipt.bill_number)} - {""}
    on_bill = {bare_number(text) for text in (bill.external_id, bill.number)} - {""}
    if on_receipt & on_bill:
        return Reason(Why.SAME_NUMBER, SAME_NUMBER)
    similar = any(is_similar(number, other) for number in on_receipt for other in on_bill)
    return Reason(Why.SIMILAR_NUMBER, SIMILAR_NUMBER) if similar else None


def _compare_times(bill: Bill, receipt: Receipt) -> Reason | None:
    began = bill.opened_at or bill.issued_at
    if began is None:
        return None
    passed = (receipt.printed_at or receipt.received_at) - began
    weights = ((HOUR, WITHIN_AN_HOUR), (DAY, WITHIN_A_DAY), (WEEK, WITHIN_A_WEEK))
    weight = next((weight for limit, weight in weights if abs(passed) <= limit), 0)
    if not weight:
        return None
    is_after_opening = bill.opened_at is not None and passed >= timedelta()
    return Reason(Why.AFTER_OPENING if is_after_opening else Why.NEAR_IN_TIME, weight, apart=abs(passed))


def bare_number(text: str) -> str:
    """A number without what a CRM puts around it: the 56770 of `56770-CRM`; as it is where it has no figures."""
    folded = _fold(text)
    runs = "".join(character if character.isdigit() else " " for character in folded).split()
    return max(runs, key=len, default=folded).lstrip("0") or folded


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
