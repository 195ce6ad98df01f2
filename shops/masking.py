"""Secrets within texts that people and other programs read: logs, errors, the journal. Pure.

What looks like one is replaced by stars, its name left: a key or token of this program's own making, a bearer token,
the value of an argument or field that is called a token, password or secret, the password in a URL.
"""

import re
from collections.abc import Mapping

STARS = "***"

SECRET_NAME = re.compile(
    r"(?:^|[_\-\s])(?:authorization|(?:access|auth|api|bearer|refresh|session|user|app|application|csrf)?[_-]?"
    r"(?:token|key|secret)|passw(?:or)?d|pass|pwd|secret|cookie|sessionid|signature|dsn)$",
    re.IGNORECASE,
)
_NAMES = r"(?:[A-Za-z]+[_-])*(?:[A-Za-z]*token|api_?key|secret(?:_key)?|passw(?:or)?d|pwd|sessionid)"
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Authorization: Bearer abc, and the same within a repr of headers.
    (re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)[^\s'\",;}\\]+"), rf"\1\2{STARS}"),
    (re.compile(r"(?i)(authorization\\?['\"]?\s*[:=]\s*\\?['\"]?)(?!bearer|basic)[^\s'\",;}\\]+"), rf"\1{STARS}"),
    # Keys of this program: a role, and 43 letters; secrets of webhooks.
    (re.compile(r"\b(register|crm|office)_[A-Za-z0-9_-]{20,}"), rf"\1_{STARS}"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"), f"whsec_{STARS}"),
    # token=abc, "password": "abc", &api_key=abc
    (re.compile(rf"(?i)(\b{_NAMES}\\?['\"]?\s*[:=]\s*\\?['\"]?)(?!{re.escape(STARS)})[^\s'\"&,;}}\\]+"), rf"\1{STARS}"),
    # redis://:abc@host
    (re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@]*:)[^\s/@]+@"), rf"\1{STARS}@"),
)


def mask(text: str) -> str:
    """The text without the secrets in it. Doing it twice changes nothing."""
    for pattern, replacement in PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def is_secret_name(name: str) -> bool:
    """Whether an argument, a header or a field of this name holds a secret."""
    return SECRET_NAME.search(name) is not None


def mask_values(values: Mapping[str, str]) -> dict[str, str]:
    """Arguments of an address, those that hold a secret without it."""
    return {name: STARS if is_secret_name(name) else value for name, value in values.items()}
