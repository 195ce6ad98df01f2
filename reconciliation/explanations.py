"""One sentence about a discrepancy, in the reader's language, with its arithmetic in it.

Used by every door that shows discrepancies. The sentence is made from the evidence that the rules left, so it says
what was judged and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reconciliation.models import Discrepancy
from reconciliation.rules.kinds import Kind
from shops import marks
from shops.models import Shop
from shops.money import ZERO
from shops.presentation import show_amount, show_quantity, show_second, show_signed_amount

Evidence = Mapping[str, Any]

NAMES_SHOWN = 3


def explain(discrepancy: Discrepancy) -> str:
    """The sentence about a discrepancy. Needs its case and the case's shop, nothing else of the database."""
    return EXPLANATIONS[Kind(discrepancy.kind)](discrepancy.evidence, discrepancy.amount or ZERO, discrepancy.case.shop)


def _partial_receipt(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    lines = evidence["lines"]
    parts = [
        _("%(received)s of %(due)s received") % _amounts(evidence, "received", "due"),
        ngettext("%(count)d line unpaid: %(unpaid)s", "%(count)d lines unpaid: %(unpaid)s", len(lines))
        % {"count": len(lines), "unpaid": show_amount(sum((Decimal(line["unpaid"]) for line in lines), ZERO))},
    ]
    if Decimal(evidence["prepaid"]):
        parts.append(_("%(prepaid)s of it prepaid") % _amounts(evidence, "prepaid"))
    if evidence["contents_changed"]:
        parts.append(_("contents changed at the register"))
    return "; ".join(parts)


def _price_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["lines"],
        lambda line: (
            _("“%(name)s” sold at %(price)s instead of %(bill_price)s × %(quantity)s: %(amount)s")
            % {
                "name": line["name"],
                **_amounts(line, "price", "bill_price"),
                "quantity": show_quantity(Decimal(line["quantity"])),
                "amount": show_signed_amount(Decimal(line["amount"])),
            }
        ),
    )


def _discount_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    lines = _join_lines(
        evidence["lines"],
        lambda line: (
            _("discount of %(amount)s on “%(name)s” that the bill does not know")
            % {"name": line["name"], **_amounts(line, "amount")}
        ),
    )
    receipts = _join_lines(
        evidence["receipts"],
        lambda line: (
            _("discount of %(amount)s on the whole receipt that the bill does not know") % _amounts(line, "amount")
        ),
    )
    return "; ".join(part for part in (lines, receipts) if part)


def _quantity_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["lines"],
        lambda line: (
            _("“%(name)s”: %(excess)s more sold than billed, at %(bill_price)s: %(amount)s")
            % {
                "name": line["name"],
                "excess": show_quantity(Decimal(line["excess_quantity"])),
                **_amounts(line, "bill_price"),
                "amount": show_signed_amount(Decimal(line["amount"])),
            }
        ),
    )


def _unexpected_item(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["lines"],
        lambda line: (
            _("“%(name)s” is not on the bill: %(amount)s")
            % {"name": line["name"], "amount": show_signed_amount(Decimal(line["amount"]))}
        ),
    )


def _duplicate_receipt(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["receipts"],
        lambda receipt: (
            _("receipt %(receipt)s sells again what was already paid: %(amount)s")
            % {"receipt": receipt["receipt"], "amount": show_signed_amount(Decimal(receipt["amount"]))}
        ),
    )


def _refund(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("%(amount)s given back, and the bill has not been changed to match") % {"amount": show_amount(-amount)}


def _bill_total_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("the bill's lines add up to %(lines_total)s, its total is %(total)s: %(amount)s") % {
        **_amounts(evidence, "lines_total", "total"),
        "amount": show_signed_amount(amount),
    }


def _receipt_total_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["receipts"],
        lambda receipt: (
            _("the total of receipt %(receipt)s is %(total)s, its lines add up to %(lines_total)s")
            % {"receipt": receipt["receipt"], **_amounts(receipt, "total", "lines_total")}
        ),
    )


