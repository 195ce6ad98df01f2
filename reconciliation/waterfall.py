"""From what was due to what was received, cause by cause: the bars of a small chart. Pure.

The bars stand on a scale of whole steps, for a drawing needs no kopecks; the amounts beside them are exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from shops.money import ZERO

SCALE = 1000
THINNEST = 4  # steps: a kopeck is seen too


@dataclass(frozen=True, slots=True)
class Bar:
    """`amount` leads from one level to the other; the first and the last bar stand on zero."""

    amount: Decimal
    start: Decimal
    end: Decimal
    left: int
    width: int
    start_at: int
    end_at: int  # where the next bar begins


@dataclass(frozen=True, slots=True)
class Waterfall:
    due: Bar
    causes: tuple[Bar, ...]
    received: Bar
    zero_at: int


def build_waterfall(due: Decimal, causes: Sequence[Decimal], received: Decimal) -> Waterfall | None:
    """The chart; None where the causes do not lead from what was due to what was received."""
    levels = [due]
    for amount in causes:
        levels.append(levels[-1] + amount)
    if levels[-1] != received:
        return None
    lowest, highest = min(ZERO, *levels), max(ZERO, *levels)

    def place(level: Decimal) -> int:
        return int((level - lowest) * SCALE / (highest - lowest)) if highest > lowest else 0

    def draw(start: Decimal, end: Decimal) -> Bar:
        left, right = sorted((place(start), place(end)))
        width = max(right - left, THINNEST)
        return Bar(end - start, start, end, min(left, SCALE - width), width, place(start), place(end))

    return Waterfall(
        due=draw(ZERO, due),
        causes=tuple(draw(start, end) for start, end in zip(levels[:-1], levels[1:], strict=True)),
        received=draw(ZERO, received),
        zero_at=place(ZERO),
    )
