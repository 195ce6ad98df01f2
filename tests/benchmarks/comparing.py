"""Measures a program and its limit in turn, A B A B, in one run. Used by the benchmarks.

Absolute figures are the machine's of the moment; the ratio of the medians travels. What both sides did is compared as
well: a side that did less work is no limit.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ROUNDS = 3


class NotTheSameWork(AssertionError):
    """The two sides did not do the same: what was measured says nothing."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What figures are counted in, and whether more of it is better (a rate) or worse (a time)."""

    name: str
    more_is_better: bool

    def is_reached(self, ratio: float, goal: float) -> bool:
        return ratio >= goal if self.more_is_better else ratio <= goal


SECONDS = Unit("s", more_is_better=False)
MILLISECONDS = Unit("ms", more_is_better=False)
PER_SECOND = Unit("/s", more_is_better=True)


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: `figure` in the unit of the comparison, `work` what was done, `more` what else was seen."""

    figure: float
    work: object = None
    more: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """A program that is measured, as often as it is asked."""

    name: str
    measure: Callable[[], Measured]


@dataclass(frozen=True, slots=True)
class Row:
    """Line of the table: ours, what it is held against, and what was to be reached. A ratio is ours to the limit's."""

    title: str
    unit: Unit
    ours: float
    limit: float | None = None
    limit_name: str = ""
    goal: float | None = None  # of the ratio or, where there is no limit, of the figure itself
    more: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return None if not self.limit else self.ours / self.limit

    @property
    def is_reached(self) -> bool | None:
        if self.goal is None:
            return None
        return self.unit.is_reached(self.ours if self.ratio is None else self.ratio, self.goal)

    def as_json(self) -> Json:
        return {
            "title": self.title,
            "unit": self.unit.name,
            "ours": self.ours,
            "limit": self.limit,
            "limit_name": self.limit_name,
            "ratio": self.ratio,
            "goal": self.goal,
            "is_reached": self.is_reached,
            "more": self.more,
        }


def compare(
    title: str, unit: Unit, ours: Side, *limits: Side, goal: float | None = None, rounds: int = ROUNDS
) -> list[Row]:
    """Measures all sides in turn, `rounds` times; a row for each limit, by the medians. Without limits: one row.

    `goal` holds for the best of the limits. Raises NotTheSameWork where the sides did different things.
    """
    sides = (ours, *limits)
    taken: dict[str, list[Measured]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            taken[side.name].append(side.measure())
    works = {name: measured.work for name, several in taken.items() for measured in several}
    if len({repr(work) for several in taken.values() for work in (one.work for one in several)}) > 1:
        raise NotTheSameWork(f"{title}: {works}")
    medians = {name: statistics.median(one.figure for one in several) for name, several in taken.items()}
    more = _gather_more(taken)
    if not limits:
        return [Row(title, unit, medians[ours.name], goal=goal, more=more)]
    pick_best = max if unit.more_is_better else min
    best = pick_best(limits, key=lambda side: medians[side.name])
    return [
        Row(
            title,
            unit,
            medians[ours.name],
            medians[side.name],
            side.name,
            goal if side is best else None,
            more,
        )
        for side in limits
    ]


def _gather_more(taken: dict[str, list[Measured]]) -> dict[str, float]:
    """The medians of what else was seen, by side."""
    return {
        f"{name}: {what}": statistics.median(one.more[what] for one in several)
        for name, several in taken.items()
        for what in several[0].more
    }


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Gives a function that says how many seconds the block took, or has taken so far."""
    began = time.perf_counter()
    ended: list[float] = []
    try:
        yield lambda: (ended[0] if ended else time.perf_counter()) - began
    finally:
        ended.append(time.perf_counter())


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies (the nearest of the values themselves)."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def describe_machine() -> Json:
    return {
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "system": platform.platform(),
    }


HEADINGS = ("what", "ours", "limit", "ratio", "goal", "reached", "against")


def write_table(rows: Iterable[Row]) -> str:
    """The rows as text in columns; under a row, indented, what else was seen."""
    return _align([HEADINGS, *(_write_row(row) for row in rows)], words=(0, len(HEADINGS) - 1))


def write_more(rows: Iterable[Row]) -> str:
    told = {f"{row.title}; {what}": value for row in rows for what, value in row.more.items()}
    return "\n".join(f"  {what}: {value:,.2f}" for what, value in told.items())


def write_curves(results: Iterable[Json]) -> str:
    """How our figures grow with the rows: a line for each title, a column for each number of rows."""
    figures: dict[str, dict[int, str]] = {}
    for result in results:
        for row in result["rows"]:
            told = f"{row['ours']:,.2f} {row['unit']}"
            told += "" if row["ratio"] is None else f" ({row['ratio']:.2f})"
            figures.setdefault(row["title"], {})[result["of_rows"]] = told
    numbers = sorted({number for by_number in figures.values() for number in by_number})
    headings = ("ours (ratio to the limit) at", *(f"{number:,}" for number in numbers))
    return _align([headings, *((title, *(by.get(number, "") for number in numbers)) for title, by in figures.items())])


def _align(lines: Sequence[Sequence[str]], *, words: tuple[int, ...] = (0,)) -> str:
    """Columns; `words` are those that begin at the same place, the others end there, as figures do."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            word.ljust(width) if column in words else word.rjust(width)
            for column, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _write_row(row: Row) -> tuple[str, ...]:
    ratio, goal = row.ratio, row.goal
    sign = "≥" if row.unit.more_is_better else "≤"
    unit_of_goal = "" if ratio is not None else f" {row.unit.name}"
    return (
        row.title,
        f"{row.ours:,.2f} {row.unit.name}",
        "" if row.limit is None else f"{row.limit:,.2f} {row.unit.name}",
        "" if ratio is None else f"{ratio:.2f}",
        "" if goal is None else f"{sign} {goal:g}{unit_of_goal}",
        {None: "", True: "yes", False: "NO"}[row.is_reached],
        row.limit_name,
    )
