"""Command line arguments that several commands take."""

from argparse import ArgumentTypeError
from datetime import datetime

from django.utils import timezone


def parse_time(text: str) -> datetime:
    """An ISO time; without an offset it is in the program's own time zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time. Write it like 2026-03-25T17:30:00+03:00.") from None
    return time if time.tzinfo else timezone.make_aware(time)
