"""Writes JSON as the original writes it. Pure; anyone may import it.

A line break after every opening bracket, every comma and before every closing bracket, no indentation, `": "` after
keys, empty brackets inline, text as UTF-8, control characters escaped, slashes not, numbers without an exponent and
without needless zeros. The exchange log shows messages in this form, byte for byte.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from shops.money import format_wire


class Written(str):
    """Text that is JSON of the wire already."""


Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | Decimal | bool | None


def write_json(value: Json) -> bytes:
    """A value as the bytes that are sent; amounts are Decimals, floats are refused."""
    return _write(value).encode()


def write_text(value: object) -> Written:
    """The text of a value. Raises TypeError for what has no place on the wire."""
    return Written(_write(value))


def _write(value: object) -> str:
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    for kind, write in _WRITERS.items():  # of a kind of one of these
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"{type(value).__name__} has no place on the wire")


def _write_object(value: Mapping[Any, object]) -> str:
    if not value:
        return "{}"
    return (
        "{\n" + ",\n".join([f"{encode_basestring(str(key))}: {_write(field)}" for key, field in value.items()]) + "\n}"
    )


def _write_array(value: Sequence[object]) -> str:
    return "[\n" + ",\n".join([_write(item) for item in value]) + "\n]" if value else "[]"


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    dict: _write_object,
    Decimal: format_wire,
    int: int.__repr__,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda value: "null",
    list: _write_array,
    Written: str,
    Mapping: _write_object,
    Sequence: _write_array,
}


def read_json(text: bytes | str) -> Json:
    """The value of a text, its numbers exact and its keys in their order. Raises ValueError."""
    value: Json = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    return value


def wire_id(external_id: str) -> int | str:
    """An id as the wire has it: a number where it is written as one, else text."""
    return (
        int(external_id)
        if external_id.isdecimal() and external_id.isascii() and _is_plain(external_id)
        else external_id
    )


def write_error(code: int, reason: str, subject: str = "") -> bytes:
    """An error in Evotor's form ("Ошибки" of its public API description)."""
    error: dict[str, Json] = {"code": code, "reason": reason}
    return write_json({"errors": [error | {"subject": subject} if subject else error]})


def _is_plain(digits: str) -> bool:
    return len(digits) <= 18 and (digits == "0" or not digits.startswith("0"))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
