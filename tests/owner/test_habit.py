"""When a cash register counts as gone quiet."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reconciliation.owner.habit import find_silence, find_usual_gap

MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = datetime(2026, 3, 25, tzinfo=MOSCOW)
OPEN_HOURS = range(10, 20)


def print_daily(
    an_hour: int = 4, *, until: datetime, days: int = 28, weekdays: range = range(7)
) -> dict[datetime, int]:
    """So many receipts in each hour from ten to twenty o'clock, as the hours begin in UTC."""
    hours = (TODAY - timedelta(days=day) + timedelta(hours=hour) for day in range(days) for hour in OPEN_HOURS)
    return {hour.astimezone(UTC): an_hour for hour in hours if hour < until and hour.weekday() in weekdays}


def at(hour: int, minute: int = 0, *, days_ago: int = 0) -> datetime:
    return TODAY - timedelta(days=days_ago) + timedelta(hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("last_at", "now", "is_quiet"),
    [
        (at(10), at(12), True),  # eight receipts are missed
        (at(10), at(11, 30), False),  # six
        (at(20, days_ago=1), at(23, days_ago=1), False),  # the night
        (at(20, days_ago=1), at(9), False),
        (at(20, days_ago=1), at(12), True),
        (at(12), at(12, 50), False),
    ],
)
def test_a_register_is_quiet_when_its_habit_missed_seven(last_at: datetime, now: datetime, is_quiet: bool) -> None:
    silence = find_silence(print_daily(until=last_at), last_at, now, MOSCOW)
    assert (silence is not None) == is_quiet


def test_the_silence_is_told_in_hours_of_work() -> None:
    last_at = at(18, days_ago=1)
    silence = find_silence(print_daily(until=last_at), last_at, at(13), MOSCOW)
    assert silence is not None
    assert silence.hours == timedelta(hours=5)  # two in the evening, three in the morning
    assert silence.usual_gap == timedelta(minutes=15)
    assert silence.missed == 20


def test_a_closed_day_is_no_silence() -> None:
    """The shop is closed on Sundays: on Sunday at noon nothing is missed since Saturday's last receipt."""
    sunday = TODAY - timedelta(days=3)
    assert sunday.weekday() == 6
    last_at = sunday - timedelta(hours=4)
    printed: Mapping[datetime, int] = print_daily(until=last_at, weekdays=range(6))
    assert find_silence(printed, last_at, sunday + timedelta(hours=18), MOSCOW) is None
    assert find_silence(printed, last_at, sunday + timedelta(hours=37), MOSCOW) is not None


def test_a_seldom_used_register_may_be_silent_for_days() -> None:
    printed = {at(12, days_ago=day).astimezone(UTC): 1 for day in range(2, 28)}
    assert find_silence(printed, at(12, days_ago=2), at(18), MOSCOW) is None


def test_a_few_receipts_are_no_habit() -> None:
    printed = {at(10, days_ago=3).astimezone(UTC): 19}
    assert find_silence(printed, at(10, days_ago=3), at(23), MOSCOW) is None


def test_the_usual_gap_is_that_of_the_working_day() -> None:
    printed = {at(10).astimezone(UTC): 1, at(17).astimezone(UTC): 1}
    assert find_usual_gap(printed, MOSCOW) == timedelta(hours=4)
