"""The gap between what was due and what was received, decomposed into named causes. Pure.

`attribute_gap` names causes one after the other; what remains is `sum_mismatch`, so the amounts add up to the gap
by construction. The art is in leaving nothing to the remainder that has a better name, and in naming nothing twice.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from reconciliation.rules.findings import Evidence, Finding
from reconciliation.rules.kinds import Kind
from shops.money import KOPECK, ZERO, format_plain, format_wire, is_whole_kopecks
from shops.payment.matching import MatchedLine, product_of
from shops.payment.sales import (
    Comparison,
    Sale,
    compare,
    gross,
    is_as_billed,
    lines_beyond_totals,
    lines_total,
)
from shops.payment.takings import Takings, count_takings
from shops.payment.values import Bill, BillLine, Receipt, ReceiptLine


def attribute_gap(bill: Bill | None, receipts: Sequence[Receipt]) -> list[Finding]:
    """The monetary findings of a case, which add up to received − due exactly where the case has takings.

    Without takings only the bill itself can be wrong.
    """
    takings = count_takings(receipts, bill)
    if bill is None:
        return _receipt_without_bill(receipts, takings)
    if bill.lines is None:
        findings = _contents_unknown(bill, takings) if takings else []
    else:
        findings = _contents_known(compare(bill, receipts))
    if not takings:
        return findings
    named = sum((finding.amount or ZERO for finding in findings), ZERO)
    remainder = takings.received - bill.due - named
    return [*findings, *_sum_mismatch(bill, takings, remainder)]


# --- a bill with known contents ------------------------------------------------------------------------------


def _contents_known(comparison: Comparison) -> list[Finding]:
    findings: list[Finding] = []
    if comparison.takings:
        shortfall = lines_beyond_totals(comparison.sales)
        on_account = comparison.bill.prepayment + comparison.takings.on_account - comparison.takings.set_off
        deducted = min(max(on_account, ZERO), max(shortfall, ZERO))
        findings += _partial_receipt(comparison, on_account - deducted)
        findings += _price_mismatch(comparison)
        findings += _discount_mismatch(comparison)
        findings += _quantity_mismatch(comparison)
        findings += _unexpected_item(comparison)
        findings += _duplicate_receipt(comparison.duplicates)
        findings += _refund(comparison.takings, comparison.refunds.given_back)
        findings += _receipt_total_mismatch(comparison.sales, deducted)
    return findings + _bill_total_mismatch(comparison.bill)


def _partial_receipt(comparison: Comparison, on_account: Decimal) -> list[Finding]:
    """Billed lines or quantities are on no receipt, though money came; a prepayment pays for them first."""
    came = comparison.takings.sales or comparison.takings.advances
    unpaid_lines = [line for line in comparison.open_lines if line.outstanding and line.unpaid]
    unpaid = sum((line.unpaid for line in unpaid_lines), ZERO)
    missing = unpaid - min(max(on_account, ZERO), max(unpaid, ZERO))
    if not came or not missing:
        return []
    evidence = {
        "received": format_plain(comparison.takings.received),
        "due": format_plain(comparison.bill.due),
        "lines": [
            _bill_line(line.bill_line)
            | {"unpaid_quantity": format_wire(line.outstanding), "unpaid": format_plain(line.unpaid)}
            for line in unpaid_lines
        ],
        "prepaid": format_plain(unpaid - missing),
        "contents_changed": any(sale.receipt.content_modified for sale in comparison.sales),
        "receipts": [receipt.receipt_id for receipt in (*comparison.takings.sales, *comparison.takings.advances)],
    }
    return [Finding(Kind.PARTIAL_RECEIPT, -missing, evidence)]


def _price_mismatch(comparison: Comparison) -> list[Finding]:
    """A line was sold at another price: (receipt price − bill price) × quantity."""
    lines = [
        (sale, matched, difference)
        for sale, matched in _matched_lines(comparison.sales)
        if (difference := _price_difference(matched))
    ]
    evidence = [
        _receipt_line(sale, matched.line)
        | {"bill_price": format_plain(_billed_price(matched)), "amount": format_plain(difference)}
        for sale, matched, difference in lines
    ]
    return _finding(Kind.PRICE_MISMATCH, (difference for _, _, difference in lines), {"lines": evidence})


def _discount_mismatch(comparison: Comparison) -> list[Finding]:
    """The register gave a discount that the bill does not know, on a line or on the receipt as a whole."""
    lines = [
        _receipt_line(sale, matched.line) | {"amount": format_plain(matched.line.discount)}
        for sale, matched in _matched_lines(comparison.sales)
        if _discount_of(matched)
    ]
    whole = [
        {"receipt": sale.receipt.receipt_id, "amount": format_plain(discount)}
        for sale in comparison.sales
        if (discount := _whole_discount(sale))
    ]
    amounts = [-_discount_of(matched) for _, matched in _matched_lines(comparison.sales)]
    amounts += [-_whole_discount(sale) for sale in comparison.sales]
    return _finding(Kind.DISCOUNT_MISMATCH, amounts, {"lines": lines, "receipts": whole})


def _quantity_mismatch(comparison: Comparison) -> list[Finding]:
    """More of a billed line was sold than was billed: the excess at the bill's price."""
    lines = [
        (sale, matched, matched.billed_for_excess)
        for sale, matched in _matched_lines(comparison.sales)
        if matched.excess
    ]
    evidence = [
        _receipt_line(sale, matched.line)
        | {"excess_quantity": format_wire(matched.excess), "bill_price": format_plain(_billed_price(matched))}
        | {"amount": format_plain(amount)}
        for sale, matched, amount in lines
    ]
    return _finding(Kind.QUANTITY_MISMATCH, (amount for _, _, amount in lines), {"lines": evidence})


