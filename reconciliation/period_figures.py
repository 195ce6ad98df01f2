"""What a month of a shop comes to: every document's amount less what closed months have counted of it already.

So a document that comes late, a bill that is changed, a receipt that finds its bill and a write-off that is undone
are all entries of the first month that is closed after it, and nothing is lost or counted twice. What enters:

- a bill with what is due of it, its total less its prepayment, in the month of its date; one that the CRM withdrew
  before anybody paid, with nothing;
- a fiscal receipt that brings money (a sale, a refund) in the month in which it was printed. Purchases, informational
  receipts and goods handed over on credit bring none. Money of receipts without a bill is counted by itself, for
  it is no payment of what is outstanding of bills;
- of a settlement receipt that shows an advance once more, the advance, the other way round: money counts once;
- a difference of a bill that was written off, or closed in another way after which nothing of it is to be paid, in
  the month in which it was decided. A negative difference makes what is outstanding less, a positive one more.

Read-only: `reconciliation.periods` writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce

from reconciliation import months
from reconciliation.closing import CLOSING_REASONS
from reconciliation.models import Discrepancy, PeriodEntry, Reason, Status
from shops.allocated import MONEY, paying, total_paying_bills
from shops.bill_values import load_bill_values
from shops.models import Bill, Receipt, Shop
from shops.money import KOPECK, ZERO, round_to_kopeck
from shops.payment.takings import CREDIT, PREPAYMENTS, SETTLEMENTS, brings_money, count_takings
from shops.payment.values import PAYBACK, SELL

What, Part = PeriodEntry.What, PeriodEntry.Part

BILLS_PER_QUERY = 2000
ROWS_PER_QUERY = 2000
NOTHING = Value(ZERO, output_field=MONEY)
HALF_A_KOPECK = KOPECK / 2  # SQLite adds binary fractions: what differs by less is equal

BILL_DATE = Coalesce(
    "issued_at",
    "opened_by__occurred_at",
    "stated_by__occurred_at",
    "listed_by__occurred_at",
    "upstream_listed_by__occurred_at",
)
RECEIPT_DATE = Coalesce("printed_at", "received_at")


def brings_money_of(receipt: str = "") -> Q:
    """The rows whose receipt brings money or gives it back; `receipt` leads to it, like `receipt__`."""
    is_fiscal = Q(**{f"{receipt}informational": False, f"{receipt}type__in": (SELL, PAYBACK)})
    return is_fiscal & ~Q(**{f"{receipt}settlement_method": CREDIT})


BRINGS_MONEY = brings_money_of()


@dataclass(frozen=True, slots=True)
class Span:
    """The month that is counted, from `begins` up to `ends`; before the `first` closed one nothing was counted."""

    shop: Shop
    month: date
    is_first: bool

    @property
    def begins(self) -> datetime:
        return months.begin_of(self.month, self.shop)

    @property
    def ends(self) -> datetime:
        return months.end_of(self.month, self.shop)


def count_month(span: Span) -> Iterator[PeriodEntry]:
    """The entries of the month, not saved and without their period."""
    yield from _count_bills(span)
    yield from _count_receipts(span)
    yield from _count_set_off(span)
    yield from _count_decisions(span)


def posted(document: str, *whats: str) -> Coalesce:
    """An annotation: what closed months have counted of a row as `whats`. `document` is what an entry calls the row."""
    entries = PeriodEntry.objects.filter(
        **{document: OuterRef("pk")}, what__in=whats, period__reopened_at=None
    ).order_by()
    total = entries.values(document).annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total, output_field=MONEY), NOTHING)


def _differs(left: str, right: str) -> Q:
    return Q(**{f"{left}_less_{right}__gte": HALF_A_KOPECK})


def _with_difference(rows: Any, left: str, right: str) -> Any:
    return rows.alias(**{f"{left}_less_{right}": Abs(F(left) - F(right), output_field=MONEY)})


def _entry(
    span: Span, what: str, current: Decimal, counted: Decimal, dated_at: datetime | None, **of: int | str
) -> PeriodEntry | None:
    """The entry that makes what was counted what it is; None where they are the same."""
    counted = round_to_kopeck(counted)
    amount = round_to_kopeck(current) - counted
    if not amount:
        return None
    return PeriodEntry(what=what, part=_part(span, counted, dated_at), amount=amount, dated_at=dated_at, **of)


def _part(span: Span, counted: Decimal, dated_at: datetime | None) -> str:
    """Whose figures it belongs to: what was counted before, or is dated before, corrects what was closed."""
    is_earlier = dated_at is None or dated_at < span.begins
    if span.is_first:
        return Part.BEFORE if is_earlier else Part.MONTH
    return Part.ADJUSTMENT if is_earlier or counted else Part.MONTH


# --- bills -----------------------------------------------------------------------------------------------------


def bills_of(shop: Shop, ends: datetime) -> QuerySet[Bill]:
    """The bills of a shop with what is due of each at the end of a month (`current`) and what was `counted` of it."""
    paid = paying(OuterRef("pk")).filter(BRINGS_MONEY)
    due = Case(
        When(Q(cancelled_at__lt=ends) & ~Exists(paid), then=NOTHING),
        default=F("total") - F("prepayment"),
        output_field=MONEY,
    )
    bills = Bill.objects.filter(shop=shop).order_by("pk")
    return bills.annotate(current=due, counted=posted("bill", What.BILLED), dated_at=BILL_DATE)


def _count_bills(span: Span) -> Iterator[PeriodEntry]:
    bills = _with_difference(bills_of(span.shop, span.ends), "current", "counted")
    changed = bills.filter(_differs("current", "counted"), Q(dated_at__lt=span.ends) | Q(dated_at=None))
    for pk, current, counted, dated_at in changed.values_list("pk", "current", "counted", "dated_at").iterator(
        ROWS_PER_QUERY
    ):
        if entry := _entry(span, What.BILLED, current, counted, dated_at, bill_id=pk):
            yield entry


# --- receipts --------------------------------------------------------------------------------------------------


def receipts_of(shop: Shop) -> QuerySet[Receipt]:
    """The receipts that bring money: how each changes what is outstanding, of bills and without one, and what counts.

    Of a receipt that a person has split, a part may pay bills and the rest none.
    """
    receipts = Receipt.objects.filter(BRINGS_MONEY, shop=shop).order_by("pk").alias(paying=total_paying_bills())
    return receipts.annotate(
        billed=_as_change(F("paying")),
        unbilled=_as_change(F("total") - F("paying")),
        counted=posted("receipt", What.RECEIVED, What.REFUNDED),
        counted_unbilled=posted("receipt", What.RECEIVED_UNBILLED, What.REFUNDED_UNBILLED),
        dated_at=RECEIPT_DATE,
    )


def _as_change(amount: Combinable) -> Case:
    """A sale makes what is outstanding less, a refund more."""
    return Case(When(type=PAYBACK, then=amount), default=NOTHING - amount, output_field=MONEY)


def _count_receipts(span: Span) -> Iterator[PeriodEntry]:
    """A receipt is counted as of its bill, or as without one; one that finds its bill moves from there to here."""
    rows = receipts_of(span.shop)
    rows = _with_difference(_with_difference(rows, "billed", "counted"), "unbilled", "counted_unbilled")
    changed = rows.filter(
        _differs("billed", "counted") | _differs("unbilled", "counted_unbilled"), dated_at__lt=span.ends
    )
    fields = ("pk", "type", "payment_source", "dated_at", "billed", "counted", "unbilled", "counted_unbilled")
    for pk, kind, source, dated_at, billed, counted, unbilled, counted_unbilled in changed.values_list(
        *fields
    ).iterator(ROWS_PER_QUERY):
        is_sale = kind == SELL
        for what, current, before in (
            (What.RECEIVED if is_sale else What.REFUNDED, billed, counted),
            (What.RECEIVED_UNBILLED if is_sale else What.REFUNDED_UNBILLED, unbilled, counted_unbilled),
        ):
            entry = _entry(span, what, current, before, dated_at, receipt_id=pk, payment_source=source)
            if entry:
                yield entry


def _count_set_off(span: Span) -> Iterator[PeriodEntry]:
    """Advances that settlement receipts show once more: of bills that have receipts of both sorts."""
    receipts_of_bill = paying(OuterRef("pk")).filter(BRINGS_MONEY)
    prepaid = Exists(receipts_of_bill.filter(settlement_method__in=sorted(PREPAYMENTS)))
    settled = Exists(receipts_of_bill.filter(settlement_method__in=sorted(SETTLEMENTS)))
    bills: Any = Bill.with_messages().filter(shop=span.shop).annotate(counted=posted("bill", What.SET_OFF))
    bills = bills.filter((prepaid & settled) | ~Q(counted=0))
    last_pk = 0
    while batch := list(bills.filter(pk__gt=last_pk).order_by("pk")[:BILLS_PER_QUERY]):
        last_pk = batch[-1].pk
        values = load_bill_values(batch)
        for bill in batch:
            value, receipts = values[bill.pk]
            shown = tuple(receipt for receipt in receipts if receipt.time_order[0] < span.ends)
            takings = count_takings(shown, value)
            signed = (
                receipt.total if receipt.type == SELL else -receipt.total for receipt in shown if brings_money(receipt)
            )
            set_off = sum(signed, ZERO) - takings.received
            dated_at = max((receipt.time_order[0] for receipt in shown), default=None)
            entry = _entry(span, What.SET_OFF, set_off, bill.counted, dated_at, bill_id=bill.pk)
            if entry:
                yield entry


# --- decisions -------------------------------------------------------------------------------------------------

SETTLING_REASONS = CLOSING_REASONS - {Reason.WRITTEN_OFF}


def decisions_of(shop: Shop, ends: datetime) -> QuerySet[Discrepancy]:
    """The differences of bills, with what of each was decided away by the end of a month, and what was counted.

    A difference that documents have made good since is not there to be written off any more.
    """
    stands = Q(status=Status.RESOLVED, cause_present=True, resolved_at__lt=ends)
    rows = Discrepancy.objects.filter(case__shop=shop, case__bill__isnull=False, amount__isnull=False).order_by("pk")
    return rows.annotate(
        written_off=Case(
            When(stands & Q(reason=Reason.WRITTEN_OFF), then=F("amount")), default=NOTHING, output_field=MONEY
        ),
        settled=Case(
            When(stands & Q(reason__in=sorted(SETTLING_REASONS)), then=F("amount")), default=NOTHING, output_field=MONEY
        ),
        counted_written_off=posted("discrepancy", What.WRITTEN_OFF),
        counted_settled=posted("discrepancy", What.SETTLED),
    )


def _count_decisions(span: Span) -> Iterator[PeriodEntry]:
    rows = decisions_of(span.shop, span.ends)
    for name in (What.WRITTEN_OFF, What.SETTLED):
        rows = _with_difference(rows, name.value, f"counted_{name.value}")
    changed = rows.filter(_differs("written_off", "counted_written_off") | _differs("settled", "counted_settled"))
    fields = ("pk", "resolved_at", "written_off", "counted_written_off", "settled", "counted_settled")
    for pk, resolved_at, written_off, counted, settled, counted_settled in changed.values_list(*fields).iterator(
        ROWS_PER_QUERY
    ):
        for what, current, before in (
            (What.WRITTEN_OFF, written_off, counted),
            (What.SETTLED, settled, counted_settled),
        ):
            entry = _entry(span, what, current, before, resolved_at, discrepancy_id=pk)
            if entry:
                yield entry
