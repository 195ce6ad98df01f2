"""Medians and percentiles of durations, as an accountant counts them off on a sorted list."""

from datetime import timedelta

import pytest

from reconciliation.reports.resolution import find_median, find_percentile


def hours(*figures: int) -> list[timedelta]:
    return [timedelta(hours=figure) for figure in figures]


@pytest.mark.parametrize(
    ("durations", "median", "ninety"),
    [((5,), 5, 5), ((1, 3), 2, 3), ((1, 2, 9), 2, 9), (range(1, 11), 5.5, 9), (range(1, 21), 10.5, 18)],
)
def test_the_middle_and_what_nine_of_ten_do_not_exceed(durations: tuple[int, ...], median: float, ninety: int) -> None:
    assert find_median(hours(*durations)) == timedelta(hours=median)
    assert find_percentile(hours(*durations), 90) == timedelta(hours=ninety)


def test_of_nothing_there_is_neither() -> None:
    assert (find_median([]), find_percentile([], 90)) == (None, None)
