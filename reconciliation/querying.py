"""Discrepancies as rows for people and programs. Read-only; used by commands and reports."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, QuerySet

from reconciliation.explanations import explain
from reconciliation.models import Discrepancy, Status
from shops.money import format_plain

ROWS_PER_QUERY = 1000

# Databases differ in where they put what has none: bills come first, then receipts, then messages.
IDENTITY = ("case__bill__external_id", "case__receipt__receipt_id")

UNRESOLVED = (Status.OPEN, Status.IN_REVIEW, Status.WAITING, Status.REOPENED)


@dataclass(frozen=True, slots=True)
class DiscrepancyFilter:
    """Which discrepancies are wanted; what is None does not matter."""

    shop_number: int | None = None
    kinds: Sequence[str] = ()
    statuses: Sequence[str] = ()
    bill: str | None = None
    receipt: str | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    opened_since: datetime | None = None

    def select(self) -> QuerySet[Discrepancy]:
        """The rows by shop, bill and receipt, with all that a row shows."""
        wanted = {
            "case__shop": self.shop_number,
            "kind__in": self.kinds or None,
            "status__in": self.statuses or None,
            "case__bill__external_id": self.bill,
            "case__receipt__receipt_id": self.receipt,
            "amount__gte": self.amount_from,
            "amount__lte": self.amount_to,
            "opened_at__gte": self.opened_since,
        }
        rows = Discrepancy.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
        rows = rows.select_related("case__shop", "case__bill", "case__receipt", "write_off_account")
        return rows.order_by("case__shop", *(F(name).asc(nulls_last=True) for name in IDENTITY), "kind", "pk")


@dataclass(frozen=True, slots=True)
class DiscrepancyRow:
    """One discrepancy as other programs read it: amounts are text with two places."""

    shop: int
    bill: str | None
    receipt: str | None
    kind: str
    amount: str | None
    status: str
    explanation: str
    number: str | None
    customer: str | None
    due: str | None
    received: str | None
    reason: str | None
    write_off_account: str | None
    opened_at: str


def read_rows(discrepancies: QuerySet[Discrepancy]) -> Iterator[DiscrepancyRow]:
    """The rows in constant memory."""
    for discrepancy in discrepancies.iterator(ROWS_PER_QUERY):
        yield _row(discrepancy)


def _row(discrepancy: Discrepancy) -> DiscrepancyRow:
    case = discrepancy.case
    document = case.bill or case.receipt
    return DiscrepancyRow(
        shop=case.shop_id,
        bill=case.bill.external_id if case.bill else None,
        receipt=case.receipt.receipt_id if case.receipt else None,
        kind=discrepancy.kind,
        amount=_amount(discrepancy.amount),
        status=discrepancy.status,
        explanation=explain(discrepancy),
        number=(case.bill.number if case.bill else case.receipt.bill_number if case.receipt else "") or None,
        customer=(document.customer_name if document else "") or None,
        due=_amount(case.due),
        received=_amount(case.received),
        reason=discrepancy.reason or None,
        write_off_account=str(discrepancy.write_off_account) if discrepancy.write_off_account else None,
        opened_at=discrepancy.opened_at.isoformat(),
    )


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else format_plain(amount)
