"""The days that an owner looks at, and those they are compared with, by the clock of the shop. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

DAY = timedelta(days=1)
WEEK = 7 * DAY
LONGEST = 366  # days that somebody may choose


class Choice(StrEnum):
    TODAY = "today"
    YESTERDAY = "yesterday"
    WEEK = "week"
    MONTH = "month"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the shop's calendar, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to before another."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days that are looked at, and as many before them.

    `until` is set where the last day is not over: then the last day before is counted up to the same time of the clock.
    """

    choice: Choice
    days: Days
    before: Days
    zone: tzinfo
    until: time | None = None

    @property
    def span(self) -> Span:
        return span_of(self.days, self.zone)

    @property
    def span_before(self) -> Span:
        whole = span_of(self.before, self.zone)
        if self.until is None:
            return whole
        return Span(whole.begins, datetime.combine(self.before.last, self.until, self.zone))


def span_of(days: Days, zone: tzinfo) -> Span:
    """From the midnight with which the days begin to that with which they end, however long each of them is."""
    return Span(begin_of(days.first, zone), begin_of(days.last + DAY, zone))


def begin_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def compare(choice: Choice, now: datetime, zone: tzinfo, own: Days | None = None) -> Comparison:
    """What somebody has chosen, as of `now`. `own` are the days of an own choice; none of them is in the future.

    - today is held against yesterday, and yesterday against the day before;
    - a week or a month so far against the same days of the one before (of a shorter month, against all of it);
    - own days against as many directly before them.
    """
    local = now.astimezone(zone)
    today = local.date()
    match choice:
        case Choice.TODAY:
            days, before = Days(today, today), Days(today - DAY, today - DAY)
        case Choice.YESTERDAY:
            days, before = Days(today - DAY, today - DAY), Days(today - 2 * DAY, today - 2 * DAY)
        case Choice.WEEK:
            days = Days(today - today.weekday() * DAY, today)
            before = Days(days.first - WEEK, days.last - WEEK)
        case Choice.MONTH:
            days = Days(today.replace(day=1), today)
            before = _same_days_of_the_month_before(days)
        case Choice.OWN:
            assert own is not None
            days, before = own, Days(own.first - own.length * DAY, own.first - DAY)
    until = local.time().replace(microsecond=0) if days.last >= today else None
    return Comparison(choice, days, before, zone, until)


def _same_days_of_the_month_before(days: Days) -> Days:
    end = days.first - DAY
    return Days(end.replace(day=1), min(end, end.replace(day=1) + (days.length - 1) * DAY))


def days_of_chart(days: Days) -> Days:
    """What is drawn: one day says little by itself, so at least a week up to the last of the days."""
    return Days(min(days.first, days.last - WEEK + DAY), days.last)


def list_days(days: Days) -> list[date]:
    return [days.first + number * DAY for number in range(days.length)]


def list_runs(days: Iterable[date]) -> list[Days]:
    """Days in their order as runs of days that follow one another."""
    runs: list[Days] = []
    for day in days:
        if runs and runs[-1].last + DAY == day:
            runs[-1] = Days(runs[-1].first, day)
        else:
            runs.append(Days(day, day))
    return runs
