"""How many new cases are judged in a second, held against the bare comparison of the same totals.

Each round judges a shop of its own, so that all cases are new; the limits compare the totals of the same bills. A case
is a bill of three lines with its receipt; three of a hundred are wrong. What is left to say must be the same on all
sides: the bills that have a gap. The limits write nothing and look at no line, mark, rate or time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from reconciliation.models import Case
from reconciliation.services import Reconciliation
from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import PER_SECOND, SECONDS, Measured, Row, Side, compare, timed
from tests.benchmarks.filling import TEMPLATE_BILLS, WRONG_OF_TEMPLATE, fill_with_paid_bills

ROWS = 1_000_000
GOAL_SHARE = 0.25  # within four times the better limit
GOAL_UNCHANGED_SECONDS = 1

BILLS = "SELECT id, external_id, total - prepayment AS due FROM shops_bill WHERE shop_id = %s"
RECEIPTS = """
SELECT bill_id, CASE type WHEN 'SELL' THEN total WHEN 'PAYBACK' THEN -total END AS received FROM shops_receipt
WHERE shop_id = %s AND bill_id IS NOT NULL AND NOT informational AND type IN ('SELL', 'PAYBACK')
"""
JOIN = f"""
SELECT bill.external_id FROM ({BILLS}) bill JOIN ({RECEIPTS}) receipt ON receipt.bill_id = bill.id
GROUP BY bill.id, bill.external_id, bill.due HAVING bill.due <> sum(receipt.received)
"""

Found = Sequence[str]  # the bills that have a gap
Judge = Callable[[int], Found]  # the cases of a shop


def compare_judging(ground: Ground) -> list[Row]:
    """Cases that are all new, by one process."""
    rows = ground.rows or ROWS
    shops = fill_with_paid_bills(rows, shops=ground.rounds)
    cases = Case.objects.count  # none before, all of them afterwards
    assert cases() == 0
    bills = rows // len(shops)
    sides = [
        _side("crmpos", judge_new, shops, bills),
        _side("one SQL join", join_in_sql, shops, bills),
        _polars_side(ground.folder, shops, bills),
    ]
    judged = compare("judging, cases that are new", PER_SECOND, *sides, goal=GOAL_SHARE, rounds=len(shops))
    again = compare(
        "judging, when nothing has changed",
        SECONDS,
        Side("crmpos", judge_unchanged),
        goal=GOAL_UNCHANGED_SECONDS,
        rounds=ground.rounds,
    )
    return [*judged, *again]


def judge_new(shop: int) -> Found:
    now = timezone.now()
    report = Reconciliation(as_of=now, now=now, shop_number=shop).run()
    assert report.opened == report.judged * WRONG_OF_TEMPLATE // TEMPLATE_BILLS, report
    return list(Case.objects.filter(shop=shop).exclude(gap=0).values_list("bill__external_id", flat=True))


def judge_unchanged() -> Measured:
    now = timezone.now()
    with timed() as elapsed:
        report = Reconciliation(as_of=now, now=now).run()
    assert report.judged == 0
    return Measured(elapsed())


def join_in_sql(shop: int) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(JOIN, [shop, shop])
        return [external_id for (external_id,) in cursor.fetchall()]


def _side(name: str, judge: Judge, shops: Sequence[int], bills: int) -> Side:
    left = iter(shops)

    def measure() -> Measured:
        shop = next(left)
        began = time.perf_counter()
        found = judge(shop)
        return Measured(bills / (time.perf_counter() - began), work=sorted(found))

    return Side(name, measure)


def _polars_side(folder: Path, shops: Sequence[int], bills: int) -> Side:
    """Polars reads the columns that were exported before; exporting them is not measured."""
    import polars  # of the group `benchmarks`, which nothing else needs

    def export(query: str, shop: int, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(query, [shop])
            columns = [column.name for column in cursor.description]
            frame = polars.DataFrame(list(_in_kopecks(cursor.fetchall())), schema=columns, orient="row")
        frame.write_parquet(folder / f"{name}-{shop}.parquet")

    def judge(shop: int) -> Found:
        bills, receipts = (polars.scan_parquet(folder / f"{name}-{shop}.parquet") for name in ("bills", "receipts"))
        received = receipts.group_by("bill_id").agg(polars.col("received").sum())
        joined = bills.join(received, left_on="id", right_on="bill_id")
        gaps = joined.filter(polars.col("due") != polars.col("received")).select("external_id").collect()
        return list(gaps["external_id"])

    for shop in shops:
        export(BILLS, shop, "bills")
        export(RECEIPTS, shop, "receipts")
    return _side("polars", judge, shops, bills)


def _in_kopecks(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """The last column as whole kopecks, which is the quickest there is."""
    for row in rows:
        yield (*row[:-1], round(row[-1] * 100))
