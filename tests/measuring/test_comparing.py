"""How measurements are held against each other, and that the benchmarks run at all."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.comparing import (
    MILLISECONDS,
    PER_SECOND,
    Json,
    Measured,
    NotTheSameWork,
    Row,
    Side,
    compare,
    percentile,
    write_curves,
    write_table,
)


def side(name: str, figures: list[float], *, seen: list[str] | None = None, work: object = 1) -> Side:
    left = iter(figures)

    def measure() -> Measured:
        if seen is not None:
            seen.append(name)
        return Measured(next(left), work)

    return Side(name, measure)


def test_the_sides_take_turns_and_the_medians_count() -> None:
    seen: list[str] = []
    ours, limit = side("ours", [90, 1, 80], seen=seen), side("bare", [100, 200, 5000], seen=seen)
    (row,) = compare("receipts", PER_SECOND, ours, limit, goal=0.7, rounds=3)
    assert seen == ["ours", "bare"] * 3
    assert (row.ours, row.limit, row.ratio, row.is_reached) == (80, 200, 0.4, False)


def test_of_a_time_less_is_better() -> None:
    (row,) = compare("page", MILLISECONDS, side("ours", [120]), side("stock", [240]), goal=1, rounds=1)
    assert (row.ratio, row.is_reached) == (0.5, True)


def test_the_goal_holds_for_the_best_limit() -> None:
    sql, polars = side("SQL", [2]), side("polars", [1])
    against_sql, against_polars = compare("judging", MILLISECONDS, side("ours", [6]), sql, polars, goal=4, rounds=1)
    assert against_sql.goal is None
    assert (against_polars.ratio, against_polars.is_reached) == (6, False)


def test_who_did_something_else_is_no_limit() -> None:
    with pytest.raises(NotTheSameWork, match="receipts"):
        compare("receipts", PER_SECOND, side("ours", [1], work=10), side("bare", [1], work=9), rounds=1)


def test_a_figure_without_a_limit_is_held_against_its_goal() -> None:
    assert Row("page", MILLISECONDS, 299, goal=300).is_reached
    assert not Row("page", MILLISECONDS, 301, goal=300).is_reached
    assert Row("page", MILLISECONDS, 301).is_reached is None


def test_the_table_says_what_was_missed() -> None:
    table = write_table([Row("receipts", PER_SECOND, 80, 200, "bare", goal=0.7)])
    assert table.splitlines()[1].split() == [
        "receipts",
        "80.00",
        "/s",
        "200.00",
        "/s",
        "0.40",
        "≥",
        "0.7",
        "NO",
        "bare",
    ]


def test_the_curve_has_a_column_for_each_number_of_rows() -> None:
    def result(rows: int, figure: float) -> Json:
        return {"of_rows": rows, "rows": [Row("page", MILLISECONDS, figure, 100, "stock").as_json()]}

    heading, line = write_curves([result(10_000, 50), result(100_000, 60)]).splitlines()
    assert heading.split()[-2:] == ["10,000", "100,000"]
    assert line.split() == ["page", "50.00", "ms", "(0.50)", "60.00", "ms", "(0.60)"]


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(list(map(float, range(1, 101))), 0.99) == 100
    assert percentile([3.0], 0.99) == 3


def test_an_unknown_benchmark_is_answered_with_those_there_are() -> None:
    with pytest.raises(CommandError, match="owner: the owner's page"):
        call_command("benchmark", "lunch")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_can_be_loaded(name: str) -> None:
    assert callable(BENCHMARKS[name].load())


def test_a_benchmark_runs_on_a_database_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    call_command("benchmark", "owner", "--database-url=sqlite", "--rows=300", "--rounds=1", f"--json={result}")
    (told,) = json.loads(result.read_text(encoding="utf-8"))
    assert told["name"] == "owner"
    assert all(row["ours"] > 0 for row in told["rows"])
    assert len(told["rows"]) == 7
