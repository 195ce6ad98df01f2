"""Writes down by what the queue finds the cases that have discrepancies: their texts, and where they were paid.

Used by the judge, within its transaction. Only what has changed is written.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reconciliation.models import Case, CaseReceipt, CaseText
from reconciliation.rules import facts
from reconciliation.rules.findings import Judgement
from reconciliation.search import write_amounts, write_words
from shops import bulk_writing
from shops.models import Receipt

PLACE_FIELDS = ("store_id", "terminal_id", "employee_id", "payment_source")


class JudgedFacts(NamedTuple):
    """A case with what it was judged by, and what it came to."""

    case: Case
    facts: facts.Case
    judgement: Judgement


def write_case_index(judged: Iterable[JudgedFacts]) -> None:
    """A case that its receipt has left keeps what it was found by."""
    documented = [item for item in judged if item.facts.bill or item.facts.receipts]
    if documented:
        _write_texts(documented)
        _write_receipts(documented)


def is_indexed(item: JudgedFacts, text: CaseText | None, receipts: Iterable[CaseReceipt]) -> bool:
    """Whether the case is found by what the facts say. A case without documents need not be."""
    if not item.facts.bill and not item.facts.receipts:
        return True
    written = _text_of(item)
    held = list(receipts)
    return (
        text is not None
        and _is_same(text, written)
        and {row.receipt.receipt_id for row in held} == {receipt.receipt_id for receipt in item.facts.receipts}
        and all(getattr(row, name) == getattr(row.receipt, name) for row in held for name in PLACE_FIELDS)
    )


def _write_texts(judged: Sequence[JudgedFacts]) -> None:
    texts = [_text_of(item) for item in judged]
    held = CaseText.objects.in_bulk([text.pk for text in texts])
    bulk_writing.insert_objects(CaseText, [text for text in texts if text.pk not in held])
    changed = [text for text in texts if text.pk in held and not _is_same(held[text.pk], text)]
    CaseText.objects.bulk_update(changed, ["words", "amounts"])


def _text_of(item: JudgedFacts) -> CaseText:
    return CaseText(case=item.case, words=write_words(item.facts), amounts=write_amounts(item.facts, item.judgement))


def _is_same(one: CaseText, other: CaseText) -> bool:
    return (one.words, one.amounts) == (other.words, other.amounts)


def _write_receipts(judged: Sequence[JudgedFacts]) -> None:
    """A receipt never changes, so its row is right or is not there; one that pays elsewhere now is taken away."""
    ids = {receipt.receipt_id for item in judged for receipt in item.facts.receipts}
    found = Receipt.objects.filter(shop__in={item.case.shop_id for item in judged}, receipt_id__in=ids)
    rows = {(row.shop_id, row.receipt_id): row for row in found.only("shop", "receipt_id", *PLACE_FIELDS)}
    wanted = {
        (item.case.pk, row.pk): CaseReceipt(
            case=item.case, receipt=row, **{name: getattr(row, name) for name in PLACE_FIELDS}
        )
        for item in judged
        for receipt in item.facts.receipts
        if (row := rows.get((item.case.shop_id, receipt.receipt_id))) is not None
    }
    held = CaseReceipt.objects.filter(case__in=[item.case for item in judged])
    keys = {(row.case_id, row.receipt_id): row.pk for row in held}
    CaseReceipt.objects.filter(pk__in=[pk for key, pk in keys.items() if key not in wanted]).delete()
    bulk_writing.insert_new(CaseReceipt, [row for key, row in wanted.items() if key not in keys])
