"""The chart of a gap adds up: it leads from what was due to what was received, cause by cause."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.waterfall import SCALE, build_waterfall

amounts = st.integers(-10_000_000, 10_000_000).map(lambda kopecks: Decimal(kopecks) / 100)


def test_the_31_690_fall_to_650_in_one_step() -> None:
    chart = build_waterfall(Decimal("31690.00"), [Decimal("-31040.00")], Decimal("650.00"))
    assert chart is not None
    (cause,) = chart.causes
    assert (chart.due.left, chart.due.width) == (0, SCALE)
    assert (cause.start, cause.end, cause.amount) == (Decimal("31690.00"), Decimal("650.00"), Decimal("-31040.00"))
    assert (cause.left, cause.left + cause.width) == (20, SCALE)
    assert (chart.received.left, chart.received.width) == (0, 20)


def test_a_kopeck_is_seen_too() -> None:
    chart = build_waterfall(Decimal("31690.00"), [Decimal("0.01")], Decimal("31690.01"))
    assert chart is not None
    assert chart.causes[0].width > 0
    assert chart.causes[0].left + chart.causes[0].width <= SCALE


def test_what_does_not_add_up_is_not_drawn() -> None:
    assert build_waterfall(Decimal(100), [Decimal(-10)], Decimal(91)) is None


@given(due=amounts, causes=st.lists(amounts, max_size=12))
def test_every_bar_begins_where_the_one_before_it_ended(due: Decimal, causes: list[Decimal]) -> None:
    received = due + sum(causes, Decimal(0))
    chart = build_waterfall(due, causes, received)
    assert chart is not None
    level, level_at = chart.due.end, chart.due.end_at
    for bar, amount in zip(chart.causes, causes, strict=True):
        assert (bar.start, bar.start_at, bar.amount) == (level, level_at, amount)
        level, level_at = bar.end, bar.end_at
    assert (level, level_at) == (chart.received.end, chart.received.end_at) == (received, level_at)
    for bar in (chart.due, *chart.causes, chart.received):
        assert 0 <= bar.left < bar.left + bar.width <= SCALE
