"""A chart as bars that need no script: for the PDF. The figures stand in the table; the bars show their proportions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciliation.reports.values import Chart
from shops.money import ZERO

WIDTH, LABEL_WIDTH = 700, 220
BAR_HEIGHT, ROW_GAP = 12, 8
COLOURS = ("#3a6796", "#9dbfdd", "#8a5a00")
BARS_LIMIT = 20
LABEL_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: int
    width: int
    colour: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Whole units of a view box `WIDTH` wide."""

    height: int
    labels: tuple[tuple[int, str], ...]  # how far down, and what
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...]  # colour and title
    width: int = WIDTH


def draw(chart: Chart) -> Drawing:
    """The first rows of the chart; a figure below zero is drawn as long as it would be above."""
    labels = chart.labels[:BARS_LIMIT]
    row_height = BAR_HEIGHT * (1 if chart.stacked else len(chart.series)) + ROW_GAP
    longest = max((_length(chart, place) for place in range(len(labels))), default=ZERO)
    bars = [
        bar
        for place in range(len(labels))
        for bar in _draw_row(chart, place, place * row_height, longest or Decimal(1))
    ]
    return Drawing(
        height=len(labels) * row_height,
        labels=tuple((place * row_height + BAR_HEIGHT - 2, label[:LABEL_LENGTH]) for place, label in enumerate(labels)),
        bars=tuple(bars),
        legend=tuple((_colour(number), series.title) for number, series in enumerate(chart.series)),
    )


def _length(chart: Chart, place: int) -> Decimal:
    figures = [abs(series.figures[place]) for series in chart.series]
    return sum(figures, ZERO) if chart.stacked else max(figures)


def _draw_row(chart: Chart, place: int, y: int, longest: Decimal) -> Sequence[Bar]:
    bars, x = [], LABEL_WIDTH
    for number, series in enumerate(chart.series):
        width = int(abs(series.figures[place]) * (WIDTH - LABEL_WIDTH) / longest)
        bars.append(Bar(x, y, width, _colour(number)))
        if chart.stacked:
            x += width
        else:
            y += BAR_HEIGHT
    return bars


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
