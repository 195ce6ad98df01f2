"""A month begins and ends with midnight on the shop's own clock."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconciliation import months
from reconciliation.periods import ClosingRefused, list_months_to_close
from tests.factories import make_shop
from tests.periods.books import FEBRUARY, JANUARY, Books, make_chief, show

# Midnight with which February begins, in UTC.
MIDNIGHT = {
    "Europe/Moscow": datetime(2026, 1, 31, 21, tzinfo=UTC),
    "Asia/Vladivostok": datetime(2026, 1, 31, 14, tzinfo=UTC),
}
SECOND = timedelta(seconds=1)


@pytest.fixture(params=MIDNIGHT)
def zoned(request: pytest.FixtureRequest, db: None) -> Books:
    shop = make_shop(7)
    shop.time_zone = request.param
    shop.save(update_fields=["time_zone"])
    return Books(shop, make_chief())


def test_the_last_second_is_of_the_month_and_midnight_of_the_next(zoned: Books) -> None:
    midnight = MIDNIGHT[zoned.shop.time_zone]
    last, first = zoned.bill("100.00", "2026-01-31 23:59:59"), zoned.bill("70.00", "2026-02-01 00:00:00")
    assert (last.issued_at, first.issued_at) == (midnight - SECOND, midnight)
    zoned.receipt("10.00", "2026-01-31 23:59:59", bill=last)
    zoned.receipt("20.00", "2026-02-01 00:00:00", bill=last)
    january, february = zoned.close(JANUARY), zoned.close(FEBRUARY)
    assert show(january) == {"billed": ("100.00", "0.00"), "received PAY_CARD": ("-10.00", "0.00")}
    assert show(february) == {"billed": ("70.00", "0.00"), "received PAY_CARD": ("-20.00", "0.00")}
    assert february.closing == Decimal("140.00")


def test_a_month_can_be_closed_from_the_midnight_that_ends_it(zoned: Books) -> None:
    midnight = MIDNIGHT[zoned.shop.time_zone]
    zoned.bill("100.00", "2026-01-10 12:00")
    assert list_months_to_close(zoned.shop, now=midnight - SECOND) == []
    with pytest.raises(ClosingRefused, match="ещё не закончился"):
        zoned.close(JANUARY, now=midnight - SECOND)
    assert list_months_to_close(zoned.shop, now=midnight) == [JANUARY]
    zoned.close(JANUARY, now=midnight)


def test_months_follow_one_another_over_the_new_year() -> None:
    december = months.parse_month("2025-12")
    assert months.following(december) == JANUARY
    assert months.preceding(JANUARY) == december
    assert months.preceding(FEBRUARY) == JANUARY
    assert months.format_month(december) == "2025-12"
