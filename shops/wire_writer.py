"""Writes JSON as the original writes it. Pure; anyone may import it.

A line break after every opening bracket, every comma and before every closing bracket, no indentation, `": "` after
keys, empty brackets inline, text as UTF-8, control characters escaped, slashes not, numbers without an exponent and
without needless zeros. The exchange log shows messages in this form, byte for byte.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from shops.money import format_wire

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | Decimal | bool | None


def write_json(value: Json) -> bytes:
    """The text form of a value; floats are refused, amounts are Decimals."""
    return "".join(_write(value)).encode()


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


def _write(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _write_items("{}", [(f"{_quote(key)}: ", item) for key, item in value.items()])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from _write_items("[]", [("", item) for item in value])
    else:
        yield _write_scalar(value)


def _write_items(brackets: str, items: Sequence[tuple[str, Json]]) -> Iterator[str]:
    if not items:
        yield brackets
        return
    yield f"{brackets[0]}\n"
    for index, (key, item) in enumerate(items):
        yield f",\n{key}" if index else key
        yield from _write(item)
    yield f"\n{brackets[1]}"


def _write_scalar(value: str | int | Decimal | bool | None) -> str:
    if isinstance(value, Decimal):
        return format_wire(value)
    if isinstance(value, str):
        return _quote(value)
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} has no place on the wire")


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
