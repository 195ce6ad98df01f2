"""Fills the database with one shop's three years up to today, and says what its owner asks of the page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from reconciliation import models as judged
from reconciliation.owner.keeping import keep_totals
from shops import models as facts
from tests.benchmarks.databases import settle
from tests.benchmarks.filling_queue import EVIDENCE, GIVEN_NAMES, GOODS, SURNAMES, insert, pick

OWNER = "owner"
SHOP = 1
DAYS = 3 * 365
STORES, TERMINALS, EMPLOYEES, PRODUCTS = 3, 6, 12, 500
OPEN_SECONDS = 11 * 3600  # from ten to nine in the evening
LINES = 2
PAYMENTS = ("PAY_CARD", "PAY_CARD", "PAY_CARD", "PAY_CASH", "OTHER")

# Of so many bills one is never paid, withdrawn by the CRM, or paid in part; of so many receipts one is a refund or
# a prepayment that the next one settles.
UNPAID, CANCELLED, PARTLY_PAID, REFUND, PREPAID, DISCREPANT = 200, 33, 333, 47, 101, 100


def fill(count: int) -> None:
    """A bill, its receipt of two lines and its case, `count` times; of some a discrepancy. Long past days are kept."""
    User.objects.create_superuser(OWNER)
    facts.Shop.objects.create(number=SHOP, name="Shop 1")
    places: tuple[tuple[Any, int], ...] = (
        (facts.Store, STORES),
        (facts.Terminal, TERMINALS),
        (facts.Employee, EMPLOYEES),
    )
    for model, number in places:
        model._default_manager.bulk_create(
            model(pk=key, shop_id=SHOP, evotor_id=f"{model.__name__} {key}") for key in range(1, number + 1)
        )
    with transaction.atomic(), connection.cursor() as cursor:
        for model, columns, rows in describe_rows(count, connection.vendor):
            insert(cursor, model, columns, rows)
    keep_totals(now=timezone.now())
    settle()


def describe_rows(count: int, vendor: str) -> list[tuple[Any, dict[str, str], int]]:
    """The tables in the order of their references, what is in their columns, and how many rows."""
    a_day = max(count // DAYS, 1)
    today = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
    start = today - timedelta(days=count // a_day - 1)

    def moment(number: str, hours_before: int = 0) -> str:
        seconds = f"(({number}) / {a_day}) * 86400 + ({number}) % {a_day} * {OPEN_SECONDS // a_day}"
        begin = start - timedelta(hours=hours_before)
        if vendor == "sqlite":
            return f"datetime('{begin:%Y-%m-%d %H:%M:%S}', '+' || ({seconds}) || ' seconds')"
        return f"CAST('{begin.isoformat()}' AS timestamptz) + ({seconds}) * interval '1 second'"

    total = "(100 + (CAST(i AS bigint) * 7919) % 990000 / 100)"
    is_unpaid, is_cancelled = f"i % {UNPAID} = 0", f"i % {CANCELLED} = 1"
    is_partly_paid = f"i % {PARTLY_PAID} = 5"
    is_paid = f"NOT ({is_unpaid} OR {is_cancelled} OR {is_partly_paid})"
    received = (
        f"CASE WHEN {is_unpaid} OR {is_cancelled} THEN 0 WHEN {is_partly_paid} THEN {total} - 50 ELSE {total} END"
    )
    customer = f"{pick('i / 3', GIVEN_NAMES)} || ' ' || {pick('i / 11', SURNAMES)}"
    place = {"store_id": f"i % {STORES} + 1", "terminal_id": f"i % {TERMINALS} + 1"}
    place |= {"employee_id": f"i % {EMPLOYEES} + 1"}
    bill = {"id": "i", "shop_id": str(SHOP), "external_id": "CAST(i AS text)", "total": total, "on_offer": "FALSE"}
    bill |= {"number": "CAST(1000000 + i AS text)", "customer_name": customer, "issued_at": moment("i", 1)}
    bill |= {"cancelled_at": f"CASE WHEN {is_cancelled} THEN {moment('i')} END", "is_paid": is_paid}
    receipt = {"id": "i", "shop_id": str(SHOP), "receipt_id": "CAST(i AS text)", "tax": "0", "discount": "0"}
    receipt |= {"type": f"CASE WHEN i % {REFUND} = 0 THEN 'PAYBACK' ELSE 'SELL' END", "informational": "FALSE"}
    receipt |= {"printed_at": moment("i"), "received_at": moment("i"), "total": total}
    receipt |= {
        "bill_id": f"CASE WHEN NOT ({is_unpaid} OR {is_cancelled}) THEN i - (CASE WHEN i % {PREPAID} = 3 "
        f"THEN 1 ELSE 0 END) END"
    }
    receipt |= {"settlement_method": f"CASE WHEN i % {PREPAID} = 2 THEN 'PartialPrepayment' ELSE 'FullSettlement' END"}
    receipt |= {"payment_source": pick("i / 13", PAYMENTS)} | place
    line = {"id": "i", "receipt_id": f"(i - 1) / {LINES} + 1", "position": f"i % {LINES}", "price": "50"}
    line |= {"product_external_id": f"CAST(i * 31 % {PRODUCTS} AS text)", "name": pick("i / 5", GOODS), "quantity": "2"}
    line |= {"discount": "0", "total": "100", "tax": "0", "tax_percent": "0"}
    case = {"id": "i", "shop_id": str(SHOP), "bill_id": "i", "due": total, "received": received, "gap": "0"}
    case |= {"fully_paid": is_paid}
    case |= {"judged_at": moment("i"), "judged_as_of": moment("i")}
    number = f"i * {DISCREPANT}"
    is_open = f"i > {count // DISCREPANT} - 200"
    discrepancy = {"id": "i", "case_id": number, "shop_id": str(SHOP), "kind": "'partial_receipt'"}
    discrepancy |= {"amount": "-1 * (i % 9000)", "cause_present": "TRUE", "evidence": f"'{EVIDENCE_OF_PART}'"}
    discrepancy |= {"status": f"CASE WHEN {is_open} THEN 'open' ELSE 'resolved' END"}
    discrepancy |= {"reason": f"CASE WHEN {is_open} THEN '' ELSE 'false_alarm' END"}
    discrepancy |= {"opened_at": moment(number), "changed_at": moment(number)}
    discrepancy |= {"resolved_at": f"CASE WHEN NOT ({is_open}) THEN {moment(number)} END"}
    return [
        (facts.Bill, bill, count),
        (facts.Receipt, receipt, count),
        (facts.ReceiptLine, line, count * LINES),
        (judged.Case, case, count),
        (judged.Discrepancy, discrepancy, count // DISCREPANT),
    ]


EVIDENCE_OF_PART = EVIDENCE[:-1] + (
    ', "received": "100.00", "due": "7700.00", "prepaid": "0.00", "contents_changed": false}'
)


def list_questions() -> Iterator[tuple[str, dict[str, str]]]:
    """The periods that an owner asks for, and their queries."""
    today = timezone.localdate()
    for name in ("today", "yesterday", "week", "month"):
        yield name, {"period": name}
    for title, days in (("90 days", 90), ("a year", 365)):
        yield title, {"period": "own", "from": str(today - timedelta(days=days)), "to": str(today)}
