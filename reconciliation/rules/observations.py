"""What can be wrong with a case besides its sums. Pure.

Every rule takes a case and "now" and gives a finding without an amount, or None. `RULES` lists them all.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from reconciliation.rules.facts import UNANSWERED_AFTER, Case
from reconciliation.rules.findings import Finding
from reconciliation.rules.kinds import Kind
from shops.marks import read_mark
from shops.money import ZERO, format_plain, format_wire, tax_inside
from shops.payment.matching import Ledger
from shops.payment.paid import fully_paid_since
from shops.payment.takings import count_takings
from shops.payment.values import Bill, Receipt, ReceiptLine

Rule = Callable[[Case, datetime], Finding | None]

WITHOUT_VAT = frozenset({"без ндс", "без налога", "no vat", "none", "novat", "-"})


def list_total_mismatch(case: Case, now: datetime) -> Finding | None:
    """LIST and BILL gave different sums for the same bill.

    A LIST that offers what remains of a partly paid bill agrees with it.
    """
    bill = case.bill
    if bill is None or bill.lines is None or bill.listed_total in (None, bill.total):
        return None
    assert bill.listed_total is not None
    takings = count_takings(case.receipts, bill)
    if takings and bill.listed_total == bill.due - takings.received:
        return None
    return Finding(
        Kind.LIST_TOTAL_MISMATCH,
        evidence={"listed": format_plain(bill.listed_total), "total": format_plain(bill.total)},
    )


def tax_mismatch(case: Case, now: datetime) -> Finding | None:
    """A line's VAT rate differs from the bill's, or its tax is not the one contained in its sum."""
    rates = _rates_by_product(case.bill)
    lines = [
        {"receipt": receipt.receipt_id, "name": line.name, "product": line.product_id, **fault}
        for receipt in _fiscal(case.receipts)
        for line in sorted(
            receipt.lines, key=lambda line: (line.product_id, line.name, line.total, line.tax, line.tax_percent)
        )
        if (fault := _tax_fault(line, rates))
    ]
    return Finding(Kind.TAX_MISMATCH, evidence={"lines": lines}) if lines else None


def reference_mismatch(case: Case, now: datetime) -> Finding | None:
    """A receipt's bill id and its number or date point to different bills, or its customer is another."""
    faults = [fault for receipt in _ordered(case.receipts) for fault in _reference_faults(case.bill, receipt)]
    return Finding(Kind.REFERENCE_MISMATCH, evidence={"faults": faults}) if faults else None


def wrong_store(case: Case, now: datetime) -> Finding | None:
    """A receipt's store belongs to another shop. Which one is nobody's to know who sees this shop only."""
    receipts = [
        {"receipt": receipt.receipt_id, "store": receipt.store_id}
        for receipt in _ordered(case.receipts)
        if receipt.store_shop is not None
    ]
    return Finding(Kind.WRONG_STORE, evidence={"receipts": receipts}) if receipts else None


def not_fiscal(case: Case, now: datetime) -> Finding | None:
    """A receipt is informational: it is kept and shown, but no money came with it."""
    receipts = [
        {"receipt": receipt.receipt_id, "amount": format_plain(receipt.total)}
        for receipt in _ordered(case.receipts)
        if receipt.informational
    ]
    return Finding(Kind.NOT_FISCAL, evidence={"receipts": receipts}) if receipts else None


def opened_not_paid(case: Case, now: datetime) -> Finding | None:
    """A register opened the bill, and no receipt followed within the shop's grace period."""
    deadline = payment_deadline(case)
    if deadline is None or now <= deadline:
        return None
    assert case.bill is not None and case.bill.opened_at is not None
    return Finding(
        Kind.OPENED_NOT_PAID,
        evidence={"opened_at": case.bill.opened_at.isoformat(), "due": format_plain(case.bill.due)},
    )


def listed_after_receipt(case: Case, now: datetime) -> Finding | None:
    """A fully paid bill stands in a LIST answer given after its receipt was answered: it could be paid twice."""
    bill = case.bill
    if bill is None or bill.listed is None:
        return None
    paid = fully_paid_since(bill, case.receipts)
    if paid is None or bill.listed <= paid:
        return None
    return Finding(
        Kind.LISTED_AFTER_RECEIPT,
        evidence={"paid_at": paid.at.isoformat(), "listed_at": bill.listed.at.isoformat()},
    )


def late_receipt(case: Case, now: datetime) -> Finding | None:
    """A receipt arrived later than the shop's limit after it was printed."""
    receipts = [
        {
            "receipt": receipt.receipt_id,
            "printed_at": receipt.printed_at.isoformat(),
            "received_at": receipt.received_at.isoformat(),
            "delay_seconds": int((receipt.received_at - receipt.printed_at).total_seconds()),
        }
        for receipt in _ordered(case.receipts)
        if receipt.printed_at and receipt.received_at - receipt.printed_at > case.policy.late_receipt_after
    ]
    return Finding(Kind.LATE_RECEIPT, evidence={"receipts": receipts}) if receipts else None


def invalid_mark(case: Case, now: datetime) -> Finding | None:
    """A marking code of the bill is not well formed, or stands on another paid bill of the shop."""
    paid = dict(case.paid_marks)
    lines = [
        {"name": line.name, "mark": line.mark, "fault": fault, "bills": sorted(paid.get(line.mark, ()))}
        for line in sorted((case.bill.lines or ()) if case.bill else (), key=lambda line: (line.mark, line.name))
        if line.mark and ((fault := read_mark(line.mark, item_type=line.goods_type).fault) or paid.get(line.mark))
    ]
    return Finding(Kind.INVALID_MARK, evidence={"lines": lines}) if lines else None


