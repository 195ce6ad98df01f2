"""Which days are looked at, and which they are held against."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reconciliation.owner.days import Choice, Days, compare, days_of_chart, span_of

MOSCOW, VLADIVOSTOK, BERLIN = (ZoneInfo(name) for name in ("Europe/Moscow", "Asia/Vladivostok", "Europe/Berlin"))
WEDNESDAY = datetime(2026, 3, 25, 12, 30, tzinfo=MOSCOW)


def days(first: str, last: str = "") -> Days:
    return Days(date.fromisoformat(first), date.fromisoformat(last or first))


@pytest.mark.parametrize(
    ("choice", "chosen", "before", "is_over"),
    [
        (Choice.TODAY, days("2026-03-25"), days("2026-03-24"), False),
        (Choice.YESTERDAY, days("2026-03-24"), days("2026-03-23"), True),
        (Choice.WEEK, days("2026-03-23", "2026-03-25"), days("2026-03-16", "2026-03-18"), False),
        (Choice.MONTH, days("2026-03-01", "2026-03-25"), days("2026-02-01", "2026-02-25"), False),
    ],
)
def test_each_period_is_held_against_the_same_days_before(
    choice: Choice, chosen: Days, before: Days, is_over: bool
) -> None:
    comparison = compare(choice, WEDNESDAY, MOSCOW)
    assert (comparison.days, comparison.before) == (chosen, before)
    assert (comparison.until is None) == is_over
    assert comparison.days.length == comparison.before.length


def test_what_is_not_over_is_held_against_the_same_time_of_the_clock() -> None:
    comparison = compare(Choice.TODAY, WEDNESDAY, MOSCOW)
    assert comparison.span_before.begins == datetime(2026, 3, 24, tzinfo=MOSCOW)
    assert comparison.span_before.ends == datetime(2026, 3, 24, 12, 30, tzinfo=MOSCOW)


def test_a_shorter_month_is_compared_whole() -> None:
    comparison = compare(Choice.MONTH, datetime(2026, 3, 31, 12, tzinfo=MOSCOW), MOSCOW)
    assert comparison.before == days("2026-02-01", "2026-02-28")


def test_own_days_are_held_against_as_many_before() -> None:
    comparison = compare(Choice.OWN, WEDNESDAY, MOSCOW, days("2026-03-10", "2026-03-12"))
    assert comparison.before == days("2026-03-07", "2026-03-09")
    assert comparison.until is None


def test_the_same_moment_is_another_day_in_another_zone() -> None:
    moment = datetime(2026, 3, 25, 15, tzinfo=UTC)
    assert compare(Choice.TODAY, moment, MOSCOW).days == days("2026-03-25")
    assert compare(Choice.TODAY, moment, VLADIVOSTOK).days == days("2026-03-26")


def test_a_day_of_the_changing_of_clocks_is_shorter_or_longer() -> None:
    spring, autumn = span_of(days("2026-03-29"), BERLIN), span_of(days("2026-10-25"), BERLIN)
    assert spring.ends.astimezone(UTC) - spring.begins.astimezone(UTC) == timedelta(hours=23)
    assert autumn.ends.astimezone(UTC) - autumn.begins.astimezone(UTC) == timedelta(hours=25)


def test_a_week_at_least_is_drawn() -> None:
    assert days_of_chart(days("2026-03-24")) == days("2026-03-18", "2026-03-24")
    assert days_of_chart(days("2026-03-01", "2026-03-24")) == days("2026-03-01", "2026-03-24")
