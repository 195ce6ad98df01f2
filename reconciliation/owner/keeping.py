"""Keeps the totals of days that are long over, for `reconciliation.owner.kept`. Any number of times.

PostgreSQL notes the days of which documents are written (migration 0045), except for those of the last day: so a day is
kept only when it has been over for longer than that, and than any transaction takes. What is noted is removed before
the documents are read. A transaction that is committed later leaves its own note, whether its documents were seen or
not, and the day is counted again.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import TruncDate

from reconciliation.models import ChangedDay, DaySales, DayTakings, DayTotals
from reconciliation.owner.billed import sum_bills
from reconciliation.owner.days import DAY, LONGEST, Days, list_days, list_runs, span_of
from reconciliation.owner.products import find_lines, sum_lines
from reconciliation.owner.takings import find_takings, in_detail, sum_takings
from reconciliation.owner.times import within
from reconciliation.period_figures import BRINGS_MONEY, RECEIPT_DATE
from shops.models import Bill, Receipt, Shop
from shops.statements import is_postgresql

OVER_FOR = 2 * DAY
KEPT_FOR = 3 * LONGEST * DAY  # the longest time, the one before it, and another year to go back

TAKINGS_COLUMNS = {"store_id": "in_store", "terminal_id": "at_terminal", "employee_id": "by_employee"}
TAKINGS_COLUMNS |= {"payment_source": "payment_source", "type": "type", "receipts": "receipts", "kopecks": "amount"}
SALES_COLUMNS = {"product_external_id": "product_external_id", "quantity": "pieces", "kopecks": "amount"}

FORGET_CHANGES = f"DELETE FROM {ChangedDay._meta.db_table} WHERE shop_id = %s RETURNING day"
NOTE_AGAIN = "SELECT set_config('crmpos.noted_last', '', true)"  # what this transaction itself has noted is forgotten


def keep_totals(*, now: datetime) -> None:
    """Keeps what is missing in every shop, and counts again what has changed."""
    if is_postgresql():
        for shop in Shop.objects.order_by("number"):
            with transaction.atomic():
                _keep_totals_of(shop, now)


def _keep_totals_of(shop: Shop, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FORGET_CHANGES, [shop.number])
        noted = {day for (day,) in cursor.fetchall()}
        cursor.execute(NOTE_AGAIN)
    changed = {day + shift for day in noted for shift in (-DAY, timedelta(), DAY)}
    held = dict(DayTotals.objects.filter(shop=shop).values_list("day", "time_zone"))
    missing = (day for day in _list_days_to_keep(shop, now) if held.get(day) != shop.time_zone)
    for days in list_runs(sorted({*missing, *(changed & held.keys())})):
        _count(shop, days)


def _list_days_to_keep(shop: Shop, now: datetime) -> list[date]:
    """From the first document on, of the last years."""
    first = _find_first_day(shop)
    last = (now - OVER_FOR).astimezone(shop.zone).date() - DAY
    return [] if first is None else list_days(Days(max(first, last - KEPT_FOR), last))


def _find_first_day(shop: Shop) -> date | None:
    receipts = Receipt.objects.filter(BRINGS_MONEY, shop=shop).annotate(at=RECEIPT_DATE).order_by("at")
    bills = Bill.objects.filter(shop=shop, issued_at__isnull=False).order_by("issued_at")
    first = (*receipts.values_list("at", flat=True)[:1], *bills.values_list("issued_at", flat=True)[:1])
    return min(first).astimezone(shop.zone).date() if first else None


def _count(shop: Shop, days: Days) -> None:
    """Keeps what the documents of these days add up to now. The rows of `DayTotals` stay: pages are at them."""
    billed = count_standing(shop, days)
    DayTotals.objects.bulk_create(
        [
            DayTotals(shop=shop, day=day, time_zone=shop.time_zone, bills=bills, billed_kopecks=kopecks)
            for day in list_days(days)
            for bills, kopecks in (billed.get(day, (0, 0)),)
        ],
        update_conflicts=True,
        unique_fields=["shop", "day"],
        update_fields=["time_zone", "bills", "billed_kopecks"],
    )
    for model, (columns, sums) in sum_documents(shop, days).items():
        model._default_manager.filter(totals__shop=shop, totals__day__range=(days.first, days.last)).delete()
        _insert(model, columns, sums, shop)


def sum_documents(shop: Shop, days: Days) -> Mapping[type[Model], tuple[Mapping[str, str], Any]]:
    """What is kept beside the bills: the columns of each table, named in the sums by day (`on_day`) as they say."""
    span = span_of(days, shop.zone)
    on_day = TruncDate("at", tzinfo=shop.zone)
    return {
        DayTakings: (TAKINGS_COLUMNS, sum_takings(find_takings([shop.number], span), in_detail(shop), place=0)),
        DaySales: (SALES_COLUMNS, sum_lines(find_lines(shop, span), on_day=on_day)),
    }


def count_standing(shop: Shop, days: Days) -> dict[date, tuple[int, int]]:
    """The bills of these days that are not withdrawn, by day: how many, and what is due of them in kopecks."""
    bills = Bill.objects.filter(within("issued_at", [span_of(days, shop.zone)]), shop=shop, cancelled_at=None)
    sums = sum_bills(bills, TruncDate("issued_at", tzinfo=shop.zone), place=0)
    return {day: (count, int(kopecks)) for _, day, count, kopecks in sums}


def _insert(model: type[Model], columns: Mapping[str, str], sums: Any, shop: Shop) -> None:
    sql, arguments = sums.query.sql_with_params()
    statement = f"""
        INSERT INTO {model._meta.db_table} (totals_id, {", ".join(columns)})
        SELECT totals.id, {", ".join(columns.values())}
        FROM ({sql}) counted JOIN reconciliation_daytotals totals ON totals.shop_id = %s AND totals.day = on_day"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [*arguments, shop.number])
