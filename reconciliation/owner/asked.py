"""What an address of the owner's pages asks for: the days, and the rows behind a figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from reconciliation.owner.days import DAY, LONGEST, Choice, Comparison, Days, compare
from reconciliation.reports.aging import BUCKETS
from shops.models import Shop

# Far enough from the ends of the calendar for a year before or after.
EARLIEST, LATEST = date.min + 1000 * DAY, date.max - 1000 * DAY


class Unreadable(ValueError):
    """The address asks for nothing that there is; says what to do, in the reader's language."""


@dataclass(frozen=True, slots=True)
class RowsAsked:
    """The rows behind a figure. What is None or empty does not matter; 0 of a place is none at all."""

    days: Days | None = None
    what: str = ""
    type: str = ""
    means: str = ""
    store: int | None = None
    terminal: int | None = None
    employee: int | None = None
    age: int | None = None
    product: str | None = None
    status: str = ""
    sign: str = ""


CHOICES: Mapping[str, tuple[str, ...]] = {
    "what": ("billed", "outstanding", "set_off"),
    "type": ("sale", "refund"),
    "means": ("cash", "card", "other"),
    "status": ("open", "all"),
    "sign": ("missing", "beyond"),
}


def read_comparison(asked: Mapping[str, str], shop: Shop, now: datetime) -> Comparison:
    """The days of the page; yesterday where nothing is said. Raises Unreadable."""
    try:
        choice = Choice(asked.get("period") or Choice.YESTERDAY)
    except ValueError:
        raise Unreadable(_("There is no such period. Choose one of those above.")) from None
    if choice != Choice.OWN:
        return compare(choice, now, shop.zone)
    days = read_days(asked)
    if days is None:
        raise Unreadable(_("Say from which day to which."))
    today = now.astimezone(shop.zone).date()
    if days.first > today:
        raise Unreadable(_("These days are still to come."))
    return compare(choice, now, shop.zone, Days(days.first, min(days.last, today)))


def read_days(asked: Mapping[str, str]) -> Days | None:
    """The days `from` and `to`; None where neither is said. Raises Unreadable."""
    first, last = asked.get("from", ""), asked.get("to", "")
    if not first and not last:
        return None
    try:
        days = Days(date.fromisoformat(first or last), date.fromisoformat(last or first))
    except ValueError:
        raise Unreadable(_("That is no date.")) from None
    if days.last < days.first:
        raise Unreadable(_("The period ends before it begins."))
    if days.length > LONGEST or not EARLIEST <= days.first <= days.last <= LATEST:
        raise Unreadable(_("A period is a year at the most."))
    return days


def read_rows_asked(asked: Mapping[str, str]) -> RowsAsked:
    """Raises Unreadable."""
    chosen = {name: asked.get(name, "") for name in CHOICES}
    if any(value and value not in CHOICES[name] for name, value in chosen.items()):
        raise Unreadable(_("There are no such rows. Go back and follow a figure."))
    age = _read_number(asked, "age")
    if age is not None and age > len(BUCKETS):
        raise Unreadable(_("There are no such rows. Go back and follow a figure."))
    return RowsAsked(
        days=read_days(asked),
        what=chosen["what"],
        type=chosen["type"],
        means=chosen["means"],
        store=_read_number(asked, "store"),
        terminal=_read_number(asked, "terminal"),
        employee=_read_number(asked, "employee"),
        age=age,
        product=asked.get("product"),
        status=chosen["status"],
        sign=chosen["sign"],
    )


def _read_number(asked: Mapping[str, str], name: str) -> int | None:
    text = asked.get(name, "")
    if not text:
        return None
    if text == "none":
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Unreadable(_("There are no such rows. Go back and follow a figure."))
    return int(text)
