"""Five shops of three zones, their figures counted from the facts by SQL and plain Python alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import connection

from crmpos.history import DEFAULT_END, generate_history, write_log
from reconciliation.decisions import resolve
from reconciliation.models import Discrepancy, Reason, Status
from reconciliation.services import reconcile
from shops.models import Receipt, Shop
from tests.logs import MOSCOW, run

ZONES = {
    501: "Europe/Moscow",
    502: "Asia/Vladivostok",
    503: "Europe/Kaliningrad",
    504: "Asia/Vladivostok",
    505: "Europe/Moscow",
}
LAST_DAY = DEFAULT_END.date()
NOW = datetime.combine(LAST_DAY, time(9, 30), UTC)  # half past noon in Moscow, half past seven in Vladivostok


def fill_books(folder: Path) -> None:
    """A history of five shops in which every shop has receipts a second before and at midnight of its own clock."""
    log = folder / "log.txt"
    with log.open("wb") as file:
        write_log(generate_history(bills=150, seed=11, shops=5, days=40), file)
    run("import_exchange_log", str(log))
    for number, zone in ZONES.items():
        Shop.objects.filter(number=number).update(time_zone=zone)
        put_receipts_around_midnight(number, ZoneInfo(zone))
    run("reconcile", f"--as-of={DEFAULT_END.isoformat()}{MOSCOW}")
    reconcile(as_of=NOW, now=NOW, everything=True)
    spread_discrepancies()


def spread_discrepancies() -> None:
    """Found over three weeks, at the midnights of their shops and a second before; every fifth is closed."""
    actor = User.objects.create_user("accountant")
    for number, row in enumerate(Discrepancy.objects.select_related("shop").order_by("pk")):
        midnight = datetime.combine(LAST_DAY - timedelta(days=number % 21), time.min, row.shop.zone)
        opened_at = midnight - timedelta(seconds=number % 2)
        Discrepancy.objects.filter(pk=row.pk).update(opened_at=opened_at)
        if number % 5 == 0 and row.status != Status.RESOLVED:
            resolve(row, actor=actor, reason=Reason.FALSE_ALARM, comment="", now=NOW)


def put_receipts_around_midnight(number: int, zone: ZoneInfo) -> None:
    """Of the last days, receipts at 23:59:59 and at 00:00:00."""
    midnights = [datetime.combine(LAST_DAY - timedelta(days=days), time.min, zone) for days in range(4)]
    moments = [moment for midnight in midnights for moment in (midnight - timedelta(seconds=1), midnight)]
    sales = Receipt.objects.filter(shop=number, type="SELL", informational=False).order_by("-printed_at", "pk")
    for receipt, moment in zip(list(sales[: len(moments)]), moments, strict=False):
        Receipt.objects.filter(pk=receipt.pk).update(printed_at=moment, received_at=moment)


@dataclass(frozen=True)
class Expected:
    """What the page must show of some days."""

    billed: Decimal
    received: Decimal
    cash: Decimal
    card: Decimal
    refunded: Decimal
    outstanding: Decimal
    outstanding_of_days: Decimal
    missing: Decimal
    beyond: Decimal


def count_by_hand(number: int, first: date, last: date) -> Expected:
    """The figures, from rows as they lie in the tables."""
    zone = ZoneInfo(ZONES[number])

    def is_of_days(moment: datetime | None) -> bool:
        return moment is not None and first <= moment.astimezone(zone).date() <= last

    receipts = [row for row in _select(RECEIPTS, number) if is_of_days(row["printed_at"] or row["received_at"])]
    sales = [row for row in receipts if row["type"] == "SELL"]
    bills = list(_select(BILLS, number))
    found = [row for row in _select(DISCREPANCIES, number) if is_of_days(row["opened_at"])]
    debts = [(row, debt) for row in bills if (debt := _debt_of(row)) > 0]
    return Expected(
        billed=_sum(row["total"] - row["prepayment"] for row in bills if is_of_days(row["issued_at"])),
        received=_sum(row["total"] for row in sales),
        cash=_sum(row["total"] for row in sales if row["payment_source"] in ("PAY_CASH", "PAY_CASHBACK")),
        card=_sum(row["total"] for row in sales if row["payment_source"] == "PAY_CARD"),
        refunded=_sum(row["total"] for row in receipts if row["type"] == "PAYBACK"),
        outstanding=_sum(debt for _, debt in debts),
        outstanding_of_days=_sum(debt for row, debt in debts if is_of_days(row["issued_at"])),
        missing=_sum(row["amount"] for row in found if row["amount"] and row["amount"] < 0),
        beyond=_sum(row["amount"] for row in found if row["amount"] and row["amount"] > 0),
    )


RECEIPTS = """
    SELECT type, total, payment_source, printed_at, received_at FROM shops_receipt
    WHERE shop_id = %s AND NOT informational AND settlement_method <> 'Lend' AND type IN ('SELL', 'PAYBACK')
"""
BILLS = """
    SELECT bill.total, bill.prepayment, bill.issued_at, bill.closed_at, cs.fully_paid, cs.due, cs.received
    FROM shops_bill bill LEFT JOIN reconciliation_case cs ON cs.bill_id = bill.id
    WHERE bill.shop_id = %s AND bill.cancelled_at IS NULL
"""
DISCREPANCIES = """
    SELECT amount, opened_at FROM reconciliation_discrepancy WHERE shop_id = %s AND status <> 'resolved'
"""


def _debt_of(bill: dict[str, Any]) -> Decimal:
    if bill["closed_at"] is not None or bill["fully_paid"]:
        return Decimal(0)
    due: Decimal = bill["total"] - bill["prepayment"] if bill["due"] is None else bill["due"]
    return due - (bill["received"] or Decimal(0))


def _select(query: str, number: int) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [number])
        names = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            yield {name: _read(name, value) for name, value in zip(names, row, strict=True)}


def _read(name: str, value: Any) -> Any:
    """SQLite gives times as text and amounts as numbers."""
    if value is None:
        return None
    if name.endswith("_at"):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if name in ("total", "prepayment", "due", "received", "amount"):
        return Decimal(str(value)).quantize(Decimal("0.01"))
    return value


def _sum(amounts: Any) -> Decimal:
    return sum(amounts, Decimal("0.00"))
