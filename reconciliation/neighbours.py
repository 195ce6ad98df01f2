"""What else is wrong with the same customer, at the same terminal, with the same employee. Read-only.

A pattern shows there: a cashier who forgets, a register that loses. Each list is short and of the time around.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import BooleanField, F, Q, QuerySet, When, Window
from django.db.models import Case as Choose
from django.db.models.functions import RowNumber
from django.utils.translation import gettext

from reconciliation.models import Case, Discrepancy
from shops.allocated import find_paid_bills
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
    """All lists in one query; `receipts` are those of the case, with their terminals and employees."""
    shared = {name: (title, words, same) for name, title, words, same in _list_shared(discrepancy.case, receipts)}
    if not shared:
        return []
    found = list(_select(discrepancy, {name: same for name, (_title, _words, same) in shared.items()}))
    lists = []
    for name, (title, words, _same) in shared.items():
        rows = [row for row in found if getattr(row, name)]
        lists.append(Neighbours(title, words, rows[:ROWS_SHOWN], len(rows) > ROWS_SHOWN))
    return lists


def _list_shared(case: Case, receipts: list[Receipt]) -> Iterator[tuple[str, str, str, Q]]:
    """What others can share with the case: a name for the query, the reader's word, whose, and how it is found."""
    document = case.bill or case.receipt
    if document is not None and (customer := document.customer_name):
        same = Q(case__bill__customer_name=customer) | Q(case__receipt__customer_name=customer)
        yield "same_customer", gettext("Customer"), customer, same
    terminals = {receipt.terminal_id: str(receipt.terminal) for receipt in receipts if receipt.terminal_id}
    if terminals:
        same = _of_receipts(Receipt.objects.filter(terminal__in=terminals))
        yield "same_terminal", gettext("Terminal"), ", ".join(terminals.values()), same
    employees = {receipt.employee_id: str(receipt.employee) for receipt in receipts if receipt.employee_id}
    if employees:
        same = _of_receipts(Receipt.objects.filter(employee__in=employees))
        yield "same_employee", gettext("Employee"), ", ".join(employees.values()), same


def _of_receipts(receipts: QuerySet[Receipt]) -> Q:
    """What belongs to a receipt without a bill, or to the bill of one."""
    return Q(case__receipt__in=receipts) | Q(case__bill__in=find_paid_bills(receipts))


def _select(discrepancy: Discrepancy, shared: Mapping[str, Q]) -> QuerySet[Discrepancy]:
    """The newest few of each list, the newest first; each row says of every list whether it belongs there."""
    around = (discrepancy.opened_at - AROUND, discrepancy.opened_at + AROUND)
    others = Discrepancy.objects.filter(case__shop=discrepancy.case.shop_id, opened_at__range=around)
    others = others.exclude(case=discrepancy.case_id).select_related(
        "case__shop", "case__bill", "case__receipt", "case__event"
    )
    newest = Q()
    for name, same in shared.items():
        others = others.annotate(**{name: Choose(When(same, then=True), default=False, output_field=BooleanField())})
        place = Window(RowNumber(), partition_by=F(name), order_by=("-opened_at", "-pk"))
        others = others.annotate(**{f"{name}_place": place})
        newest |= Q(**{f"{name}_place__lte": ROWS_SHOWN + 1})
    return others.filter(newest).order_by("-opened_at", "-pk")
