"""Dismisses in SQL the bills about which there is plainly nothing to say, so that only the others reach the rules.

Plainly clean is a bill with nothing but one statement of its contents and one receipt that sells just that, line by
line; or without a receipt, as long as no register has opened it. Whatever else is known of a bill, or looks unusual,
leaves it to the rules, which find the same: they, and `apply_judgements`, are what this is held against in the tests,
row by row. So a condition may be too strict here, which costs time; it must never be too lax.

Every look into another table is a subquery that gives one value: whatever the planner believes of the tables, it looks
each bill up, and never reads one of them as a whole. Lists of bills go to the database and back as one text ("1,2,3"):
a driver that writes or reads every number by itself takes as long as the database. Used by the judge, within its
transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from reconciliation.rules.observations import read_rate
from shops.models import Bill, Shop
from shops.webhooks import find_listening_shops

WINDOW_BILLS = 8000  # locked at once, for about half a second

PERCENTS = (0, 5, 7, 10, 18, 20, 22)
# How VAT rates are written as a rule. What is not among them the rules read.
RATES = {text: read_rate(text) for percent in PERCENTS for text in (f"{percent}%", f"{percent}", f"НДС {percent}%")}
RATES |= {text: read_rate(text) for text in ("", "без НДС", "Без НДС")}
ANY_RATE = -1  # of a bill that says none


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the databases write in ways of their own."""

    among: str  # whether a key is in a list
    list_of: str
    delay_seconds: str  # from the receipt's print to its arrival
    is_line_right: str  # whether the receipt's line has the sum and the tax that the bill's line comes to
    sold_total: str  # of a line
    billed_total: str  # of a line
    bill_total: str


def _in_kopecks(column: str) -> str:
    """SQLite's numbers are no decimals: only whole ones are reckoned with."""
    return f"CAST(ROUND({column} * 100) AS bigint)"


SOLD_TOTAL, SOLD_TAX = _in_kopecks("sold.total"), _in_kopecks("sold.tax")
SOLD_RATE = _in_kopecks("sold.tax_percent")  # hundredths of a percent
# As `money.multiply` and `money.tax_inside`, half a kopeck rounded up; nothing here is below zero.
BILLED_KOPECKS = f"({_in_kopecks('billed.price')} * CAST(ROUND(billed.quantity * 1000) AS bigint) + 500) / 1000"
TAX_KOPECKS = f"(2 * {SOLD_TOTAL} * {SOLD_RATE} + 10000 + {SOLD_RATE}) / (2 * (10000 + {SOLD_RATE}))"
BILLED_TOTAL = "ROUND(billed.price * billed.quantity, 2)"
TAX_INSIDE = "ROUND(sold.total * sold.tax_percent / (100 + sold.tax_percent), 2)"

DIALECTS = {
    "postgresql": Dialect(
        among="= ANY(('{' || %s || '}')::bigint[])",
        list_of="string_agg(judged.id::text, ',')",
        delay_seconds="EXTRACT(EPOCH FROM (receipt.received_at - receipt.printed_at))",
        is_line_right=f"sold.total = {BILLED_TOTAL} AND sold.tax = {TAX_INSIDE}",
        sold_total="sold.total",
        billed_total=BILLED_TOTAL,
        bill_total="bill.total",
    ),
    "sqlite": Dialect(
        among="IN (SELECT value FROM json_each('[' || %s || ']'))",
        list_of="group_concat(judged.id)",
        # Whole seconds are cut off, so a second is added.
        delay_seconds="(strftime('%%s', receipt.received_at) - strftime('%%s', receipt.printed_at) + 1)",
        is_line_right=f"{SOLD_TOTAL} = {BILLED_KOPECKS} AND {SOLD_TAX} = {TAX_KOPECKS}",
        sold_total=SOLD_TOTAL,
        billed_total=BILLED_KOPECKS,
        bill_total=_in_kopecks("bill.total"),
    ),
}
# Within these limits no product is beyond 64 bits.
IS_USUAL = (
    "billed.price BETWEEN 0 AND 100000000 AND billed.quantity > 0 AND billed.quantity <= 100000 AND billed.mark = ''"
)

