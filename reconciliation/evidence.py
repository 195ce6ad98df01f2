"""What retention has to leave in the journal: the evidence of what is not settled."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from reconciliation import months
from reconciliation.models import Case, CaseReceipt, Discrepancy, Period, Status
from shops.allocated import pays
from shops.models import BillVersion, ExchangeEvent, Receipt, ReceiptDelivery, Shop

BILLS_PER_QUERY = 500
MOMENT = timedelta(microseconds=1)


class OpenBooks:
    """The `Needs` of `shops.retention`: unresolved discrepancies, and months that are not closed."""

    def is_open(self, shop: Shop, until: datetime) -> bool:
        """Whether the month right before `until` is not closed. A shop that closes no months has them all open."""
        closed = Period.objects.filter(shop=shop, reopened_at=None).order_by("-month")
        last = closed.values_list("month", flat=True).first()
        return last is None or last < months.month_of(until - MOMENT, shop)

    def find_needed(self, shop: Shop, since: datetime, until: datetime) -> set[int]:
        """The messages behind the cases that have an unresolved discrepancy: every request with its answer."""
        cases = Case.objects.filter(
            pk__in=Discrepancy.objects.exclude(status=Status.RESOLVED).filter(case__shop=shop).values("case")
        ).select_related("bill", "shift")
        events = ExchangeEvent.objects.filter(shop=shop, occurred_at__gte=since, occurred_at__lt=until).order_by()
        found: set[int] = set()
        for batch in _cut(cases):
            found |= set(events.filter(_messages_of(batch)).values_list("pk", flat=True))
        halves = events.filter(Q(request__in=found) | Q(answer__in=found))
        return found | set(halves.values_list("pk", flat=True))


def _messages_of(cases: list[Case]) -> Q:
    bills = [case.bill for case in cases if case.bill is not None]
    bill_ids = [bill.pk for bill in bills]
    receipts = Receipt.objects.filter(
        pays(bill_ids)
        | Q(pk__in=[case.receipt_id for case in cases if case.receipt_id])
        | Q(pk__in=CaseReceipt.objects.filter(case__in=cases).values("receipt"))
        | _of_shifts(cases)
    )
    named = [bill.external_id for bill in bills]
    pointed_at = {
        pk
        for bill in bills
        for pk in (bill.stated_by_id, bill.listed_by_id, bill.upstream_listed_by_id, bill.opened_by_id)
        if pk is not None
    }
    return (
        Q(pk__in=pointed_at | {case.event_id for case in cases if case.event_id})
        | Q(bill_external_id__in=named)
        | Q(pk__in=BillVersion.objects.filter(bill__in=bill_ids).values("stated_by"))
        | Q(pk__in=ReceiptDelivery.objects.filter(receipt__in=receipts.values("pk")).values("event"))
    )


def _of_shifts(cases: Iterable[Case]) -> Q:
    found = Q(pk__in=[])
    for shift in (case.shift for case in cases if case.shift is not None):
        found |= Q(terminal=shift.terminal_id, shift__in=shift.names)
    return found


def _cut(cases: QuerySet[Case]) -> Iterable[list[Case]]:
    last_pk = 0
    while batch := list(cases.filter(pk__gt=last_pk).order_by("pk")[:BILLS_PER_QUERY]):
        yield batch
        last_pk = batch[-1].pk
