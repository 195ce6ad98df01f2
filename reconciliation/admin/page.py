"""What the page of a case or of one of its discrepancies shows, gathered in a fixed number of queries."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from reconciliation.comparison import Table, build_table
from reconciliation.explanations import explain
from reconciliation.loading import load_bill_cases, load_event_cases, load_receipt_cases
from reconciliation.models import Case, Discrepancy
from reconciliation.rules import facts
from reconciliation.rules.kinds import KINDS
from shops.bill_values import load_bill_values, load_receipts
from shops.models import Bill, ExchangeEvent, Receipt
from shops.money import ZERO

ENTRIES_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Cause:
    """A discrepancy among those of its case; `running` is what the causes of the gap add up to so far."""

    discrepancy: Discrepancy
    explanation: str
    running: Decimal | None


@dataclass(frozen=True, slots=True)
class NumberedReceipt:
    number: int | None  # None: it brings no money
    receipt: Receipt


class CasePage:
    """One case, read once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.shop = case.shop

    def describe(self) -> dict[str, Any]:
        loaded = load_facts(self.case)
        table = build_table(loaded.bill, loaded.receipts)
        return {
            "case": self.case,
            "zone": self.shop.zone,
            "table": table,
            "receipts": self.number_receipts(table),
            "causes": list_discrepancies(self.case),
            "entries": self.list_entries(),
        }

    def number_receipts(self, table: Table) -> list[NumberedReceipt]:
        """The receipts of the case with the numbers under which the table names them."""
        numbers = {receipt.receipt_id: number for number, receipt in enumerate(table.counted, start=1)}
        receipts = Receipt.objects.filter(_receipts_of(self.case)).select_related("terminal", "employee", "store")
        numbered = [NumberedReceipt(numbers.get(receipt.receipt_id), receipt) for receipt in receipts]
        return sorted(numbered, key=lambda entry: (entry.number is None, entry.number or 0, entry.receipt.pk))

    def list_entries(self) -> list[ExchangeEvent]:
        """The messages behind the case, oldest first: each request with its answer."""
        found = ExchangeEvent.objects.filter(self._named_messages()).values_list("pk", "answer", "request")
        keys = {key for row in found[:ENTRIES_LIMIT] for key in row if key}
        entries = ExchangeEvent.objects.filter(pk__in=keys).select_related("shop").defer("body", "verbatim")
        return list(entries.order_by("occurred_at", "position"))

    def _named_messages(self) -> Q:
        case, bill = self.case, self.case.bill
        if bill is None:
            return Q(deliveries__receipt=case.receipt_id) if case.receipt_id else Q(pk=case.event_id)
        linked = [key for key in (bill.listed_by_id, bill.opened_by_id) if key]
        unanswered = Q(shop=case.shop_id, bill_external_id=bill.external_id, direction="request", answer=None)
        return Q(pk__in=linked) | Q(bill_versions__bill=bill) | Q(deliveries__receipt__bill=bill) | unanswered


def load_facts(case: Case) -> facts.Case:
    """What the rules see of the case; an empty one where its receipt has since found its bill."""
    if case.bill_id:
        return load_bill_cases([case.bill_id])[case.bill_id]
    if case.receipt_id:
        return load_receipt_cases([case.receipt_id]).get(case.receipt_id, facts.Case())
    return load_event_cases([case.event_id] if case.event_id else []).get(case.event_id or 0, facts.Case())


def load_table(case: Case) -> Table:
    """The bill and its receipts side by side, from what that takes and nothing else."""
    if case.bill_id:
        bill, receipts = load_bill_values([Bill.with_messages().get(pk=case.bill_id)])[case.bill_id]
        return build_table(bill, receipts)
    rows = Receipt.objects.filter(case=case, bill=None)
    return build_table(None, [receipt for _, receipt in load_receipts(rows)])


def list_discrepancies(case: Case | None) -> list[Cause]:
    """The discrepancies of a case in the order of their kinds, with the running sum of those that make up the gap."""
    if case is None:
        return []
    order = {kind.value: place for place, kind in enumerate(KINDS)}
    rows = sorted(
        case.discrepancies.select_related("case__bill", "case__receipt", "case__event", "case__shop", "assignee"),
        key=lambda row: (not row.cause_present, order[row.kind]),
    )
    running, causes = ZERO, []
    for row in rows:
        counts = row.amount is not None and row.cause_present
        running += row.amount if row.amount is not None and counts else ZERO
        causes.append(Cause(row, explain(row), running if counts else None))
    return causes


def _receipts_of(case: Case) -> Q:
    return Q(bill=case.bill_id) if case.bill_id else Q(pk=case.receipt_id)
