"""Months of a shop, in the shop's own time zone. Anyone in this app may import it."""

from datetime import date, datetime, time

from shops.models import Shop


def begin_of(month: date, shop: Shop) -> datetime:
    """The midnight with which a month begins where the shop is."""
    return datetime.combine(month.replace(day=1), time.min, tzinfo=shop.zone)


def end_of(month: date, shop: Shop) -> datetime:
    """The midnight with which it ends; it belongs to the next month."""
    return begin_of(following(month), shop)


def following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def preceding(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def month_of(moment: datetime, shop: Shop) -> date:
    """The first day of the month in which a moment lies where the shop is."""
    return moment.astimezone(shop.zone).date().replace(day=1)


def last_ended(now: datetime, shop: Shop) -> date:
    """The last month that is over where the shop is."""
    return preceding(month_of(now, shop))


def parse_month(text: str) -> date:
    """A month written like `2026-03`. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m").date()


def format_month(month: date) -> str:
    """As `parse_month` reads it."""
    return f"{month:%Y-%m}"
