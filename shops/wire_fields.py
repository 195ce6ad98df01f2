"""The fields of the v2 protocol: JSON decoded, and texts, amounts and times read, each refused by its name.

Pure. `shops.wire` says which fields there are; what deals with its refusals imports `WireError` from here.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from shops.money import parse_amount, parse_quantity

IDENTIFIER_LENGTH = 200

MALFORMED, MISSING, INCORRECT = 2001, 2002, 2003  # Evotor's error codes

Value = TypeVar("Value")


class WireError(ValueError):
    """A message that cannot be understood: Evotor's `code`, a `reason`, and the `subject`, the path of the field."""

    def __init__(self, code: int, reason: str, subject: str = "") -> None:
        super().__init__(f"{subject}: {reason}" if subject else reason)
        self.code, self.reason, self.subject = code, reason, subject


def decode(decoder: Any, body: bytes, at: str = "") -> Any:
    try:
        body.decode()  # The decoder looks at the fields it knows only; what is no UTF-8 anywhere is no JSON.
        return decoder(body)
    except msgspec.ValidationError as error:
        raise _shape_error(str(error), at) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else f"not JSON: {error}"
        raise WireError(MALFORMED, reason, at) from None


def _shape_error(message: str, at: str) -> WireError:
    """Evotor's code for what msgspec says, which ends in "- at `$.data.items[0].price`"."""
    reason, _, path = message.partition(" - at ")
    subject = join_path(at, path.strip("`").removeprefix("$").removeprefix("."))
    missing = re.match(r"Object missing required field `(\w+)`", reason)
    if missing:
        return WireError(MISSING, "missing", join_path(subject, missing[1]))
    return WireError(INCORRECT, f"incorrect: {reason}", subject)


def join_path(*path: str) -> str:
    return ".".join(part for part in path if part)


def read_text(value: object, at: str, *, limit: int | None = IDENTIFIER_LENGTH) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise WireError(INCORRECT, "incorrect: not a text", at)
    text = str(value)
    if "\0" in text or (limit is not None and len(text) > limit):
        raise WireError(INCORRECT, "incorrect: holds a NUL character or is too long", at)
    return text


def read_name(value: object, at: str) -> str:
    """A name for people, cut to what is stored: a long one is no reason to refuse a message."""
    return read_text(value, at, limit=None).strip()[:IDENTIFIER_LENGTH]


def read_flag(value: object) -> bool:
    """A truth value, which a CRM may write as 0 and 1, or as a text."""
    return value not in (None, False, 0, "", "0", "false")


def read_identifier(value: object, at: str) -> str:
    text = read_text(value, at).strip()
    if not text:
        raise WireError(MISSING, "missing", at)
    return text


def read_amount(value: Decimal, at: str) -> Decimal:
    try:
        return parse_amount(value)
    except ValueError as error:
        raise WireError(INCORRECT, f"incorrect: {error}", at) from None


def read_quantity(value: Decimal, at: str) -> Decimal:
    try:
        return parse_quantity(value)
    except ValueError as error:
        raise WireError(INCORRECT, f"incorrect: {error}", at) from None


def read_leniently(decoder: Any, body: bytes | msgspec.Raw, read: Callable[[Any], Value], otherwise: Value) -> Value:
    """What `read` makes of a part that the message can do without; `otherwise` where it makes nothing of it."""
    try:
        return read(decode(decoder, bytes(body)))
    except WireError:
        return otherwise


def read_local_time(value: str | None, at: str) -> datetime | None:
    """A time in the shop's own zone, as the CRM writes it; naive."""
    if not value:
        return None
    time = _time(value, at)
    return time.replace(tzinfo=None)


def read_utc_time(value: str | None, at: str) -> datetime | None:
    """A time with its offset, as Evotor writes it; UTC where it says none."""
    if not value:
        return None
    time = _time(value, at)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)


def _time(value: str, at: str) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise WireError(INCORRECT, f"incorrect: {value[:40]!r} is no time", at) from None
    if not 1970 <= time.year <= 9000:
        raise WireError(INCORRECT, f"incorrect: the year {time.year}", at)
    return time
