"""What is kept of days is what their documents add up to, at every moment, whoever changes them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from reconciliation import auditing_totals
from reconciliation.models import ChangedDay, DaySales, DayTakings, DayTotals
from reconciliation.owner import keeping, kept
from reconciliation.owner.days import DAY, Choice, Days, Span, begin_of, compare, list_days, span_of
from reconciliation.owner.keeping import keep_totals
from reconciliation.owner.kept import MOST_GAPS, KeptDay, KeptTotals, read_kept
from reconciliation.owner.page import ShopPage, read_page
from shops.models import Bill, Receipt, ReceiptLine, Shop, Store
from tests.factories import NOON, make_bill, make_receipt, make_shop
from tests.owner.books import LAST_DAY, ZONES, fill_books
from tests.owner.books import NOW as NOW_OF_BOOKS
from tests.transactions import another_transaction

only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL keeps totals")

NOW = NOON + 12 * DAY
MONTH = Days(NOON.date() - 15 * DAY, NOW.date())
CHANGED = NOON.date()  # the day of the documents that the changes are about


def read(number: int, now: datetime, choice: Choice, own: Days | None = None) -> ShopPage:
    shop = Shop.objects.get(pk=number)
    return read_page(shop, compare(choice, now, shop.zone, own), now)


def read_month() -> ShopPage:
    """The same from what is kept and from the documents, else it fails."""
    page = read(7, NOW, Choice.OWN, MONTH)
    with counting_anew():
        assert page == read(7, NOW, Choice.OWN, MONTH)
    return page


@contextmanager
def counting_anew() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "is_postgresql", lambda: False)
        yield


def list_kept(number: int = 7, now: datetime = NOW, days: Days = MONTH) -> list[date]:
    """The days of which what is kept counts."""
    shop = Shop.objects.get(pk=number)
    asked = compare(Choice.OWN, now, shop.zone, days)
    return sorted(set(read_kept(shop, asked).by_day) & set(list_days(days)))


@pytest.fixture
def shop(db: None) -> Shop:
    """A bill and its receipt at noon of seven days, the documents of two days in places that differ."""
    shop = make_shop(7)
    for number in range(-3, 4):
        bill = make_bill(shop, total=f"{200 + number}.00")
        receipt = make_receipt(bill, total=f"{100 + number}.50")
        at = NOON + number * DAY
        Bill.objects.filter(pk=bill.pk).update(issued_at=at)
        Receipt.objects.filter(pk=receipt.pk).update(printed_at=at, received_at=at)
    keep_totals(now=NOW)
    return shop


def of_noon() -> Receipt:
    return Receipt.objects.get(printed_at=NOON)


def change_receipt(**values: object) -> Callable[[], object]:
    return lambda: Receipt.objects.filter(pk=of_noon().pk).update(**values)


def change_bill(**values: object) -> Callable[[], object]:
    return lambda: Bill.objects.filter(issued_at=NOON).update(**values)


def change_line(**values: object) -> Callable[[], object]:
    return lambda: ReceiptLine.objects.filter(receipt=of_noon()).update(**values)


def bring_bill() -> None:
    make_bill(Shop.objects.get(pk=7), total="55.00")


def bring_receipt() -> None:
    make_receipt(Bill.objects.get(issued_at=NOON), total="7.00")


def remove_line() -> None:
    ReceiptLine.objects.filter(receipt=of_noon()).delete()


def remove_receipt() -> None:
    receipt = of_noon()
    receipt.deliveries.all().delete()
    receipt.delete()


CHANGES = {
    "sum of a receipt": change_receipt(total=F("total") + 1),
    "type of a receipt": change_receipt(type="PAYBACK"),
    "receipt made informational": change_receipt(informational=True),
    "receipt for goods on credit": change_receipt(settlement_method="Lend"),
    "means of payment": change_receipt(payment_source="PAY_CASH"),
    "place and person": change_receipt(store=None, terminal=None, employee=None),
    "time of a receipt": change_receipt(printed_at=NOON + 2 * DAY),
    "arrival of a receipt without a time": change_receipt(printed_at=None, received_at=NOON - 2 * DAY),
    "a new receipt": bring_receipt,
    "no receipt": remove_receipt,
    "quantity of a line": change_line(quantity=F("quantity") + 1),
    "sum of a line": change_line(total=F("total") + 1),
    "product of a line": change_line(product_external_id="another"),
    "no line": remove_line,
    "total of a bill": change_bill(total=F("total") + 1),
    "prepayment of a bill": change_bill(prepayment=1),
    "date of a bill": change_bill(issued_at=NOON + 2 * DAY),
    "no date of a bill": change_bill(issued_at=None),
    "a new bill": bring_bill,
}


@only_postgresql
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_change_counts_at_once_and_its_days_are_kept_again(shop: Shop, change: Callable[[], object]) -> None:
    before, days = read_month(), list_kept()
    assert CHANGED in days
    change()
    assert CHANGED not in list_kept()
    assert read_month() != before
    keep_totals(now=NOW)
    assert list_kept() == days and not ChangedDay.objects.exists()
    assert read_month() != before
    assert not list(auditing_totals.find_differences())


@only_postgresql
def test_a_bill_counts_as_billed_until_it_is_withdrawn_and_if_it_is_paid(shop: Shop) -> None:
    """Of a bill that was withdrawn it depends on the end of the days that are asked for."""
    unpaid = make_bill(shop, total="55.00")
    keep_totals(now=NOW)
    billed = read_month().billed.amount
    for bill in Bill.objects.filter(issued_at=NOON):
        Bill.objects.filter(pk=bill.pk).update(cancelled_at=NOON + DAY)
    for _ in range(2):
        assert read_month().billed.amount == billed - unpaid.total
        until_noon = Days(MONTH.first, CHANGED)
        assert read(7, NOW, Choice.OWN, until_noon).billed.count == 5
        keep_totals(now=NOW)


@only_postgresql
def test_another_clock_of_the_shop_makes_other_days(shop: Shop) -> None:
    late = datetime.combine(CHANGED, datetime.min.time(), ZoneInfo("Europe/Moscow")) - timedelta(seconds=1)
    Receipt.objects.filter(pk=of_noon().pk).update(printed_at=late)
    keep_totals(now=NOW)
    before = read_month()
    Shop.objects.update(time_zone="Asia/Vladivostok")
    assert not list_kept()
    assert [item.taken.sales for item in read_month().days] != [item.taken.sales for item in before.days]
    keep_totals(now=NOW)
    assert CHANGED in list_kept()
    read_month()


@only_postgresql
def test_what_does_not_change_a_total_leaves_it(shop: Shop) -> None:
    keys = set(DayTakings.objects.values_list("pk", flat=True)) | set(DaySales.objects.values_list("pk", flat=True))
    Bill.objects.update(on_offer=False, is_paid=True, unjudged_since=NOW, number="9")
    for row in (*Bill.objects.all(), *Receipt.objects.all(), *ReceiptLine.objects.all()):
        row.save()
    assert not ChangedDay.objects.exists()
    keep_totals(now=NOW)
    assert keys == set(DayTakings.objects.values_list("pk", flat=True)) | set(
        DaySales.objects.values_list("pk", flat=True)
    )


@only_postgresql
def test_a_receipt_that_comes_as_usual_is_not_noted(shop: Shop) -> None:
    bill = make_bill(shop)
    keep_totals(now=NOW)
    now = timezone.now()
    store = Store.objects.create(shop=shop, evotor_id="new")
    fields = {"shop": shop, "type": "SELL", "total": 1, "tax": 0, "discount": 0, "informational": False, "store": store}
    receipt = Receipt.objects.create(receipt_id="new", printed_at=now, received_at=now, bill=bill, **fields)
    Receipt.objects.filter(pk=receipt.pk).update(total=2)
    assert not ChangedDay.objects.exists()


@only_postgresql
def test_days_are_kept_when_they_have_been_over_for_two_days(shop: Shop) -> None:
    assert list_kept()[-1] == NOW.date() - 3 * DAY
    assert list_kept()[0] == CHANGED - 3 * DAY
    later = begin_of(NOW.date() + DAY, shop.zone)
    keep_totals(now=later - timedelta(seconds=1))
    assert DayTotals.objects.latest("day").day == NOW.date() - 3 * DAY
    keep_totals(now=later)
    assert DayTotals.objects.latest("day").day == NOW.date() - 2 * DAY


@only_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_kept_before", [False, True])
@pytest.mark.parametrize("moment", ["before the documents are read", "after they are read", "at the end"])
def test_a_document_that_is_committed_while_days_are_counted_is_not_lost(
    moment: str, is_kept_before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = make_bill(make_shop(7))
    make_receipt(bill)
    if is_kept_before:
        keep_totals(now=NOW)
        bring_bill()  # so that the day is counted once more
    with another_transaction(lambda: make_receipt(bill, total="9.00")) as commit:
        count = keeping._count

        def count_meanwhile(shop: Shop, days: Days) -> None:
            if moment == "before the documents are read":
                commit()
            count(shop, days)
            if moment == "after they are read":
                commit()

        monkeypatch.setattr(keeping, "_count", count_meanwhile)
        keep_totals(now=NOW)
        if moment == "at the end":
            assert read_month().taken.received == Decimal("100.00")
            commit()
    monkeypatch.undo()
    for _ in range(2):
        assert read_month().taken.received == Decimal("109.00")
        keep_totals(now=NOW)
    assert CHANGED in list_kept() and not ChangedDay.objects.exists()


@only_postgresql
def test_the_audit_names_what_is_kept_wrongly(shop: Shop) -> None:
    assert not list(auditing_totals.find_differences())
    of_day = {"totals__day": CHANGED}
    DayTakings.objects.filter(**of_day).update(kopecks=1)
    DaySales.objects.filter(**of_day).delete()
    DayTotals.objects.filter(day=CHANGED).update(bills=2)
    assert list(auditing_totals.find_differences(7)) == [
        f"shop 7, {CHANGED}: what is kept of its {what} is not what they add up to"
        for what in ("bills", "receipts", "goods sold")
    ]
    assert not list(auditing_totals.find_differences(8))


@only_postgresql
@pytest.mark.django_db
def test_five_shops_show_the_same_from_what_is_kept(tmp_path: Path) -> None:
    fill_books(tmp_path)
    keep_totals(now=NOW_OF_BOOKS)
    month = Days(LAST_DAY - 29 * DAY, LAST_DAY)
    periods: tuple[tuple[Choice, Days | None], ...] = (
        (Choice.TODAY, None),
        (Choice.WEEK, None),
        (Choice.MONTH, None),
        (Choice.OWN, month),
        (Choice.OWN, Days(LAST_DAY - 20 * DAY, LAST_DAY - 5 * DAY)),
        (Choice.OWN, Days(LAST_DAY - 300 * DAY, LAST_DAY)),
    )
    received = Decimal(0)
    for number in ZONES:
        assert len(list_kept(number, NOW_OF_BOOKS, month)) >= 27
        for period in periods:
            page = read(number, NOW_OF_BOOKS, *period)
            with counting_anew():
                assert page == read(number, NOW_OF_BOOKS, *period)
            received += page.taken.received
    assert received > 0
    assert not list(auditing_totals.find_differences())


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL keeps totals")
def test_other_databases_keep_nothing(shop: Shop) -> None:
    assert not DayTotals.objects.exists() and not list_kept()
    assert read_month().taken.sales == 7


ZONE = ZoneInfo("Europe/Moscow")
FIRST = NOON.date()
SOME_DAYS = st.integers(0, 40).map(lambda number: FIRST + number * DAY)


@given(kept_days=st.sets(SOME_DAYS), first=SOME_DAYS, length=st.integers(1, 40), left_out=st.integers(0, 86_399))
def test_kept_days_and_gaps_are_the_whole_time(kept_days: set[date], first: date, length: int, left_out: int) -> None:
    days = Days(first, first + (length - 1) * DAY)
    whole = span_of(days, ZONE)
    span = Span(whole.begins, whole.ends - timedelta(seconds=left_out))
    totals = KeptTotals(ZONE, {day: KeptDay(1, 1, 1) for day in kept_days})
    found = totals.of(days, span)
    pieces = sorted((piece.begins, piece.ends) for piece in (*found.times, *found.gaps))
    assert [begins for begins, _ in pieces] == [span.begins, *(ends for _, ends in pieces[:-1])]
    assert pieces[-1][1] == span.ends
    assert len(found.gaps) <= MOST_GAPS
    assert sum((piece.ends - piece.begins for piece in found.times), timedelta()) == len(found.by_day) * DAY
    assert set(found.by_day) <= kept_days
    if left_out:
        assert days.last not in found.by_day
