"""The rows behind the figures of the owner's page; they add up to the figure. Read-only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, Q, QuerySet, Sum, When
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from reconciliation.explanations import explain
from reconciliation.models import Discrepancy
from reconciliation.models.discrepancy import WORST_FIRST
from reconciliation.owner.asked import RowsAsked
from reconciliation.owner.billed import find_billed
from reconciliation.owner.days import DAY, Days, span_of
from reconciliation.owner.found import NEAR, OPEN, find_discrepancies
from reconciliation.owner.outstanding import days_open, find_debts, of_age, sum_outstanding
from reconciliation.owner.products import find_lines, name_products
from reconciliation.owner.set_off import find_set_offs
from reconciliation.owner.takings import find_takings
from reconciliation.owner.times import within
from reconciliation.owner.wording import word_days, word_next, word_subject
from reconciliation.period_figures import RECEIPT_DATE
from reconciliation.reports.aging import name_buckets
from reconciliation.reports.values import Cell, Column, ColumnType
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Shop
from shops.payment.values import PAYBACK, SELL
from shops.presentation import NOTHING
from shops.shift_totals import CARD, CASH
from shops.wording import word_payment_source, word_receipt_type

MONEY: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=15, decimal_places=2)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in their order, what stands in each, and what all of them, not one page of them, come to.

    `page` is the name of the address that tells more of one of them, where there is such a page.
    """

    title: str
    described: tuple[str, ...]
    columns: tuple[Column, ...]
    found: QuerySet[Any]
    show: Callable[[Iterable[Any]], list[tuple[Cell, ...]]]
    count: int
    totals: tuple[Cell, ...]
    page: str = ""


