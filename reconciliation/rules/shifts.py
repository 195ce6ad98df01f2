"""Whether a shift of a cash register agrees with its receipts. Pure."""

from datetime import datetime
from decimal import Decimal

from reconciliation.rules.facts import Policy, Shift
from reconciliation.rules.findings import Finding, Judgement
from reconciliation.rules.kinds import Kind
from shops.money import format_plain, format_wire


def judge_shift(shift: Shift, policy: Policy, now: datetime) -> Judgement:
    """Due is what the register declared, received is what its receipts come to.

    A shift is judged when it is closed, its register has said what was taken, and the time in which a receipt may come
    has passed.
    """
    declared, deadline = shift.declared, _deadline(shift, policy)
    is_ready = deadline is not None and now > deadline and declared is not None
    finding = shift_mismatch(shift, declared) if is_ready and declared is not None else None
    return Judgement(
        due=declared if is_ready else None,
        received=shift.revenue if is_ready else None,
        fully_paid=False,
        findings=(finding,) if finding else (),
        judge_again_at=deadline if deadline is not None and declared is not None and now <= deadline else None,
    )


def shift_mismatch(shift: Shift, declared: Decimal) -> Finding | None:
    """The receipts of a shift come to another sum than its register declared.

    Below zero: receipts that never reached us. The figures of the receipts stand beside the declared ones: what a
    Z-report calls its cash is what lies in the drawer, so it is shown and not compared.
    """
    if shift.revenue == declared:
        return None
    return Finding(
        Kind.SHIFT_MISMATCH,
        shift.revenue - declared,
        {
            "declared": format_plain(declared),
            "received": format_plain(shift.revenue),
            "closing": _plain(shift.closing_revenue),
            "report": _plain(shift.report_revenue),
            "receipts": shift.receipts,
            "sales": format_plain(shift.sales),
            "paybacks": format_plain(shift.paybacks),
            "cash": format_plain(shift.cash),
            "card": format_plain(shift.card),
            "other": format_plain(shift.revenue - shift.cash - shift.card),
            "vat": [{"rate": format_wire(rate), "tax": format_plain(tax)} for rate, tax in sorted(shift.vat)],
        },
    )


def _deadline(shift: Shift, policy: Policy) -> datetime | None:
    return None if shift.closed_at is None else shift.closed_at + policy.late_receipt_after


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else format_plain(amount)
