"""Reads settings from environment variables, strictly. Used by crmpos.settings only.

A variable that is not set, or is empty, gives the default. One that is set to something
else than what is allowed stops the program with the variable, its value and what is allowed:
a misspelt "flase" must never be taken for "true".
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BOOLEAN_BY_WORD = {"true": True, "1": True, "false": False, "0": False}
DATABASE_SCHEMES = ("postgresql", "postgres", "sqlite")
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "memory")
CACHE_SCHEMES = ("redis", "rediss")
MAIL_SCHEMES = ("smtp", "smtps")
SITE_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class MailServer:
    """How letters are handed over: `starts_tls` begins in the open and goes on encrypted, `is_tls` is so throughout."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starts_tls: bool = False
    is_tls: bool = False


def read_text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def read_boolean(name: str, *, default: bool) -> bool:
    text = read_text(name)
    if not text:
        return default
    if text.lower() not in BOOLEAN_BY_WORD:
        raise _invalid(name, text, "true, false, 1 or 0")
    return BOOLEAN_BY_WORD[text.lower()]


def read_integer(name: str, *, default: int, minimum: int, maximum: int) -> int:
    text = read_text(name)
    if not text:
        return default
    allowed = f"a whole number from {minimum} to {maximum}"
    # int() alone would take "1_000", " 7 " and digits of other scripts.
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise _invalid(name, text, allowed)
    number = int(text)
    if not minimum <= number <= maximum:
        raise _invalid(name, text, allowed)
    return number


def read_choice(name: str, *, default: str, choices: tuple[str, ...]) -> str:
    text = read_text(name, default)
    if text not in choices:
        raise _invalid(name, text, " or ".join(choices))
    return text


def read_list(name: str, *, default: tuple[str, ...] = ()) -> list[str]:
    """Words separated by commas."""
    text = read_text(name)
    if not text:
        return list(default)
    words = [word.strip() for word in text.split(",")]
    if not all(words):
        raise _invalid(name, text, "values separated by single commas, none of them empty")
    return words


def read_secret(name: str) -> str:
    """The value of NAME, or the content of the file that NAME_FILE names, or nothing."""
    file_variable = f"{name}_FILE"
    value, file_name = read_text(name), read_text(file_variable)
    if value and file_name:
        raise ImproperlyConfigured(f"{name} and {file_variable} are both set: set one of them.")
    if not file_name:
        return value
    try:
        content = Path(file_name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(file_variable, file_name, f"a readable text file ({error})") from error
    if not content:
        raise _invalid(file_variable, file_name, "a file that is not empty")
    return content


def read_time_zone(name: str, *, default: str) -> str:
    text = read_text(name, default)
    try:
        ZoneInfo(text)
    except (KeyError, OSError, ValueError) as error:  # Not found, a folder, not a relative path.
        raise _invalid(name, text, "the name of a time zone, as Europe/Moscow") from error
    return text


def read_database(name: str) -> dict[str, Any] | None:
    """The database that a URL names, as Django wants it, or None when the variable is not set."""
    url = _read_url(name, DATABASE_SCHEMES)
    if not url:
        return None
    try:
        return dict(dj_database_url.parse(url))
    except ValueError as error:
        raise _invalid(name, _hide_all_but_scheme(url), "a database URL without mistakes") from error


def read_broker(name: str) -> str:
    """The URL of the broker that brings tasks to the workers, or nothing."""
    return _read_url(name, BROKER_SCHEMES)


def read_cache(name: str) -> str:
    """The URL of the cache that all processes share, or nothing."""
    return _read_url(name, CACHE_SCHEMES)


def read_site(name: str) -> str:
    """The address under which people reach the site, without a slash at its end, or nothing."""
    text = read_text(name)
    url = urlsplit(text)
    if text and not (url.scheme in SITE_SCHEMES and url.hostname and not url.query and not url.fragment):
        raise _invalid(name, text, "the address of the site, as https://books.example")
    return text.rstrip("/")


def read_mail_server(name: str) -> MailServer | None:
    """The mail server that a URL names, or None when the variable is not set."""
    url = _read_url(name, MAIL_SCHEMES)
    if not url:
        return None
    parts = urlsplit(url)
    is_tls = parts.scheme == "smtps"
    try:
        port = parts.port or (465 if is_tls else 25)
        starts_tls = {"": False, "tls=false": False, "tls=true": True}[parts.query]
    except (KeyError, ValueError):
        port, starts_tls = 0, False
    if not port or not parts.hostname or parts.path not in ("", "/") or parts.fragment or (is_tls and starts_tls):
        allowed = "smtp://user:password@host:587?tls=true or smtps://user:password@host"
        raise _invalid(name, _hide_all_but_scheme(url), allowed)
    return MailServer(
        parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), starts_tls, is_tls
    )


def _read_url(name: str, schemes: tuple[str, ...]) -> str:
    # A URL may hold a password: it can come from a file, and a message does not repeat it.
    url = read_secret(name)
    if url and urlsplit(url).scheme not in schemes:
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        raise _invalid(name, _hide_all_but_scheme(url), f"a URL that begins with {allowed}")
    return url


def _hide_all_but_scheme(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    return f"{scheme}://..." if separator else "..."


def _invalid(name: str, value: str, allowed: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}; allowed: {allowed}.")
