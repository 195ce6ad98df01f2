"""The figures of every report are those that anybody gets who adds the facts up row by row."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciliation.models import Case, Discrepancy
from reconciliation.reports.catalogue import REPORTS
from reconciliation.reports.values import Report, ReportQuery, add_up
from shops.models import Bill, Receipt, Shop
from shops.money import ZERO, multiply, tax_inside
from tests.reports.conftest import PERIODS, WHOLE

pytestmark = pytest.mark.django_db

Figures = dict[Any, tuple[Any, ...]]


def lies_within(query: ReportQuery, shop: Shop, moment: datetime | None) -> bool:
    if moment is None or (query.shops and shop.number not in query.shops):
        return False
    return query.first_day <= moment.astimezone(ZoneInfo(shop.time_zone)).date() <= query.last_day


def find_discrepancies(query: ReportQuery, moment: str = "opened_at") -> list[Discrepancy]:
    rows = Discrepancy.objects.select_related("case__shop", "case__receipt")
    return [row for row in rows if lies_within(query, row.case.shop, getattr(row, moment))]


def find_last_receipt(case: Case) -> Receipt | None:
    if case.receipt:
        return case.receipt
    receipts = Receipt.objects.filter(bill=case.bill_id) if case.bill_id else []
    return max(receipts, key=lambda receipt: (receipt.printed_at or receipt.received_at, receipt.pk), default=None)


def add_discrepancies(rows: Iterable[Discrepancy]) -> tuple[Any, ...]:
    held = list(rows)
    amounts = [row.amount or ZERO for row in held]
    missing, beyond = (sum((x for x in amounts if (x < 0) == negative), ZERO) for negative in (True, False))
    return len(held), sum(row.status != "resolved" for row in held), missing, beyond, missing + beyond


def key_of(row: Discrepancy, by: str) -> Any:
    case = row.case
    if by == "kind":
        return row.get_kind_display().lower()
    if by == "shop":
        return str(case.shop).lower()
    if by == "week":
        day = row.opened_at.astimezone(ZoneInfo(case.shop.time_zone)).date()
        return day - timedelta(days=day.weekday())
    receipt = find_last_receipt(case)
    place = receipt and getattr(receipt, by)
    return f"{place} · {case.shop}".lower() if place else "—"


def answer(name: str, query: ReportQuery) -> Report:
    report = REPORTS[name].answer(query)
    sums = add_up(report.columns, report.rows)
    for column, total, added in zip(report.columns, report.totals, sums, strict=True):
        if column.is_summed:
            assert total == added, column.title
    return report


@pytest.mark.parametrize("by", ["kind", "shop", "terminal", "employee", "week"])
def test_discrepancies_are_those_of_the_period_however_they_are_grouped(books: None, by: str) -> None:
    for period in PERIODS:
        query = ReportQuery(period.first_day, period.last_day, period.shops, by=by)
        rows = find_discrepancies(query)
        report = answer("discrepancies", query)
        assert report.totals[1:] == add_discrepancies(rows)
        groups = defaultdict(list)
        for row in rows:
            groups[key_of(row, by)].append(row)
        expected = sorted(add_discrepancies(group) for group in groups.values())
        found = [tuple(cell or ZERO for cell in row.cells[1:]) for row in report.rows]
        assert sorted(found) == [tuple(cell or ZERO for cell in group) for group in expected]
        if by != "week":
            assert {str(row.cells[0]).lower() for row in report.rows} == set(groups)
    assert len(find_discrepancies(WHOLE)) > 10
    assert 0 < len(find_discrepancies(PERIODS[1])) < len(find_discrepancies(WHOLE))


def test_discrepancies_are_found_by_kind_terminal_and_employee(books: None) -> None:
    rows = find_discrepancies(WHOLE)
    with_receipt = next(row for row in rows if find_last_receipt(row.case))
    receipt = find_last_receipt(with_receipt.case)
    assert receipt is not None and receipt.terminal_id is not None and receipt.employee_id is not None
    first, last = WHOLE.first_day, WHOLE.last_day
    for query, name, key in (
        (ReportQuery(first, last, terminal=receipt.terminal_id), "terminal_id", receipt.terminal_id),
        (ReportQuery(first, last, employee=receipt.employee_id), "employee_id", receipt.employee_id),
    ):
        mine = [row for row in rows if (last_one := find_last_receipt(row.case)) and getattr(last_one, name) == key]
        assert answer("discrepancies", query).totals[1:] == add_discrepancies(mine)
    of_kind = [row for row in rows if row.kind == with_receipt.kind]
    assert answer("discrepancies", ReportQuery(first, last, kind=with_receipt.kind)).totals[1] == len(of_kind)


def test_what_is_outstanding_ages_by_the_calendar_of_its_shop(books: None) -> None:
    for period in PERIODS:
        expected: dict[tuple[str, str], list[Any]] = defaultdict(lambda: [0, *[ZERO] * 7])
        for bill in Bill.objects.select_related("shop", "case"):
            owed = (bill.case.due or ZERO) - (bill.case.received or ZERO)
            if bill.case.fully_paid or owed <= 0 or bill.cancelled_at or bill.closed_at:
                continue
            if (period.shops and bill.shop_id not in period.shops) or bill.issued_at is None:
                continue
            age = (period.last_day - bill.issued_at.astimezone(ZoneInfo(bill.shop.time_zone)).date()).days
            if age < 0:
                continue
            place = next(place for place, limit in enumerate((7, 30, 60, 90, 10**6), start=1) if age <= limit)
            row = expected[str(bill.shop), bill.customer_name or "—"]
            row[0] += 1
            row[place] += owed
            row[7] += owed
        report = answer("aging", period)
        assert {(row.cells[0], row.cells[1]): list(row.cells[2:]) for row in report.rows} == expected
    assert len(answer("aging", WHOLE).rows) > 5


def test_vat_is_that_of_the_lines(books: None) -> None:
    for period in PERIODS:
        found: dict[tuple[str, Decimal | None], list[Decimal]] = defaultdict(lambda: [ZERO] * 4)
        for bill in Bill.objects.select_related("shop"):
            if not lies_within(period, bill.shop, bill.issued_at):
                continue
            if bill.version == 0:
                found[str(bill.shop), None][0] += bill.total
                continue
            for line in bill.versions.get(sequence=bill.version).lines.all():
                rate = Decimal(line.tax_rate.rstrip("%")) if "%" in line.tax_rate else ZERO
                total = multiply(line.price, line.quantity)
                found[str(bill.shop), rate][0] += total
                found[str(bill.shop), rate][1] += tax_inside(total, rate)
        for receipt in Receipt.objects.select_related("shop"):
            sign = {"SELL": 1, "PAYBACK": -1}[receipt.type]
            if receipt.informational or not lies_within(period, receipt.shop, receipt.printed_at):
                continue
            for sold in receipt.lines.all():
                found[str(receipt.shop), sold.tax_percent][2] += sign * sold.total
                found[str(receipt.shop), sold.tax_percent][3] += sign * sold.tax
        report = answer("vat", period)
        assert {row.cells[:2]: list(row.cells[2:6]) for row in report.rows} == found


def test_shift_totals_are_those_of_the_receipts(books: None) -> None:
    shifts: dict[Any, list[Receipt]] = defaultdict(list)
    for receipt in Receipt.objects.select_related("shop", "terminal").prefetch_related("lines"):
        if not receipt.informational:
            shifts[receipt.shop, receipt.terminal, receipt.shift].append(receipt)
    for period in PERIODS:
        expected = []
        for (shop, terminal, name), receipts in shifts.items():
            if not lies_within(period, shop, max(receipt.printed_at or receipt.received_at for receipt in receipts)):
                continue
            sales = sum((one.total for one in receipts if one.type == "SELL"), ZERO)
            paybacks = sum((one.total for one in receipts if one.type == "PAYBACK"), ZERO)
            paid = {
                way: sum(
                    (one.total * (1 if one.type == "SELL" else -1) for one in receipts if one.payment_source == way),
                    ZERO,
                )
                for way in ("PAY_CASH", "PAY_CARD")
            }
            other = sales - paybacks - sum(paid.values())
            figures = (sales, paybacks, sales - paybacks, *paid.values(), other)
            expected.append((str(shop), str(terminal), name, len(receipts), *figures))
        report = answer("shifts", period)
        assert sorted((*row.cells[:3], *row.cells[4:11]) for row in report.rows) == sorted(expected)
        vat = sum((one.tax * (1 if one.type == "SELL" else -1) for one in lines_of(period, shifts)), ZERO)
        assert sum((total for total in report.totals[11:-2] if isinstance(total, Decimal)), ZERO) == vat


def lines_of(period: ReportQuery, shifts: dict[Any, list[Receipt]]) -> Iterable[Any]:
    for (shop, _terminal, _name), receipts in shifts.items():
        if lies_within(period, shop, max(receipt.printed_at or receipt.received_at for receipt in receipts)):
            for receipt in receipts:
                for line in receipt.lines.all():
                    line.type = receipt.type  # type: ignore[attr-defined]
                    yield line


@pytest.mark.parametrize("by", ["kind", "person"])
def test_time_to_resolve_is_counted_from_the_discrepancies(books: None, by: str) -> None:
    for period in PERIODS:
        query = ReportQuery(period.first_day, period.last_day, period.shops, by=by)
        groups: dict[str, list[timedelta]] = defaultdict(list)
        for row in find_discrepancies(query, "resolved_at"):
            assert row.resolved_at is not None
            groups[row.get_kind_display().lower() if by == "kind" else "accountant"].append(
                row.resolved_at - row.opened_at
            )
        report = answer("resolution", query)
        assert {str(row.cells[0]).lower(): row.cells[1] for row in report.rows} == {
            name: len(durations) for name, durations in groups.items()
        }
        for line in report.rows:
            durations = sorted(groups[str(line.cells[0]).lower()])
            ninety = next(d for d in durations if sum(x <= d for x in durations) * 10 >= len(durations) * 9)
            assert (line.cells[4], line.cells[5]) == (ninety, durations[-1])
