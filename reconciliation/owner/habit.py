"""Whether a cash register has gone quiet, measured against its own habit. Pure.

Its habit is what it printed in each hour of the week over the last four weeks. From it follows how many receipts it
would have printed since its last one, had it gone on as usual: nights and closed days count nothing, for in those hours
it never prints. Receipts come one independently of another, so that it prints none where N are expected has a chance of
e^-N: with seven it is one in a thousand, and the silence has another cause than chance.

A register that prints 40 receipts between 10 and 20 o'clock every day, and the last today at 10:00, is quiet at noon
(8 were expected), and not at half past eleven (6). If its last one came yesterday at 20:00, it is quiet at noon, and
not in the night.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import lru_cache

HOUR = timedelta(hours=1)
WEEKS = timedelta(weeks=4)  # what a habit is learned from
ENOUGH_MISSED = 7
SHORTEST_SILENCE = HOUR  # a busy register may pause for some minutes
FEWEST_RECEIPTS = 20  # fewer are no habit
HOURS_KEPT = 1 << 12  # all registers of a shop ask for the same ones

HourOfWeek = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Silence:
    """`usual_gap` is between two receipts while the register works; `hours` of its working time it has been silent."""

    last_at: datetime
    usual_gap: timedelta
    hours: timedelta
    missed: int


def find_silence(printed: Mapping[datetime, int], last_at: datetime, now: datetime, zone: tzinfo) -> Silence | None:
    """The silence of a register that has one. `printed` is how many receipts it printed in each hour, by its begin."""
    if now - last_at < SHORTEST_SILENCE or sum(printed.values()) < FEWEST_RECEIPTS:
        return None
    habit = learn_habit(printed, last_at, zone)
    missed, hours = Fraction(0), timedelta(0)
    for hour, length in _list_hours(last_at, now):
        rate = habit.get(_hour_of_week(hour, zone), Fraction(0))
        missed += rate * Fraction(length // timedelta(seconds=1), 3600)
        hours += length if rate else timedelta(0)
    if missed < ENOUGH_MISSED:
        return None
    return Silence(last_at, find_usual_gap(printed, zone), hours, int(missed))


def learn_habit(printed: Mapping[datetime, int], until: datetime, zone: tzinfo) -> dict[HourOfWeek, Fraction]:
    """How many receipts it prints in each hour of the week, on the average from its first receipt to its last one."""
    counts: dict[HourOfWeek, int] = defaultdict(int)
    for hour, count in printed.items():
        counts[_hour_of_week(hour, zone)] += count
    times: dict[HourOfWeek, int] = defaultdict(int)
    for hour, _ in _list_hours(min(printed), until):
        times[_hour_of_week(hour, zone)] += 1
    return {hour: Fraction(count, max(times[hour], 1)) for hour, count in counts.items()}


def find_usual_gap(printed: Mapping[datetime, int], zone: tzinfo) -> timedelta:
    """The time from its first hour of a day through its last one, over all days, divided by the receipts."""
    days: dict[object, list[datetime]] = defaultdict(list)
    for hour in printed:
        days[hour.astimezone(zone).date()].append(hour)
    open_time = sum((max(hours) - min(hours) + HOUR for hours in days.values()), timedelta(0))
    return open_time // sum(printed.values())


def _list_hours(begin: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """The hours from one moment to another, each with how much of it lies between them."""
    hour = begin.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour, min(hour + HOUR, end) - max(hour, begin)
        hour += HOUR


@lru_cache(HOURS_KEPT)
def _hour_of_week(hour: datetime, zone: tzinfo) -> HourOfWeek:
    local = hour.astimezone(zone)
    return local.weekday(), local.hour
