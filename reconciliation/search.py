"""By what words and amounts a case is found: how they are written down when it is judged, and how they are sought.

A word is found by its beginning, an amount as a whole, however it is typed. The text of a case is kept in small
letters, so no database has to know how those of other alphabets look large.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.db.models import Q, QuerySet

from reconciliation.models import CaseText
from reconciliation.rules import facts
from reconciliation.rules.findings import Judgement
from shops.money import format_plain, parse_amount

WORD = re.compile(r"\w+")
AMOUNT = re.compile(r"[+-]?\d{1,11}(?:\.\d{1,2})?")
# What people, and our own pages, put between the figures of an amount and around it.
DECORATION = re.compile(r"\u2060|₽|руб\.?|р\.")
GROUPED = re.compile(r"[+-]?\s*\d{1,3}(?:\s\d{3})+(?:[.,]\d{1,2})?")
SPACE_INSIDE = re.compile(r"\d\s+\d")
SPACES = re.compile(r"\s")
GROUPING_COMMA = re.compile(r",(?=\d{3}(?:\D|$))")
WORDS_LIMIT = 300  # a bill of a wholesaler may have a thousand lines
WORDS_TYPED_LIMIT = 8


def write_words(case: facts.Case) -> str:
    """Every word of the case once, each after a space: numbers, ids, customers, products."""
    words = dict.fromkeys(word for text in _list_texts(case) for word in read_words(text))
    return "".join(f" {word}" for word in list(words)[:WORDS_LIMIT])


def write_amounts(case: facts.Case, judgement: Judgement) -> str:
    """Every amount of the case once: of its documents, what was due and received, and its differences."""
    amounts = [judgement.due, judgement.received, judgement.gap]
    amounts += [case.bill.total] if case.bill else []
    amounts += [receipt.total for receipt in case.receipts]
    amounts += [finding.amount for finding in judgement.findings]
    return "".join(f" {token}" for token in dict.fromkeys(_token(amount) for amount in amounts if amount is not None))


def read_words(text: str) -> list[str]:
    return WORD.findall(text.casefold().replace("ё", "е"))


def read_typed_amount(typed: str) -> Decimal | None:
    """An amount as people write it: `31690`, `31 690,00`, `31,690.00`, `-31040`; None for what is none."""
    bare = DECORATION.sub("", typed).replace("\u2212", "-").strip()
    if SPACE_INSIDE.search(bare) and not GROUPED.fullmatch(bare):
        return None  # two numbers
    plain = GROUPING_COMMA.sub("", SPACES.sub("", bare)).replace(",", ".")
    return parse_amount(plain.removeprefix("+")) if AMOUNT.fullmatch(plain) else None


def find_cases(typed: str) -> QuerySet[CaseText]:
    """The texts of the cases that have everything that was typed."""
    if read_typed_amount(typed) is not None:
        return CaseText.objects.filter(_mentions(typed.strip()))
    parts = [part for part in typed.split() if read_words(part)]
    found = CaseText.objects.all() if parts else CaseText.objects.none()
    for part in parts[:WORDS_TYPED_LIMIT]:
        found = found.filter(_mentions(part))
    return found


def _mentions(part: str) -> Q:
    """What was typed without spaces: an amount, words, or a number that may be either."""
    amount = read_typed_amount(part)
    by_words = Q(*(Q(words__contains=f" {word}") for word in read_words(part)))
    if amount is None:
        return by_words
    by_amount = Q(amounts__contains=_sought(amount, part))
    return by_amount | by_words if part.isdecimal() else by_amount


def _token(amount: Decimal) -> str:
    """The sign stands before the mark, so that one that is typed without a sign is found with either."""
    return f"{'-' if amount < 0 else ''}={format_plain(abs(amount))}"


def _sought(amount: Decimal, typed: str) -> str:
    return f" {_token(amount)}" if typed.startswith("+") else _token(amount)


def _list_texts(case: facts.Case) -> Iterator[str]:
    if case.bill:
        yield from (case.bill.number, case.bill.external_id, case.bill.customer_name)
    for receipt in case.receipts:
        yield from (receipt.receipt_id, receipt.bill_number, receipt.bill_id, receipt.customer_name)
    yield from _list_products(case)


def _list_products(case: facts.Case) -> Iterable[str]:
    yield from (line.name for line in (case.bill.lines if case.bill else None) or ())
    yield from (line.name for receipt in case.receipts for line in receipt.lines)