IS_UNANSWERED = "COALESCE(request.answer_id, 0) = 0 AND request.direction = 'request' AND request.origin <> 'upstream'"

# The bill was stated once or only listed, and nothing that is not looked at below is known of it.
IS_UNTOUCHED = f"""
    bill.version <= 1
    AND (bill.version = 0 OR bill.listed_total IS NULL OR bill.listed_total = bill.total)
    AND (SELECT count(*) FROM shops_billversion version WHERE version.bill_id = bill.id) = bill.version
    AND (SELECT count(*) FROM shops_allocatedpart part WHERE part.bill_id = bill.id) = 0
    AND (
        SELECT count(*) FROM shops_exchangeevent request
        WHERE request.shop_id = bill.shop_id AND request.bill_external_id = bill.external_id AND {IS_UNANSWERED}
    ) = 0
    AND (bill.number = '' OR (
        SELECT count(*) FROM shops_exchangeevent request
        WHERE request.shop_id = bill.shop_id AND request.bill_external_id = '' AND request.bill_number = bill.number
        AND {IS_UNANSWERED}
    ) = 0)
    AND (
        SELECT count(*) FROM reconciliation_case held WHERE held.bill_id = bill.id AND (
            held.fully_paid <> bill.is_paid
            OR (SELECT count(*) FROM reconciliation_discrepancy found WHERE found.case_id = held.id) > 0
            OR (SELECT count(*) FROM reconciliation_setoff advance WHERE advance.case_id = held.id) > 0
        )
    ) = 0
"""

# The sum of the lines, where the receipt has the lines of the bill, each at its place; else NULL.
SOLD_AS_BILLED = f"""
    SELECT CASE WHEN count(*) = count(sold.id) AND count(*) = (
        SELECT count(*) FROM shops_receiptline line WHERE line.receipt_id = receipt.id
    ) THEN sum({{dialect.sold_total}}) END
    FROM shops_billversion version
    JOIN shops_billline billed ON billed.version_id = version.id
    LEFT JOIN rates ON rates.said = billed.tax_rate
    LEFT JOIN shops_receiptline sold ON sold.receipt_id = receipt.id AND sold.position = billed.position
        AND sold.product_external_id = billed.product_external_id AND sold.product_external_id <> ''
        AND sold.price = billed.price AND sold.quantity = billed.quantity AND sold.discount = 0
        AND CASE
            WHEN {IS_USUAL} AND sold.total BETWEEN 0 AND 10000000000 AND sold.tax_percent BETWEEN 0 AND 100
            THEN {{dialect.is_line_right}} AND (rates.percent = {ANY_RATE} OR rates.percent = sold.tax_percent)
        END
    WHERE version.bill_id = bill.id AND version.sequence = bill.version
"""

# The sum of the bill's lines, where none is unusual; else NULL.
STATED_TOTAL = f"""
    SELECT CASE WHEN count(*) = count(CASE WHEN {IS_USUAL} THEN 1 END)
    THEN sum(CASE WHEN {IS_USUAL} THEN {{dialect.billed_total}} END) END
    FROM shops_billversion version
    JOIN shops_billline billed ON billed.version_id = version.id
    WHERE version.bill_id = bill.id AND version.sequence = bill.version
"""


def _agrees(said_by_receipt: str, said_by_bill: str) -> str:
    """Two that differ in more than the spaces around them may still be the same to the rules."""
    receipt, bill = f"receipt.{said_by_receipt}", f"bill.{said_by_bill}"
    return f"({receipt} = '' OR {bill} = '' OR TRIM({receipt}) = TRIM({bill}))"


