"""Amounts, quantities and times as a person reads them, in the active language.

Anyone may import it. Nothing here rounds: figures are shown as they are stored.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, pgettext

MINUS = "\u2212"
WORD_JOINER = "\u2060"  # no line break between the minus and its figures
NO_BREAK_SPACE = "\u00a0"
NOTHING = "\u2014"
SHORT_DASH = "\u2013"
LOG_TIME = "%Y-%m-%d %H:%M:%S"
LOG_CLOCK = "%H:%M:%S"

INDENT = "  "
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"')


def show_amount(amount: Decimal | None) -> str:
    """`31 690,00` in Russian, `31,690.00` in English; one word, however wide the line."""
    return _show_number(amount, 2)


def show_signed_amount(amount: Decimal | None) -> str:
    """As `show_amount`, with a plus before what is more than expected."""
    return f"+{WORD_JOINER}{show_amount(amount)}" if amount is not None and amount > 0 else show_amount(amount)


def show_quantity(quantity: Decimal | None) -> str:
    """A quantity without empty decimals: `4`, `0,35`."""
    if quantity is None:
        return NOTHING
    written = format(quantity, "f")
    places = len(written.rstrip("0").partition(".")[2]) if "." in written else 0
    return _show_number(quantity, places)


def show_percent(rate: Decimal) -> str:
    """A rate: `5 %` in Russian, `5%` in English."""
    return pgettext("a rate: number and sign", "%s%%") % show_quantity(rate)


def show_time(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """A date with hours and minutes in `zone`, or in the current time zone."""
    if moment is None:
        return NOTHING
    return date_format(timezone.localtime(moment, zone), pgettext("date and time format", "j M Y, H:i"))


def show_second(moment: datetime, zone: tzinfo) -> str:
    """A date with hours, minutes and seconds: where the order of messages matters."""
    return date_format(timezone.localtime(moment, zone), pgettext("date and time format", "j M Y, H:i:s"))


def show_clock(moment: datetime, zone: tzinfo) -> str:
    """The time of a day in `zone`, with seconds, as the exchange log writes it."""
    return timezone.localtime(moment, zone).strftime(LOG_CLOCK)


def show_date(moment: datetime | None, zone: tzinfo) -> str:
    """A day in `zone`."""
    return NOTHING if moment is None else date_format(timezone.localtime(moment, zone), "SHORT_DATE_FORMAT")


def show_day(day: date) -> str:
    """A day as such, of whatever zone."""
    return date_format(day, "SHORT_DATE_FORMAT")


def show_log_time(moment: datetime, zone: tzinfo) -> str:
    """As the exchange log writes it: `2026-03-25 17:24:56`."""
    return timezone.localtime(moment, zone).strftime(LOG_TIME)


def _show_number(number: Decimal | None, places: int) -> str:
    if number is None:
        return NOTHING
    sign = MINUS + WORD_JOINER if number < 0 else ""
    return sign + number_format(abs(number), places, force_grouping=True).replace(" ", NO_BREAK_SPACE)


def show_yes_or_no(value: bool) -> str:
    return gettext("yes") if value else gettext("no")


def show_duration(duration: timedelta) -> str:
    """A limit in days, hours and minutes: `24 h`, `1 h 30 min`."""
    minutes = int(duration.total_seconds()) // 60
    parts = []
    if minutes >= 60:
        parts.append(gettext("%d h") % (minutes // 60))
    if minutes % 60 or not parts:
        parts.append(gettext("%d min") % (minutes % 60))
    return NO_BREAK_SPACE.join(parts)


def show_beginning(text: str, limit: int) -> str:
    """The beginning of a text in one line."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[:limit].rstrip() + "\u2026"


def indent_json(text: str) -> str:
    """A JSON text with line breaks and indentation for the eye; every name, number and string as it was written."""
    lines, depth = [""], 0
    for token in JSON_TOKEN.findall(text):
        if token in "}]":
            depth -= 1
            if lines[-1].strip():
                lines.append(INDENT * depth)
            else:
                # Nothing stood between the brackets: they stay on one line.
                lines.pop()
        lines[-1] += token + (" " if token == ":" else "")
        if token in "{[":
            depth += 1
        if token in "{[,":
            lines.append(INDENT * depth)
    return "\n".join(lines)