def conflicting_receipt(case: Case, now: datetime) -> Finding | None:
    """A receipt was delivered again under the same id with other contents; the first contents count."""
    receipts = [
        {"receipt": receipt.receipt_id, "deliveries": receipt.other_contents_count}
        for receipt in _ordered(case.receipts)
        if receipt.other_contents_count
    ]
    return Finding(Kind.CONFLICTING_RECEIPT, evidence={"receipts": receipts}) if receipts else None


def unanswered(case: Case, now: datetime) -> Finding | None:
    """A request has no answer in the journal."""
    own = (case.message,) if case.message and case.message.is_request and not case.message.answered else ()
    requests = [
        {"kind": request.kind, "at": request.occurred_at.isoformat()}
        for request in sorted((*case.unanswered, *own), key=lambda request: (request.occurred_at, request.kind))
        if now > request.occurred_at + UNANSWERED_AFTER
    ]
    return Finding(Kind.UNANSWERED, evidence={"requests": requests}) if requests else None


def unreadable(case: Case, now: datetime) -> Finding | None:
    """A message could not be read; its raw text is kept and can be processed again."""
    message = case.message
    if message is None or not message.fault:
        return None
    return Finding(Kind.UNREADABLE, evidence={"kind": message.kind, "fault": message.fault})


RULES: tuple[Rule, ...] = (
    list_total_mismatch,
    tax_mismatch,
    reference_mismatch,
    wrong_store,
    not_fiscal,
    opened_not_paid,
    listed_after_receipt,
    late_receipt,
    invalid_mark,
    conflicting_receipt,
    unanswered,
    unreadable,
)


def payment_deadline(case: Case) -> datetime | None:
    """Until when a receipt must have followed the opening of the bill; None where none is awaited."""
    if case.bill is None or case.bill.opened_at is None or case.receipts:
        return None
    return case.bill.opened_at + case.policy.opened_not_paid_after


def read_rate(text: str) -> Decimal | None:
    """The percentage of a VAT rate as a CRM writes it ("5%", "10/110", "без НДС"); None where it says nothing known."""
    folded = text.strip().casefold().replace("_", " ")
    if folded in WITHOUT_VAT:
        return ZERO
    number = re.fullmatch(r"(?:ндс\s*|vat\s*)?(\d{1,3}(?:[.,]\d+)?)\s*%?(?:\s*[/ ]\s*1\d\d(?:[.,]\d+)?)?", folded)
    return Decimal(number[1].replace(",", ".")) if number else None


def _ordered(receipts: Iterable[Receipt]) -> list[Receipt]:
    return sorted(receipts, key=lambda receipt: receipt.time_order)


def _fiscal(receipts: Iterable[Receipt]) -> list[Receipt]:
    return [receipt for receipt in _ordered(receipts) if not receipt.informational]


def _rates_by_product(bill: Bill | None) -> Callable[[ReceiptLine], set[Decimal]]:
    """A function that gives the rates the bill knows for what a receipt line sells; none where it knows none."""
    ledger = Ledger.of((bill.lines or ()) if bill else ())

    def rates(line: ReceiptLine) -> set[Decimal]:
        lines = ledger.by_product.get(ledger.product_of_receipt_line(line), ())
        read = {read_rate(open_line.bill_line.tax_rate) for open_line in lines}
        return set() if None in read else {rate for rate in read if rate is not None}

    return rates


def _tax_fault(line: ReceiptLine, rates: Callable[[ReceiptLine], set[Decimal]]) -> dict[str, object]:
    billed = rates(line)
    expected = tax_inside(line.total, line.tax_percent)
    fault: dict[str, object] = {}
    if billed and line.tax_percent not in billed:
        fault |= {"billed_rate": format_wire(min(billed)), "rate": format_wire(line.tax_percent)}
    if line.tax != expected:
        fault |= {
            "expected_tax": format_plain(expected),
            "tax": format_plain(line.tax),
            "rate": format_wire(line.tax_percent),
        }
    return fault


def _reference_faults(bill: Bill | None, receipt: Receipt) -> list[dict[str, object]]:
    if bill is None:
        return (
            [_fault(receipt, "bill", receipt.bill_id, receipt.number_belongs_to)] if receipt.number_belongs_to else []
        )
    pairs = (
        ("number", bill.number, receipt.bill_number),
        (
            "date",
            bill.issued_at and bill.issued_at.isoformat(),
            receipt.bill_issued_at and receipt.bill_issued_at.isoformat(),
        ),
        ("customer", bill.customer_name, receipt.customer_name),
        ("taxpayer_number", bill.customer_taxpayer_number, receipt.customer_taxpayer_number),
    )
    return [
        _fault(receipt, field, on_bill, on_receipt)
        for field, on_bill, on_receipt in pairs
        if on_bill and on_receipt and _fold(on_bill) != _fold(on_receipt)
    ]


def _fault(receipt: Receipt, field: str, on_bill: str, on_receipt: str) -> dict[str, object]:
    return {"receipt": receipt.receipt_id, "field": field, "bill": on_bill, "on_receipt": on_receipt}


def _fold(text: str) -> str:
    return " ".join(text.split()).casefold()