# A fiscal sale of this bill and of this shop, in time, delivered without contradictions, and answered after the last
# LIST with the bill.
IS_PLAIN_SALE = f"""
    receipt.type = 'SELL' AND NOT receipt.informational AND NOT receipt.is_allocated
    AND receipt.settlement_method IN ('', 'FullSettlement')
    AND receipt.total = bill.total AND receipt.discount = 0
    AND {_agrees("bill_number", "number")}
    AND {_agrees("customer_name", "customer_name")}
    AND {_agrees("customer_taxpayer_number", "customer_taxpayer_number")}
    AND (receipt.bill_issued_at IS NULL OR bill.issued_at IS NULL OR receipt.bill_issued_at = bill.issued_at)
    AND (receipt.printed_at IS NULL OR {{dialect.delay_seconds}} <= limits.late_after_seconds)
    AND (
        receipt.store_id IS NULL
        OR (SELECT store.shop_id FROM shops_store store WHERE store.id = receipt.store_id) = bill.shop_id
    )
    AND (
        SELECT count(*) FROM shops_receiptdelivery delivery
        WHERE delivery.receipt_id = receipt.id AND delivery.fingerprint <> receipt.fingerprint
    ) = 0
    AND (bill.listed_by_id IS NULL OR (
        SELECT count(*) FROM shops_receiptdelivery delivery
        JOIN shops_exchangeevent request ON request.id = delivery.event_id
        JOIN shops_exchangeevent answer ON answer.id = request.answer_id
        WHERE delivery.receipt_id = receipt.id AND answer.occurred_at <= (
            SELECT listing.occurred_at FROM shops_exchangeevent listing WHERE listing.id = bill.listed_by_id
        )
    ) = 0)
    AND ({SOLD_AS_BILLED}) = {{dialect.bill_total}}
"""

# The bills by whether they are clean and paid (1), clean and not yet paid (0), or left to the rules (NULL), and by how
# long they wait. The bills of a shop that is not given are left to the rules.
FIND_CLEAN = f"""
WITH rates(said, percent) AS (VALUES {{rates}}), limits(shop_id, late_after_seconds) AS (VALUES {{limits}})
SELECT judged.is_paid, judged.unjudged_since, count(*), {{dialect.list_of}} FROM (
    SELECT bill.id, bill.unjudged_since, CASE WHEN limits.shop_id IS NOT NULL AND {IS_UNTOUCHED} THEN
        CASE COALESCE((
            SELECT sum(CASE WHEN {IS_PLAIN_SALE} THEN 1 ELSE 2 END) FROM shops_receipt receipt
            WHERE receipt.bill_id = bill.id
        ), 0)
        WHEN 1 THEN CASE WHEN bill.version = 1 AND bill.prepayment = 0 THEN 1 END
        WHEN 0 THEN CASE WHEN bill.opened_by_id IS NULL AND NOT bill.is_paid AND (
            bill.version = 0 OR ({STATED_TOTAL}) = {{dialect.bill_total}}
        ) THEN 0 END
        END
    END AS is_paid
    FROM shops_bill bill LEFT JOIN limits ON limits.shop_id = bill.shop_id
    WHERE bill.id {{dialect.among}}
) judged
GROUP BY judged.is_paid, judged.unjudged_since
"""

WRITE_CASES = """
INSERT INTO reconciliation_case
    (shop_id, bill_id, due, received, gap, fully_paid, bill_version, judged_at, judged_as_of, judge_again_at)
SELECT
    bill.shop_id, bill.id, ROUND(bill.total - bill.prepayment, 2), {received}, {gap}, {is_paid}, bill.version,
    {now}, {as_of}, NULL
FROM shops_bill bill WHERE bill.id {among} ORDER BY bill.id
ON CONFLICT (bill_id) DO UPDATE SET
    due = excluded.due, received = excluded.received, gap = excluded.gap, fully_paid = excluded.fully_paid,
    bill_version = excluded.bill_version, judged_at = excluded.judged_at, judged_as_of = excluded.judged_as_of,
    judge_again_at = excluded.judge_again_at
"""


