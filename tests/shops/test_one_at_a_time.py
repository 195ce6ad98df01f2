"""A periodic task does not run beside itself, and runs again when it is done."""

import threading

import pytest

from shops.one_at_a_time import one_at_a_time


def test_work_that_still_runs_is_not_begun_again() -> None:
    is_running, may_end, runs = threading.Event(), threading.Event(), []

    @one_at_a_time
    def work() -> None:
        runs.append(1)
        is_running.set()
        may_end.wait(30)

    first = threading.Thread(target=work)
    first.start()
    assert is_running.wait(30)
    work()
    assert len(runs) == 1
    may_end.set()
    first.join()
    work()
    assert len(runs) == 2


def test_work_that_failed_is_begun_again() -> None:
    @one_at_a_time
    def work() -> None:
        raise ValueError("broken")

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            work()
