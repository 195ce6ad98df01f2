"""The figures of the owner's page, for five shops and several periods, against sums that SQL and Python make alone."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoDbBlocker

from reconciliation.owner.asked import read_rows_asked
from reconciliation.owner.days import Choice, Comparison, Days, compare
from reconciliation.owner.page import ShopPage, read_page
from reconciliation.owner.rows import Rows, find_rows
from reconciliation.owner.several import read_shops
from reconciliation.owner.tables import list_tables
from reconciliation.reports.values import Link
from shops.models import Shop
from tests.owner.books import LAST_DAY, NOW, ZONES, count_by_hand, fill_books
from tests.standing import standing

pytestmark = pytest.mark.django_db

PERIODS: tuple[tuple[Choice, Days | None], ...] = (
    (Choice.YESTERDAY, None),
    (Choice.WEEK, None),
    (Choice.MONTH, None),
    (Choice.OWN, Days(LAST_DAY - timedelta(days=20), LAST_DAY - timedelta(days=2))),
)


@pytest.fixture(scope="module")
def books(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    with standing(django_db_blocker):
        fill_books(tmp_path_factory.mktemp("books"))
        yield


def read(number: int, choice: Choice, own: Days | None = None) -> ShopPage:
    shop = Shop.objects.get(pk=number)
    return read_page(shop, compare(choice, NOW, shop.zone, own), NOW)


def test_the_page_shows_what_the_facts_add_up_to(books: None) -> None:
    seen = Decimal(0)
    for number in ZONES:
        for choice, own in PERIODS:
            page = read(number, choice, own)
            days = page.comparison.days
            expected = count_by_hand(number, days.first, days.last)
            shown = (
                page.billed.amount,
                page.taken.received,
                page.taken.cash,
                page.taken.card,
                page.taken.refunded,
                page.debt.amount,
                page.debt_of_days.amount,
                page.found.open.missing,
                page.found.open.beyond,
            )
            assert shown == tuple(vars(expected).values()), (number, choice)
            seen += expected.received
    assert seen > 0


def test_a_second_before_midnight_belongs_to_the_day_before(books: None) -> None:
    """Each shop has a receipt at both sides of its own midnight, hours apart from those of the other zones."""
    for number in ZONES:
        days = [Days(day, day) for day in (LAST_DAY - timedelta(days=3), LAST_DAY - timedelta(days=2))]
        for day in days:
            page = read(number, Choice.OWN, day)
            assert page.taken.received == count_by_hand(number, day.first, day.last).received > 0
        both = read(number, Choice.OWN, Days(days[0].first, days[1].first))
        assert both.taken.received == sum(read(number, Choice.OWN, day).taken.received for day in days)


def test_every_figure_leads_to_rows_that_add_up_to_it(books: None) -> None:
    followed = 0
    for number in (501, 502, 503):
        page = read(number, Choice.MONTH)
        for report in list_tables(page):
            for row in report.rows:
                for place, link in row.links.items():
                    rows = follow(page, link)
                    figure = row.cells[place]
                    if isinstance(figure, Decimal):
                        assert rows.totals[-1] == figure, (number, report.name, row.cells)
                        assert sum_shown(rows) == figure
                    else:
                        assert rows.count == figure, (number, report.name, row.cells)
                    followed += 1
    assert followed > 100


def follow(page: ShopPage, link: Link) -> Rows:
    return find_rows(link.page, page.shop, read_rows_asked(dict(link.filters)), NOW)


def sum_shown(rows: Rows) -> Decimal:
    shown = rows.show(list(rows.found))
    return sum((row[-1] for row in shown if isinstance(row[-1], Decimal)), Decimal("0.00"))


def test_places_and_days_add_up_to_what_was_received(books: None) -> None:
    for number in ZONES:
        page = read(number, Choice.MONTH)
        for places in page.by_place.values():
            assert sum(taken.received for taken in places.values()) == page.taken.received
        days = [item for item in page.days if item.day in page.comparison.days]
        assert sum(item.taken.received for item in days) == page.taken.received
        assert sum(item.billed.amount for item in days) == page.billed.amount


def test_what_came_before_is_what_that_period_shows_itself(books: None) -> None:
    for number in ZONES:
        page = read(number, Choice.YESTERDAY)
        before = read(number, Choice.OWN, page.comparison.before)
        assert page.taken_before.received == before.taken.received
        assert page.billed_before == before.billed
        assert page.found.before == before.found.found


def test_several_shops_show_the_figures_of_each_and_the_worst_first(books: None) -> None:
    several = read_shops(list(Shop.objects.all()), Choice.MONTH, NOW)
    assert sorted(item.shop.number for item in several) == list(ZONES)
    for item in several:
        page = read(item.shop.number, Choice.MONTH)
        assert (item.billed, item.taken, item.open, item.all_open, item.debt) == (
            page.billed,
            page.taken,
            page.found.open,
            page.found.all_open,
            page.debt,
        )
    missing = [item.open.missing for item in several]
    assert missing == sorted(missing) and missing[0] < 0


@pytest.mark.parametrize("day", [date(2020, 1, 1), LAST_DAY])
def test_days_without_anything_are_nothing(books: None, day: date) -> None:
    Shop.objects.create(number=9, time_zone="Asia/Vladivostok")
    page = read(9, Choice.OWN, Days(day, day))
    assert not any((page.billed.count, page.taken.received, page.debt.count, page.found.found.count))
    assert isinstance(page.comparison, Comparison) and not page.quiet
