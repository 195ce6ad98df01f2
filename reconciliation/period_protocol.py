"""The protocol of a closed month: its figures, how they add up, and the form in which they are kept."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reconciliation import months
from reconciliation.models import PeriodEntry
from reconciliation.period_figures import Span
from shops.money import ZERO, format_plain, parse_amount

What, Part = PeriodEntry.What, PeriodEntry.Part

OUTSTANDING = (What.BILLED, What.RECEIVED, What.REFUNDED, What.SET_OFF, What.WRITTEN_OFF, What.SETTLED)
UNBILLED = (What.RECEIVED_UNBILLED, What.REFUNDED_UNBILLED)
ORDER = {what.value: place for place, what in enumerate((*OUTSTANDING, *UNBILLED))}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """What was counted as one thing, money by the kind of payment; signed as it changes what is outstanding."""

    what: str
    payment_source: str
    month: Decimal
    adjustments: Decimal

    @property
    def total(self) -> Decimal:
        return self.month + self.adjustments


@dataclass(frozen=True, slots=True)
class Figures:
    """A month in figures: `opening` and all lines of bills make `closing`."""

    opening: Decimal
    lines: tuple[Line, ...]
    closing: Decimal

    def sum_of(self, *whats: str) -> Line:
        """The lines of these things as one."""
        chosen = [line for line in self.lines if line.what in whats]
        return Line(
            whats[0], "", sum((line.month for line in chosen), ZERO), sum((line.adjustments for line in chosen), ZERO)
        )

    @property
    def adjustments(self) -> Decimal:
        """What late documents change of what is outstanding."""
        return self.sum_of(*OUTSTANDING).adjustments


def add_up(carried: Decimal, entries: Iterable[PeriodEntry]) -> Figures:
    """The figures of a month into which `carried` is outstanding from the one before."""
    opening, sums = carried, dict[tuple[str, str], dict[str, Decimal]]()
    for entry in entries:
        if entry.part == Part.BEFORE:
            opening += entry.amount if entry.what in OUTSTANDING else ZERO
        else:
            parts = sums.setdefault((entry.what, entry.payment_source), {Part.MONTH: ZERO, Part.ADJUSTMENT: ZERO})
            parts[entry.part] += entry.amount
    lines = tuple(
        Line(what, source, parts[Part.MONTH], parts[Part.ADJUSTMENT])
        for (what, source), parts in sorted(sums.items(), key=lambda item: (ORDER[item[0][0]], item[0][1]))
    )
    closing = opening + sum((line.total for line in lines if line.what in OUTSTANDING), ZERO)
    return Figures(opening, lines, closing)


def write_protocol(span: Span, figures: Figures, **more: Any) -> Json:
    """The protocol as it is kept: every amount is a text."""
    return {
        "shop": span.shop.pk,
        "month": months.format_month(span.month),
        "time_zone": span.shop.time_zone,
        "opening": format_plain(figures.opening),
        "lines": [
            {
                "what": str(line.what),
                "payment": line.payment_source,
                "month": format_plain(line.month),
                "adjustments": format_plain(line.adjustments),
            }
            for line in figures.lines
        ],
        "closing": format_plain(figures.closing),
        **more,
    }


def read_figures(protocol: Mapping[str, Any]) -> Figures:
    """The figures of a kept protocol."""
    lines: Sequence[Mapping[str, str]] = protocol["lines"]
    return Figures(
        opening=parse_amount(protocol["opening"]),
        lines=tuple(
            Line(line["what"], line["payment"], parse_amount(line["month"]), parse_amount(line["adjustments"]))
            for line in lines
        ),
        closing=parse_amount(protocol["closing"]),
    )


def digest_of(protocol: Mapping[str, Any]) -> str:
    """What shows whether a kept protocol is as it was: databases may keep its parts in another order."""
    text = json.dumps(protocol, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
