"""What the page of a case or of one of its discrepancies shows, gathered in a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from reconciliation.comparison import Table, build_table
from reconciliation.explanations import explain
from reconciliation.models import Attachment, Case, Discrepancy, DiscrepancyStep
from reconciliation.rules.kinds import KINDS
from reconciliation.waterfall import Bar, Waterfall, build_waterfall
from shops.allocated import pays
from shops.bill_values import (
    load_bare_receipts,
    load_one_bill,
    load_paying_receipts,
    load_receipts_without_bill,
)
from shops.models import ExchangeEvent, Receipt
from shops.money import ZERO
from shops.payment import values
from shops.shifts import describe_shift

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


@dataclass(frozen=True, slots=True)
class Day:
    """The messages of one day of the shop."""

    day: date
    entries: list[ExchangeEvent]


@dataclass(frozen=True, slots=True)
class Sides:
    """The receipts of a case, and the table that compares them with the bill."""

    receipts: list[Receipt]
    table: Table


@dataclass(frozen=True, slots=True)
class Chart:
    """The causes of the gap beside their bars."""

    waterfall: Waterfall
    causes: list[tuple[Cause, Bar]]


class CasePage:
    """One case, read once."""

    def __init__(self, case: Case, discrepancies: Iterable[Discrepancy] | None = None) -> None:
        self.case = case
        self.discrepancies = discrepancies
        self.shop = case.shop

    def describe(self) -> dict[str, Any]:
        sides = load_sides(self.case)
        causes = list_discrepancies(self.case, self.discrepancies)
        return {
            "case": self.case,
            "zone": self.shop.zone,
            "table": sides.table,
            "receipts": number_receipts(sides),
            "causes": causes,
            "chart": draw_chart(self.case, causes),
            "timeline": self.list_days(),
            "shift": describe_shift(self.case.shift) if self.case.shift else None,
        }

    def list_days(self) -> list[Day]:
        """The messages behind the case, day by day of the shop."""
        by_day: dict[date, list[ExchangeEvent]] = {}
        for entry in self.list_entries():
            by_day.setdefault(entry.occurred_at.astimezone(self.shop.zone).date(), []).append(entry)
        return [Day(day, entries) for day, entries in by_day.items()]

    def list_entries(self) -> list[ExchangeEvent]:
        """The messages behind the case, oldest first: each request with its answer."""
        found = ExchangeEvent.objects.filter(self._named_messages()).select_related("answer", "request")
        held: dict[int, ExchangeEvent] = {}
        for entry in found[:ENTRIES_LIMIT]:
            for message in (entry, entry.answer, getattr(entry, "request", None)):
                if message is not None:
                    held.setdefault(message.pk, message)
        return sorted(held.values(), key=lambda entry: entry.moment)

    def _named_messages(self) -> Q:
        case, bill = self.case, self.case.bill
        if case.shift_id:
            return Q(pk__in=[])  # its receipts are listed themselves, and its documents are no journal entries
        if bill is None:
            return Q(deliveries__receipt=case.receipt_id) if case.receipt_id else Q(pk=case.event_id)
        linked = [key for key in (bill.listed_by_id, bill.opened_by_id) if key]
        unanswered = Q(shop=case.shop_id, bill_external_id=bill.external_id, direction="request", answer=None)
        paying = Receipt.objects.filter(pays([bill.pk])).values("pk")
        return Q(pk__in=linked) | Q(bill_versions__bill=bill) | Q(deliveries__receipt__in=paying) | unanswered


def list_steps(discrepancy: Discrepancy) -> list[DiscrepancyStep]:
    """The history with all that a line of it shows. Of files only what is said of them, not their contents."""
    files = Prefetch("attachments", Attachment.objects.defer("content"))
    people = ("actor", "rule", "from_assignee", "assignee", "write_off_account", "allocation__receipt", "other_payment")
    return list(discrepancy.steps.select_related(*people).prefetch_related(files).order_by("at", "pk"))


def load_sides(case: Case) -> Sides:
    """The bill and its receipts side by side, from what that takes and nothing else.

    Of a receipt that a person has split, the part that belongs to the case; of a receipt that has found its bill
    since, nothing.
    """
    rows: list[Receipt] = []

    def load(found: QuerySet[Receipt]) -> list[tuple[Receipt, values.Receipt]]:
        rows.extend(found.select_related("terminal", "employee", "store"))
        return load_bare_receipts(rows)

    if case.bill:
        paying = [receipt for _, receipt in load_paying_receipts([case.bill.pk], load=load)]
        return Sides(rows, build_table(load_one_bill(case.bill), paying))
    if case.receipt_id:
        without_bill = load_receipts_without_bill([case.receipt_id], load=load)
        return Sides([row for row, _ in without_bill], build_table(None, [receipt for _, receipt in without_bill]))
    return Sides([], build_table(None, []))


def list_discrepancies(case: Case | None, held: Iterable[Discrepancy] | None = None) -> list[Cause]:
    """The discrepancies of a case in the order of their kinds, with the running sum of those that make up the gap.

    They are read, unless they are `held` already.
    """
    if case is None:
        return []
    order = {kind.value: place for place, kind in enumerate(KINDS)}
    near = ("case__bill", "case__receipt", "case__event", "case__shop", "case__shift", "assignee")
    found = case.discrepancies.select_related(*near) if held is None else held
    rows = sorted(found, key=lambda row: (not row.cause_present, order[row.kind]))
    running, causes = ZERO, []
    for row in rows:
        counts = row.amount is not None and row.cause_present
        running += row.amount if row.amount is not None and counts else ZERO
        causes.append(Cause(row, explain(row), running if counts else None))
    return causes


def draw_chart(case: Case, causes: list[Cause]) -> Chart | None:
    """The chart of what the gap is made of; None where there is no gap to explain."""
    counted = [cause for cause in causes if cause.running is not None]
    if case.received is None or not counted:
        return None
    amounts = [cause.discrepancy.amount or ZERO for cause in counted]
    waterfall = build_waterfall(case.due or ZERO, amounts, case.received)
    return Chart(waterfall, list(zip(counted, waterfall.causes, strict=True))) if waterfall else None


def number_receipts(sides: Sides) -> list[NumberedReceipt]:
    """The receipts of a case with the numbers under which the table names them."""
    numbers = {receipt.receipt_id: number for number, receipt in enumerate(sides.table.counted, start=1)}
    numbered = [NumberedReceipt(numbers.get(receipt.receipt_id), receipt) for receipt in sides.receipts]
    return sorted(numbered, key=lambda entry: (entry.number is None, entry.number or 0, entry.receipt.pk))