def _unexpected_item(comparison: Comparison) -> list[Finding]:
    """A receipt has a line that the bill has not: its sum."""
    lines = [
        (sale, matched.line)
        for sale in comparison.sales
        for matched in sale.matched
        if matched.is_unexpected and matched.line.total
    ]
    evidence = [_receipt_line(sale, line) | {"amount": format_plain(line.total)} for sale, line in lines]
    return _finding(Kind.UNEXPECTED_ITEM, (line.total for _, line in lines), {"lines": evidence})


def _duplicate_receipt(duplicates: Sequence[Sale]) -> list[Finding]:
    """A further receipt sells again what was already paid in full: its sum."""
    evidence = [{"receipt": sale.receipt.receipt_id, "amount": format_plain(sale.receipt.total)} for sale in duplicates]
    return _finding(Kind.DUPLICATE_RECEIPT, (sale.receipt.total for sale in duplicates), {"receipts": evidence})


def _refund(takings: Takings, given_back: Decimal) -> list[Finding]:
    """A payback gave money back and the bill has not been changed to match."""
    evidence = [{"receipt": receipt.receipt_id, "amount": format_plain(receipt.total)} for receipt in takings.paybacks]
    return _finding(Kind.REFUND, [-given_back], {"receipts": evidence})


def _bill_total_mismatch(bill: Bill) -> list[Finding]:
    """The bill's own lines do not add up to its total, by more than rounding of fractional quantities explains."""
    lines = bill.lines or ()
    total = sum((line.total for line in lines), ZERO)
    rounded = sum(not is_whole_kopecks(line.price * line.quantity) for line in lines)
    if abs(total - bill.total) <= rounded * KOPECK:
        return []
    evidence = {"lines_total": format_plain(total), "total": format_plain(bill.total)}
    return _finding(Kind.BILL_TOTAL_MISMATCH, [total - bill.total], evidence)


def _receipt_total_mismatch(sales: Iterable[Sale], deducted: Decimal = ZERO) -> list[Finding]:
    """A receipt's lines do not add up to its total. A prepayment that the receipt deducts is no mismatch."""
    amounts, evidence = [], []
    for sale in sales:
        difference = -sale.lines_beyond_total
        explained = min(deducted, max(-difference, ZERO))
        deducted -= explained
        if difference + explained:
            amounts.append(difference + explained)
            evidence.append(
                {
                    "receipt": sale.receipt.receipt_id,
                    "total": format_plain(sale.receipt.total),
                    "lines_total": format_plain(lines_total(sale.receipt)),
                }
            )
    return _finding(Kind.RECEIPT_TOTAL_MISMATCH, amounts, {"receipts": evidence})


