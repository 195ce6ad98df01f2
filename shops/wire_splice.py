"""Takes elements out of a JSON text, and puts other values into it; what remains is not written anew. Pure.

Where another program's answer is passed on with a change, the rest of it stays as that program wrote it, byte for byte.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shops.wire_writer import Json

_BLANKS = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Item:
    """An element of an array, or a member of an object with its `key`: what it is and where its value stands."""

    value: Json
    start: int
    end: int
    key: str = ""


def split_array(text: str) -> list[Item]:
    """The elements of the array that a text is. Raises ValueError."""
    return _split(text, "[]")


def split_object(text: str) -> list[Item]:
    """The members of the object that a text is. Raises ValueError."""
    return _split(text, "{}")


def keep_items(text: str, items: list[Item], kept: Collection[int], *, written: Mapping[int, str]) -> str:
    """The array with the items of the `kept` indexes alone; those in `written` are written so instead."""
    if not kept:
        return "[]"
    parts, is_first = [text[: items[0].start]], True
    for index, item in enumerate(items):
        if index not in kept:
            continue
        if not is_first:
            parts.append(text[items[index - 1].end : item.start])
        parts.append(written.get(index, text[item.start : item.end]))
        is_first = False
    return "".join((*parts, text[items[-1].end :]))


def replace_values(text: str, values: Mapping[str, str]) -> str:
    """The object with other values (JSON) under some of its keys; a key that it has not is not put into it."""
    for item in reversed(split_object(text)):
        if item.key in values:
            text = text[: item.start] + values[item.key] + text[item.end :]
    return text


def _split(text: str, brackets: str) -> list[Item]:
    try:
        return list(_scan(text, brackets))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _scan(text: str, brackets: str) -> Iterator[Item]:
    position = _expect(text, 0, brackets[0])
    if text[position : position + 1] != brackets[1]:
        while True:
            key = ""
            if brackets == "{}":
                key, position = _read_value(text, position)
                if not isinstance(key, str):
                    raise ValueError("a key is no text")
                position = _expect(text, _skip(text, position), ":")
            value, end = _read_value(text, position)
            yield Item(value, position, end, key)
            position = _skip(text, end)
            if text[position : position + 1] != ",":
                break
            position = _expect(text, position, ",")
    position = _expect(text, position, brackets[1])
    if position != len(text):
        raise ValueError("something stands behind the value")


def _read_value(text: str, position: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, position)


def _expect(text: str, position: int, sign: str) -> int:
    """The place of what follows a sign, with the blanks around it."""
    position = _skip(text, position)
    if text[position : position + 1] != sign:
        raise ValueError(f"no {sign} at {position}")
    return _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    blanks = _BLANKS.match(text, position)
    return blanks.end() if blanks else position
