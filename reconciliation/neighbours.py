"""What else is wrong with the same customer, at the same terminal, with the same employee. Read-only.

A pattern shows there: a cashier who forgets, a register that loses. Each list is short and of the time around.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from reconciliation.models import Case, Discrepancy
from shops.models import Receipt

AROUND = timedelta(days=90)
ROWS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Other discrepancies that share something with this one; `more` says that there are others."""

    title: str
    shared: str
    rows: list[Discrepancy]
    more: bool


def list_neighbours(discrepancy: Discrepancy, receipts: list[Receipt]) -> list[Neighbours]:
    """One query a list; `receipts` are those of the case, with their terminals and employees."""
    return list(_list_neighbours(discrepancy, receipts))


def _list_neighbours(discrepancy: Discrepancy, receipts: list[Receipt]) -> Iterator[Neighbours]:
    case = discrepancy.case
    others = Discrepancy.objects.filter(
        case__shop=case.shop_id, opened_at__range=(discrepancy.opened_at - AROUND, discrepancy.opened_at + AROUND)
    )
    others = others.exclude(case=case.pk).select_related("case__shop", "case__bill", "case__receipt", "case__event")
    customer = _find_customer(case)
    if customer:
        same = Q(case__bill__customer_name=customer) | Q(case__receipt__customer_name=customer)
        yield _take(gettext("Customer"), customer, others.filter(same))
    terminals = {receipt.terminal_id: str(receipt.terminal) for receipt in receipts if receipt.terminal_id}
    if terminals:
        there = Receipt.objects.filter(terminal__in=terminals)
        yield _take(gettext("Terminal"), ", ".join(terminals.values()), others.filter(_of_receipts(there)))
    employees = {receipt.employee_id: str(receipt.employee) for receipt in receipts if receipt.employee_id}
    if employees:
        theirs = Receipt.objects.filter(employee__in=employees)
        yield _take(gettext("Employee"), ", ".join(employees.values()), others.filter(_of_receipts(theirs)))


def _find_customer(case: Case) -> str:
    document = case.bill or case.receipt
    return document.customer_name if document else ""


def _of_receipts(receipts: QuerySet[Receipt]) -> Q:
    """What belongs to a receipt without a bill, or to the bill of one."""
    return Q(case__receipt__in=receipts) | Q(case__bill__in=receipts.filter(bill__isnull=False).values("bill"))


def _take(title: str, shared: str, rows: QuerySet[Discrepancy]) -> Neighbours:
    found = list(rows.order_by("-opened_at", "-pk")[: ROWS_SHOWN + 1])
    return Neighbours(title, shared, found[:ROWS_SHOWN], len(found) > ROWS_SHOWN)