# --- other cases ---------------------------------------------------------------------------------------------


def _contents_unknown(bill: Bill, takings: Takings) -> list[Finding]:
    """A bill known from LIST alone: only totals are compared.

    A refund that leaves exactly what is due is answered; a sale after the bill was paid in full, of what was
    already sold, is a duplicate.
    """
    if takings.received == bill.due and takings.paybacks:
        return []
    sales, duplicates = list[Sale](), list[Sale]()
    received, sold = takings.on_account - takings.set_off, set[str]()
    for receipt in takings.sales:
        products = {product_of(line) for line in receipt.lines}
        again = bool(sales) and received >= bill.due and products <= sold
        (duplicates if again else sales).append(Sale(receipt))
        received += receipt.total
        sold |= products
    given_back = sum((receipt.total for receipt in takings.paybacks), ZERO)
    shortfall = lines_beyond_totals(sales)
    deducted = min(max(bill.prepayment, ZERO), max(shortfall, ZERO))
    return [
        *_duplicate_receipt(duplicates),
        *_refund(takings, given_back),
        *_receipt_total_mismatch(sales, deducted),
    ]


def _receipt_without_bill(receipts: Sequence[Receipt], takings: Takings) -> list[Finding]:
    """A receipt that names a bill nobody has seen, or none: nothing was due, all of it is the difference."""
    if not takings or not receipts:
        return []
    receipt = receipts[0]
    kind = Kind.UNKNOWN_BILL if receipt.bill_id or receipt.bill_number else Kind.NO_BILL
    evidence = {"bill": receipt.bill_id, "number": receipt.bill_number, "type": receipt.type}
    return [Finding(kind, takings.received, evidence | {"total": format_plain(receipt.total)})]


def _sum_mismatch(bill: Bill, takings: Takings, remainder: Decimal) -> list[Finding]:
    """What is left of the gap when all else is named: rounding, or a bill whose lines are unknown."""
    evidence = {
        "received": format_plain(takings.received),
        "due": format_plain(bill.due),
        "contents_known": bill.lines is not None,
        "prepayment": format_plain(bill.prepayment),
        "on_account": format_plain(takings.on_account),
        "set_off": format_plain(takings.set_off),
        "on_credit": format_plain(sum((receipt.total for receipt in takings.credits), ZERO)),
    }
    return _finding(Kind.SUM_MISMATCH, [remainder], evidence)


# --- leaves --------------------------------------------------------------------------------------------------


def _finding(kind: Kind, amounts: Iterable[Decimal], evidence: Evidence) -> list[Finding]:
    """One finding over all its amounts; differences that cancel out are still differences."""
    amounts = [amount for amount in amounts if amount]
    return [Finding(kind, sum(amounts, ZERO), evidence)] if amounts else []


def _matched_lines(sales: Iterable[Sale]) -> list[tuple[Sale, MatchedLine]]:
    return [(sale, matched) for sale in sales for matched in sale.compared]


def _price_difference(matched: MatchedLine) -> Decimal:
    return ZERO if is_as_billed(matched) else gross(matched.line) - matched.billed


def _discount_of(matched: MatchedLine) -> Decimal:
    return ZERO if is_as_billed(matched) else matched.line.discount


def _whole_discount(sale: Sale) -> Decimal:
    return sale.discount_on_total + sale.discount_within_lines


def _billed_price(matched: MatchedLine) -> Decimal:
    return matched.portions[0].bill_line.price if matched.portions or not matched.priced_as else matched.priced_as.price


def _bill_line(line: BillLine) -> dict[str, object]:
    return {
        "product": line.product_id,
        "name": line.name,
        "price": format_plain(line.price),
        "quantity": format_wire(line.quantity),
    }


def _receipt_line(sale: Sale, line: ReceiptLine) -> dict[str, object]:
    return {
        "receipt": sale.receipt.receipt_id,
        "product": line.product_id,
        "name": line.name,
        "price": format_plain(line.price),
        "quantity": format_wire(line.quantity),
    }