def _unknown_bill(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("receipt over %(total)s for bill %(bill)s, which nobody has seen") % {
        **_amounts(evidence, "total"),
        "bill": evidence["bill"] or evidence["number"],
    }


def _no_bill(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("receipt over %(total)s that names no bill") % _amounts(evidence, "total")


def _sum_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    parts = [
        _("%(received)s received, %(due)s due: %(amount)s is left without a better name")
        % {**_amounts(evidence, "received", "due"), "amount": show_signed_amount(amount)}
    ]
    if not evidence["contents_known"]:
        parts.append(_("the bill's contents are unknown"))
    if Decimal(evidence["on_account"]):
        parts.append(
            _("%(on_account)s taken on account, %(set_off)s of it set off")
            % _amounts(evidence, "on_account", "set_off")
        )
    if Decimal(evidence["on_credit"]):
        parts.append(_("goods for %(on_credit)s handed over on credit") % _amounts(evidence, "on_credit"))
    return "; ".join(parts)


def _shift_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    count = evidence["receipts"]
    counted = ngettext(
        "%(count)d receipt of the shift comes to %(received)s, the register declared %(declared)s: %(amount)s",
        "%(count)d receipts of the shift come to %(received)s, the register declared %(declared)s: %(amount)s",
        count,
    )
    sentence = counted % {
        "count": count,
        **_amounts(evidence, "received", "declared"),
        "amount": show_signed_amount(amount),
    }
    if evidence["closing"] and evidence["report"] and evidence["closing"] != evidence["report"]:
        differ = _("its closing of the shift said %(closing)s, its Z-report %(report)s")
        sentence += "; " + differ % _amounts(evidence, "closing", "report")
    return sentence


def _list_total_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("the list offers the bill at %(listed)s, the bill itself says %(total)s") % _amounts(
        evidence, "listed", "total"
    )


def _tax_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(evidence["lines"], _tax_fault)


def _tax_fault(line: Evidence) -> str:
    parts = []
    if "billed_rate" in line:
        parts.append(
            _("VAT %(rate)s%% instead of %(billed_rate)s%%")
            % {"rate": line["rate"], "billed_rate": line["billed_rate"]}
        )
    if "expected_tax" in line:
        parts.append(
            _("tax of %(tax)s instead of %(expected_tax)s at %(rate)s%%")
            % {**_amounts(line, "tax", "expected_tax"), "rate": line["rate"]}
        )
    return _("“%(name)s”: %(faults)s") % {"name": line["name"], "faults": ", ".join(parts)}


def _reference_mismatch(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(evidence["faults"], lambda fault: _reference_fault(fault, shop))


def _reference_fault(fault: Evidence, shop: Shop) -> str:
    said = {"on_receipt": fault["on_receipt"], "bill": fault["bill"]}
    match fault["field"]:
        case "bill":
            return _("the receipt names bill %(bill)s, its number belongs to bill %(on_receipt)s") % said
        case "number":
            return _("the receipt says number %(on_receipt)s, the bill has %(bill)s") % said
        case "date":
            times = {key: _time(time, shop) for key, time in said.items()}
            return _("the receipt says a bill of %(on_receipt)s, the bill is of %(bill)s") % times
        case "customer":
            return _("the receipt is for %(on_receipt)s, the bill for %(bill)s") % said
        case _:
            return _("the receipt says taxpayer number %(on_receipt)s, the bill %(bill)s") % said


def _wrong_store(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["receipts"],
        lambda receipt: _("store %(store)s belongs to another shop") % {"store": receipt["store"]},
    )


def _not_fiscal(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["receipts"],
        lambda receipt: (
            _("receipt over %(amount)s is informational: no money was received by it") % _amounts(receipt, "amount")
        ),
    )


def _opened_not_paid(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("opened at a register at %(time)s, and no receipt followed; due: %(due)s") % {
        "time": _time(evidence["opened_at"], shop),
        **_amounts(evidence, "due"),
    }


def _listed_after_receipt(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    times = {key: _time(evidence[key], shop) for key in ("paid_at", "listed_at")}
    return _("paid in full at %(paid_at)s, still offered for payment at %(listed_at)s: it could be paid twice") % times


def _late_receipt(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["receipts"],
        lambda receipt: (
            _("printed at %(printed_at)s, received at %(received_at)s: %(delay)s later")
            % {
                "printed_at": _time(receipt["printed_at"], shop),
                "received_at": _time(receipt["received_at"], shop),
                "delay": _duration(receipt["delay_seconds"]),
            }
        ),
    )


def _invalid_mark(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(evidence["lines"], _mark_fault)


def _mark_fault(line: Evidence) -> str:
    faults = {
        marks.NOT_GS1: _("the marking code is no GS1 code"),
        marks.NO_GTIN: _("the marking code has no GTIN"),
        marks.GTIN_CHECK_DIGIT: _("the check digit of the GTIN is wrong"),
        marks.NO_SERIAL: _("the marking code has no serial number"),
        marks.SERIAL_LENGTH: _("the serial number has a wrong length"),
        marks.SIGNATURE: _("the check key or the signature of the marking code is missing or has a wrong length"),
    }
    parts = [faults[line["fault"]]] if line["fault"] else []
    if line["bills"]:
        parts.append(_("the marked item was already sold on bill %(bills)s") % {"bills": ", ".join(line["bills"])})
    return _("“%(name)s”: %(faults)s") % {"name": line["name"], "faults": ", ".join(parts)}


def _conflicting_receipt(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["receipts"],
        lambda receipt: (
            _("receipt %(receipt)s was delivered again with other contents; the first contents count")
            % {"receipt": receipt["receipt"]}
        ),
    )


def _unanswered(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _join_lines(
        evidence["requests"],
        lambda request: (
            _("the request %(kind)s of %(time)s has no answer")
            % {"kind": request["kind"], "time": _time(request["at"], shop)}
        ),
    )


def _unreadable(evidence: Evidence, amount: Decimal, shop: Shop) -> str:
    return _("the message %(kind)s cannot be read (%(fault)s); its text is kept") % {
        "kind": evidence["kind"],
        "fault": evidence["fault"],
    }


EXPLANATIONS: Mapping[Kind, Callable[[Evidence, Decimal, Shop], str]] = {
    Kind.PARTIAL_RECEIPT: _partial_receipt,
    Kind.PRICE_MISMATCH: _price_mismatch,
    Kind.DISCOUNT_MISMATCH: _discount_mismatch,
    Kind.QUANTITY_MISMATCH: _quantity_mismatch,
    Kind.UNEXPECTED_ITEM: _unexpected_item,
    Kind.DUPLICATE_RECEIPT: _duplicate_receipt,
    Kind.REFUND: _refund,
    Kind.BILL_TOTAL_MISMATCH: _bill_total_mismatch,
    Kind.RECEIPT_TOTAL_MISMATCH: _receipt_total_mismatch,
    Kind.UNKNOWN_BILL: _unknown_bill,
    Kind.NO_BILL: _no_bill,
    Kind.SUM_MISMATCH: _sum_mismatch,
    Kind.SHIFT_MISMATCH: _shift_mismatch,
    Kind.LIST_TOTAL_MISMATCH: _list_total_mismatch,
    Kind.TAX_MISMATCH: _tax_mismatch,
    Kind.REFERENCE_MISMATCH: _reference_mismatch,
    Kind.WRONG_STORE: _wrong_store,
    Kind.NOT_FISCAL: _not_fiscal,
    Kind.OPENED_NOT_PAID: _opened_not_paid,
    Kind.LISTED_AFTER_RECEIPT: _listed_after_receipt,
    Kind.LATE_RECEIPT: _late_receipt,
    Kind.INVALID_MARK: _invalid_mark,
    Kind.CONFLICTING_RECEIPT: _conflicting_receipt,
    Kind.UNANSWERED: _unanswered,
    Kind.UNREADABLE: _unreadable,
}


def _amounts(evidence: Evidence, *names: str) -> dict[str, str]:
    return {name: show_amount(Decimal(evidence[name])) for name in names}


def _join_lines(lines: Sequence[Evidence], describe: Callable[[Evidence], str]) -> str:
    """The first few, and how many more there are."""
    parts = [describe(line) for line in lines[:NAMES_SHOWN]]
    rest = len(lines) - NAMES_SHOWN
    if rest > 0:
        parts.append(ngettext("and %(count)d more", "and %(count)d more", rest) % {"count": rest})
    return "; ".join(parts)


def _time(isoformat: str, shop: Shop) -> str:
    return show_second(datetime.fromisoformat(isoformat), shop.zone)


def _duration(seconds: int) -> str:
    start = datetime(2000, 1, 1)
    return timesince(start, start + timedelta(seconds=seconds))