CLEAR_BILLS = "UPDATE shops_bill SET unjudged_since = NULL, is_paid = {is_paid} WHERE id {among}"


@dataclass(frozen=True, slots=True)
class Group:
    """Bills of which the same is to be said (`is_paid` is None where the rules have to say it)."""

    is_paid: bool | None
    waiting_since: datetime | None
    count: int
    bills: str


@dataclass(frozen=True, slots=True)
class Window:
    """What became of some bills that waited: those that were dismissed since when, and those left to the rules."""

    last_pk: int
    waited_since: list[datetime | None]
    suspects: list[int]


def dismiss_clean_bills(waiting: QuerySet[Bill], *, as_of: datetime, now: datetime) -> Window | None:
    """Judges the clean ones among the next bills that nobody else holds; None where there are none."""
    rows = waiting.select_for_update(skip_locked=True)[:WINDOW_BILLS]
    locked = list(rows.values_list("pk", "shop"))
    if not locked:
        return None
    # In a statement of its own: what others have committed until the bills were locked has to be seen.
    groups = find_clean_bills([pk for pk, _ in locked], {shop for _, shop in locked})
    clean = [group for group in groups if group.is_paid is not None]
    for is_paid in (True, False):
        _write_clean([group.bills for group in clean if group.is_paid is is_paid], is_paid=is_paid, times=(now, as_of))
    return Window(
        last_pk=locked[-1][0],
        waited_since=[since for group in clean for since in [group.waiting_since] * group.count],
        suspects=sorted(pk for group in groups if group.is_paid is None for pk in read_list(group.bills)),
    )


def find_clean_bills(bill_ids: Iterable[int], shop_numbers: Collection[int]) -> list[Group]:
    """These bills of these shops: the clean ones, and those that are left to the rules.

    Whoever is told of payments is told by those who judge one by one.
    """
    shops = Shop.objects.filter(pk__in=set(shop_numbers) - find_listening_shops(shop_numbers))
    limits = [(shop.pk, int(shop.late_receipt_after.total_seconds())) for shop in shops]
    bills = write_list(bill_ids)
    if not limits:
        return [Group(None, None, bills.count(",") + 1, bills)]
    rates = [(said, ANY_RATE if percent is None else int(percent)) for said, percent in RATES.items()]
    query = FIND_CLEAN.format(
        rates=", ".join(["(%s, %s)"] * len(rates)),
        limits=", ".join(["(%s, %s)"] * len(limits)),
        dialect=DIALECTS[connection.vendor],
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*_flatten(rates), *_flatten(limits), bills])
        return [
            Group(None if is_paid is None else bool(is_paid), _read_time(since), count, found)
            for is_paid, since, count, found in cursor.fetchall()
        ]


def _write_clean(bills: Sequence[str], *, is_paid: bool, times: Iterable[datetime]) -> None:
    if not bills:
        return
    written = {
        "received": "bill.total" if is_paid else "NULL",
        "gap": "0" if is_paid else "NULL",
        "is_paid": "TRUE" if is_paid else "FALSE",
        "now": "%s",
        "as_of": "%s",
        "among": DIALECTS[connection.vendor].among,
    }
    listed = ",".join(bills)
    with connection.cursor() as cursor:
        cursor.execute(WRITE_CASES.format(**written), [*map(connection.ops.adapt_datetimefield_value, times), listed])
        cursor.execute(CLEAR_BILLS.format(**written), [listed])


def write_list(bill_ids: Iterable[int]) -> str:
    """As the statements take it and give it."""
    return ",".join(map(str, bill_ids))


def read_list(bills: str) -> Iterable[int]:
    return map(int, bills.split(","))


def _read_time(value: datetime | str | None) -> datetime | None:
    """SQLite's times are of UTC and do not say so."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _flatten(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    return [value for row in rows for value in row]
