"""Writes JSON as the original writes it. Pure; anyone may import it.

A line break after every opening bracket, every comma and before every closing bracket, no indentation, `": "` after
keys, empty brackets inline, text as UTF-8, control characters escaped, slashes not, numbers without an exponent and
without needless zeros. The exchange log shows messages in this form, byte for byte.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from shops.money import format_wire


class Written(str):
    """Text that is JSON of the wire already."""


Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | Decimal | bool | None


_encode_text = json.JSONEncoder(ensure_ascii=False).encode


def write_json(value: Json) -> bytes:
    """A value as the bytes that are sent; amounts are Decimals, floats are refused."""
    return write_text(value).encode()


def write_text(value: object) -> Written:
    """The text of a value. Raises TypeError for what has no place on the wire."""
    match value:
        case Written():
            return value
        case str():
            return Written(_encode_text(value))
        case None:
            return Written("null")
        case bool():
            return Written("true" if value else "false")
        case int():
            return Written(value)
        case Decimal():
            return Written(format_wire(value))
        case Mapping():
            fields = ",\n".join(f"{_encode_text(str(key))}: {write_text(field)}" for key, field in value.items())
            return Written(f"{{\n{fields}\n}}" if fields else "{}")
        case Sequence():
            items = ",\n".join(map(write_text, value))
            return Written(f"[\n{items}\n]" if items else "[]")
    raise TypeError(f"{type(value).__name__} has no place on the wire")


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
