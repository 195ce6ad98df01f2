"""Proves closed months: their figures are those of their entries, and no document was counted beyond what it was."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q, Sum
from django.db.models.functions import Abs

from reconciliation import months
from reconciliation.models import Discrepancy, DiscrepancyStep, Period, PeriodEntry
from reconciliation.period_figures import HALF_A_KOPECK, What, posted
from reconciliation.period_protocol import Figures, Line, add_up, digest_of, read_figures
from shops.allocated import MONEY
from shops.models import Bill, BillVersion, Receipt
from shops.money import ZERO, round_to_kopeck


def find_differences(shop_number: int | None = None) -> Iterator[str]:
    """One line for every closed month, and every document, that is not as its entries say."""
    periods = Period.objects.filter(reopened_at=None).select_related("shop").order_by("shop", "month")
    last: Period | None = None
    for period in periods if shop_number is None else periods.filter(shop=shop_number):
        before = last if last is not None and last.shop_id == period.shop_id else None
        name = f"shop {period.shop_id}, month {months.format_month(period.month)}"
        yield from (f"{name}: {difference}" for difference in _check_period(period, before))
        last = period
    yield from _check_receipts(shop_number)
    yield from _check_bills(shop_number)
    yield from _check_decisions(shop_number)


def _check_period(period: Period, before: Period | None) -> Iterator[str]:
    if digest_of(period.protocol) != period.digest:
        yield "its protocol is not the one that was kept"
    if before is not None and period.month != months.following(before.month):
        yield f"it follows {months.format_month(before.month)}: the months between are not closed"
    kept = read_figures(period.protocol)
    carried = read_figures(before.protocol).closing if before else ZERO
    counted = add_up(carried, _sum_entries(period))
    if kept.opening != counted.opening:
        yield f"its opening balance is kept as {kept.opening}, the entries give {counted.opening}"
    if kept.closing != counted.closing:
        yield f"its closing balance is kept as {kept.closing}, the entries give {counted.closing}"
    if _not_zero(kept) != _not_zero(counted):
        yield "its lines are not the sums of its entries"


def _sum_entries(period: Period) -> list[PeriodEntry]:
    """The entries of a month added up to one of each sort."""
    sums = period.entries.order_by().values_list("what", "part", "payment_source").annotate(total=Sum("amount"))
    return [
        PeriodEntry(what=what, part=part, payment_source=source, amount=round_to_kopeck(total))
        for what, part, source, total in sums
    ]


def _not_zero(figures: Figures) -> list[Line]:
    return [line for line in figures.lines if line.month or line.adjustments]


def _check_receipts(shop_number: int | None) -> Iterator[str]:
    """A receipt is counted with its total or not at all, whether or not it has a bill."""
    whats = (What.RECEIVED, What.REFUNDED, What.RECEIVED_UNBILLED, What.REFUNDED_UNBILLED)
    rows = Receipt.objects.filter(period_entries__isnull=False).distinct().annotate(counted=posted("receipt", *whats))
    rows = rows.alias(beyond=Abs(Abs(F("counted"), output_field=MONEY) - F("total"), output_field=MONEY))
    rows = rows.filter(Q(counted__gte=HALF_A_KOPECK) | Q(counted__lte=-HALF_A_KOPECK), beyond__gte=HALF_A_KOPECK)
    rows = rows if shop_number is None else rows.filter(shop=shop_number)
    for shop, receipt_id, counted in rows.order_by("pk").values_list("shop", "receipt_id", "counted").iterator():
        yield f"shop {shop}, receipt {receipt_id}: closed months count {round_to_kopeck(counted)} of it"


def _check_bills(shop_number: int | None) -> Iterator[str]:
    """A bill is counted with what was due by one of its versions, or not at all; LIST keeps no versions."""
    rows = Bill.objects.filter(period_entries__isnull=False, listed_by=None, upstream_listed_by=None).distinct()
    rows = rows.annotate(counted=posted("bill", What.BILLED)).filter(version__gt=0)
    difference = Abs(F("total") - F("prepayment") - OuterRef("counted"), output_field=MONEY)
    stated = BillVersion.objects.alias(beyond=difference).filter(bill=OuterRef("pk"), beyond__lt=HALF_A_KOPECK)
    rows = rows.filter(~Exists(stated), Q(counted__gte=HALF_A_KOPECK) | Q(counted__lte=-HALF_A_KOPECK))
    rows = rows if shop_number is None else rows.filter(shop=shop_number)
    for shop, external_id, counted in rows.order_by("pk").values_list("shop", "external_id", "counted").iterator():
        yield f"shop {shop}, bill {external_id}: closed months count {round_to_kopeck(counted)} of it"


def _check_decisions(shop_number: int | None) -> Iterator[str]:
    """A difference is counted with an amount that it has had, or not at all."""
    rows = Discrepancy.objects.filter(period_entries__isnull=False).distinct()
    rows = rows.annotate(counted=posted("discrepancy", What.WRITTEN_OFF, What.SETTLED))
    difference = Abs(F("amount") - OuterRef("counted"), output_field=MONEY)
    had = DiscrepancyStep.objects.alias(beyond=difference).filter(discrepancy=OuterRef("pk"), beyond__lt=HALF_A_KOPECK)
    rows = rows.filter(~Exists(had), Q(counted__gte=HALF_A_KOPECK) | Q(counted__lte=-HALF_A_KOPECK))
    rows = rows if shop_number is None else rows.filter(case__shop=shop_number)
    for shop, pk, counted in rows.order_by("pk").values_list("case__shop", "pk", "counted").iterator():
        yield f"shop {shop}, discrepancy {pk}: closed months count {round_to_kopeck(counted)} of it"