def find_rows(page: str, shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    """The rows of one of the pages `receipts`, `bills`, `discrepancies`, `lines`."""
    return PAGES[page](shop, asked, now)


def _last_days(shop: Shop, now: datetime) -> Days:
    """What is shown where no days are asked for."""
    today = now.astimezone(shop.zone).date()
    return Days(today - 29 * DAY, today)


# --- receipts --------------------------------------------------------------------------------------------------


def _find_receipts(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    days = asked.days or _last_days(shop, now)
    wanted = Q()
    if asked.type:
        wanted &= Q(type=SELL if asked.type == "sale" else PAYBACK)
    if asked.means:
        wanted &= _of_means(asked.means)
    for place in ("store", "terminal", "employee"):
        key = getattr(asked, place)
        wanted &= Q() if key is None else Q(**{place: key or None})
    receipts = find_takings([shop.number], span_of(days, shop.zone)).filter(wanted)
    signed = Case(When(type=PAYBACK, then=-F("total")), default=F("total"), output_field=MONEY)
    summed = receipts.aggregate(count=Count("*"), total=sum_kopecks("total" if asked.type else signed))
    found = receipts.select_related("bill", "store", "terminal", "employee").annotate(moment=RECEIPT_DATE)
    columns = (
        Column(_("Printed"), ColumnType.TIME),
        Column(_("Bill"), ColumnType.TEXT),
        Column(_("Customer"), ColumnType.TEXT),
        Column(_("Payment"), ColumnType.TEXT),
        Column(_("Register"), ColumnType.TEXT),
        Column(_("Employee"), ColumnType.TEXT),
        Column(_("Amount"), ColumnType.AMOUNT),
    )
    words = {"sale": _("sales"), "refund": _("refunds"), "cash": _("in cash"), "card": _("by card")}
    words["other"] = _("otherwise")
    described = [word_days(days), *(words[chosen] for chosen in (asked.type, asked.means) if chosen)]

    def show(rows: Iterable[Any]) -> list[tuple[Cell, ...]]:
        return [
            (
                row.moment.astimezone(shop.zone),
                str(row.bill or row.bill_number or row.bill_external_id or NOTHING),
                (row.customer_name or (row.bill.customer_name if row.bill else "")).strip() or NOTHING,
                f"{capfirst(word_receipt_type(row.type))}, {word_payment_source(row.payment_source) or NOTHING}",
                str(row.terminal or NOTHING),
                str(row.employee or NOTHING),
                -row.total if row.type == PAYBACK and not asked.type else row.total,
            )
            for row in rows
        ]

    totals: tuple[Cell, ...] = (_("Total"), None, None, None, None, None, read_sum(summed["total"]))
    ordered = found.order_by("-moment", "-pk")
    return Rows(_("Receipts"), tuple(described), columns, ordered, show, summed["count"], totals)


def _of_means(means: str) -> Q:
    if means == "other":
        return ~Q(payment_source__in=(*CASH, *CARD))
    return Q(payment_source__in=CASH if means == "cash" else CARD)


# --- bills -----------------------------------------------------------------------------------------------------


def _find_bills(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    return {"billed": _find_billed, "set_off": _find_set_off}.get(asked.what, _find_outstanding)(shop, asked, now)


def _find_billed(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    days = asked.days or _last_days(shop, now)
    bills = find_billed(shop, span_of(days, shop.zone))
    summed = bills.aggregate(count=Count("*"), total=sum_kopecks(F("total") - F("prepayment")))
    columns = (
        Column(_("Date"), ColumnType.TIME),
        Column(_("Bill"), ColumnType.TEXT),
        Column(_("Customer"), ColumnType.TEXT),
        Column(_("Paid"), ColumnType.TEXT),
        Column(_("Billed"), ColumnType.AMOUNT),
    )

    def show(rows: Iterable[Any]) -> list[tuple[Cell, ...]]:
        return [
            (
                row.issued_at and row.issued_at.astimezone(shop.zone),
                str(row),
                row.customer_name.strip() or NOTHING,
                _word_paid(row),
                row.due,
            )
            for row in rows
        ]

    totals: tuple[Cell, ...] = (_("Total"), None, None, None, read_sum(summed["total"]))
    ordered = bills.order_by("-issued_at", "-pk")
    return Rows(_("Billed"), (word_days(days),), columns, ordered, show, summed["count"], totals)


def _word_paid(bill: Any) -> str:
    if bill.is_paid:
        return _("paid in full")
    if bill.cancelled_at is not None:
        return _("withdrawn by the CRM")
    return _("closed by a decision") if bill.closed_at is not None else _("not paid in full")


def _find_outstanding(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    today = now.astimezone(shop.zone).date()
    bills: Any = find_debts(shop, today)
    described = [_("outstanding")]
    if asked.days:
        bills = bills.filter(within("issued_at", [span_of(asked.days, shop.zone)]))
        described.append(word_days(asked.days))
    if asked.age is not None:
        bills = bills.filter(of_age(asked.age, today, shop.zone))
        described.append((*name_buckets(), _("Date unknown"))[asked.age])
    summed = bills.aggregate(count=Count("*"), total=sum_outstanding())
    columns = (
        Column(_("Date"), ColumnType.TIME),
        Column(_("Bill"), ColumnType.TEXT),
        Column(_("Customer"), ColumnType.TEXT),
        Column(_("Days open"), ColumnType.QUANTITY),
        Column(_("Due"), ColumnType.AMOUNT),
        Column(_("Outstanding"), ColumnType.AMOUNT),
    )

    def show(rows: Iterable[Any]) -> list[tuple[Cell, ...]]:
        return [
            (
                row.issued_at and row.issued_at.astimezone(shop.zone),
                str(row),
                row.customer_name.strip() or NOTHING,
                None if (days := days_open(row.issued_at, today, shop.zone)) is None else Decimal(days),
                row.due,
                read_sum(row.outstanding),
            )
            for row in rows
        ]

    totals: tuple[Cell, ...] = (_("Total"), None, None, None, None, read_sum(summed["total"]))
    ordered = bills.order_by("-outstanding", "issued_at", "pk")
    return Rows(_("Outstanding bills"), tuple(described), columns, ordered, show, summed["count"], totals)


def _find_set_off(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    days = asked.days or _last_days(shop, now)
    found = find_set_offs(shop, span_of(days, shop.zone))
    summed = found.aggregate(count=Count("*"), total=sum_kopecks("amount"))
    columns = (
        Column(_("Date"), ColumnType.TIME),
        Column(_("Bill"), ColumnType.TEXT),
        Column(_("Customer"), ColumnType.TEXT),
        Column(_("Shown again"), ColumnType.AMOUNT),
    )

    def show(rows: Iterable[Any]) -> list[tuple[Cell, ...]]:
        return [
            (
                row.dated_at.astimezone(shop.zone),
                str(row.case.bill),
                row.case.bill.customer_name.strip() or NOTHING,
                row.amount,
            )
            for row in rows
        ]

    totals: tuple[Cell, ...] = (_("Total"), None, None, read_sum(summed["total"]))
    ordered = found.select_related("case__bill").order_by("-dated_at", "-pk")
    return Rows(_("Advances shown again"), (word_days(days),), columns, ordered, show, summed["count"], totals)


# --- discrepancies ---------------------------------------------------------------------------------------------


def _find_discrepancies(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    found = find_discrepancies([shop.number], span_of(asked.days, shop.zone) if asked.days else None)
    described = [word_days(asked.days)] if asked.days else []
    if asked.status != "all":
        found = found.filter(OPEN)
        described.append(_("not yet cleared up"))
    if asked.sign:
        found = found.filter(amount__lt=0) if asked.sign == "missing" else found.filter(amount__gt=0)
        described.append(_("money missing") if asked.sign == "missing" else _("too much money"))
    summed = found.order_by().aggregate(count=Count("*"), total=sum_kopecks("amount"))
    columns = (
        Column(_("Found"), ColumnType.TIME),
        Column(_("What"), ColumnType.TEXT),
        Column(_("Discrepancy"), ColumnType.TEXT),
        Column(_("What happens next"), ColumnType.TEXT),
        Column(_("Difference"), ColumnType.AMOUNT, signed=True),
    )

    def show(rows: Iterable[Discrepancy]) -> list[tuple[Cell, ...]]:
        cells: list[tuple[Cell, ...]] = []
        for row in rows:
            row.case.shop = shop
            opened_at = row.opened_at.astimezone(shop.zone)
            cells.append((opened_at, capfirst(word_subject(row)), capfirst(explain(row)), word_next(row), row.amount))
        return cells

    totals: tuple[Cell, ...] = (_("Total"), None, None, None, read_sum(summed["total"]))
    near = found.select_related(*NEAR).order_by(*WORST_FIRST)
    return Rows(_("Discrepancies"), tuple(described), columns, near, show, summed["count"], totals, "owner:discrepancy")


# --- lines of a product ----------------------------------------------------------------------------------------


def _find_lines(shop: Shop, asked: RowsAsked, now: datetime) -> Rows:
    days = asked.days or _last_days(shop, now)
    lines: Any = find_lines(shop, span_of(days, shop.zone))
    described = [word_days(days)]
    if asked.product is not None:
        lines = lines.filter(product_external_id=asked.product)
        names = name_products(shop, [asked.product])
        described.append(names.get(asked.product) or asked.product or _("without a number of the product"))
    summed = lines.aggregate(count=Count("*"), total=sum_kopecks("signed"), quantity=Sum("signed_quantity"))
    columns = (
        Column(_("Printed"), ColumnType.TIME),
        Column(_("Product"), ColumnType.TEXT),
        Column(_("Receipt"), ColumnType.TEXT),
        Column(_("Quantity"), ColumnType.QUANTITY),
        Column(_("Amount"), ColumnType.AMOUNT),
    )

    def show(rows: Iterable[Any]) -> list[tuple[Cell, ...]]:
        return [
            (row.moment.astimezone(shop.zone), str(row), row.receipt.receipt_id, row.signed_quantity, row.signed)
            for row in rows
        ]

    totals: tuple[Cell, ...] = (_("Total"), None, None, summed["quantity"] or Decimal(0), read_sum(summed["total"]))
    found = lines.annotate(moment=F("at")).select_related("receipt").order_by("-moment", "-receipt", "position")
    return Rows(_("Products sold"), tuple(described), columns, found, show, summed["count"], totals)


PAGES: dict[str, Callable[[Shop, RowsAsked, datetime], Rows]] = {
    "receipts": _find_receipts,
    "bills": _find_bills,
    "discrepancies": _find_discrepancies,
    "lines": _find_lines,
}
