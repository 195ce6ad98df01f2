"""Spoils messages: bytes that are lost, doubled and flipped, and JSON that says what nobody expects. Used by tests.

The same seed spoils the same message in the same way.
"""

import json
import random
from collections.abc import Callable
from typing import Any

LONGEST_INSERTION = 40

SURPRISES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    0.1,
    -0.0,
    1e308,
    10**400,
    10**15,
    -(10**15),
    99999999999999999999.999,
    2**63,
    "",
    " ",
    "0",
    "-1",
    "1e5",
    "NaN",
    "Infinity",
    "\0",
    "a\0b",
    "\ud800",
    "\U0001f4a9",
    "٣",
    "ﷺ" * 100,
    "x" * 5000,
    "2026-02-30T25:61:61.000+0000",
    "0000-00-00",
    "9999-12-31T23:59:59.999+1400",
    "0001-01-01T00:00:00.000+1400",
    "SELL",
    "PAYBACK",
    "BUY",
    "'; DROP TABLE shops_receipt; --",
    "../../etc/passwd",
    "=1+1",
    [],
    {},
    [[]],
    [{}],
    {"": None},
    {"id": {"id": {"id": []}}},
    [None] * 100,
]

# What json.dumps never writes, and somebody's program does.
RAW = [
    b"NaN",
    b"Infinity",
    b"1E400",
    b"01",
    b"1.",
    b"-",
    b"0x10",
    b"1e-400",
    b'"\\ud800"',
    b'"\\u0000"',
    b"tru",
    b"'x'",
]
MARKER = "the place of a raw value"


def mutate(message: dict[str, Any], seed: int) -> bytes:
    """The message, spoilt once or several times."""
    chance = random.Random(seed)
    document = json.loads(json.dumps(message))
    raw = b""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
        document = chance.choice(OF_VALUES)(document, chance)
    if chance.random() < 0.15:
        document, raw = _set_anywhere(document, MARKER, chance), chance.choice(RAW)
    body = json.dumps(document, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
    body = body.replace(f'"{MARKER}"'.encode(), raw)
    for _ in range(chance.choice((0, 0, 0, 0, 1, 2, 5))):
        body = chance.choice(OF_BYTES)(body, chance)
    return body


def _list_places(document: Any) -> list[tuple[Any, Any]]:
    """Every container within, with each of its keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        container = waiting.pop()
        keys = container.keys() if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], dict | list):
                waiting.append(container[key])
    return found


def _pick(document: Any, chance: random.Random) -> tuple[Any, Any] | None:
    places = _list_places(document) if isinstance(document, dict | list) else []
    return chance.choice(places) if places else None


def _set_anywhere(document: Any, value: Any, chance: random.Random) -> Any:
    place = _pick(document, chance)
    if place is None:
        return value
    container, key = place
    container[key] = value
    return document


def _surprise(document: Any, chance: random.Random) -> Any:
    return _set_anywhere(document, json.loads(json.dumps(chance.choice(SURPRISES))), chance)


def _leave_out(document: Any, chance: random.Random) -> Any:
    place = _pick(document, chance)
    if place is not None:
        del place[0][place[1]]
    return document


def _double(document: Any, chance: random.Random) -> Any:
    """An element stands twice, or a value under another name too."""
    place = _pick(document, chance)
    if place is not None:
        container, key = place
        value = json.loads(json.dumps(container[key]))
        if isinstance(container, list):
            container.insert(key, value)
        else:
            container[f"{key}{chance.choice(('', '2', 'Id'))}"] = value
    return document


def _exchange(document: Any, chance: random.Random) -> Any:
    """Two values change places."""
    one, other = _pick(document, chance), _pick(document, chance)
    if one is None or other is None:
        return document
    copies = [json.loads(json.dumps(container[key])) for container, key in (one, other)]
    one[0][one[1]], other[0][other[1]] = copies[1], copies[0]
    return json.loads(json.dumps(document))


def _write_as_text(document: Any, chance: random.Random) -> Any:
    place = _pick(document, chance)
    if place is not None:
        place[0][place[1]] = str(place[0][place[1]])
    return document


def _change_number(document: Any, chance: random.Random) -> Any:
    numbers = [
        (container, key)
        for container, key in _list_places(document if isinstance(document, dict | list) else [])
        if isinstance(container[key], int | float)
    ]
    if numbers:
        container, key = chance.choice(numbers)
        container[key] = chance.choice((-container[key], container[key] * 1000, container[key] - 5, 0.005, 1e-9))
    return document


def _make_many(document: Any, chance: random.Random) -> Any:
    return [document] * chance.randint(1, 3) if chance.random() < 0.7 else {"data": document}


def _bury(document: Any, chance: random.Random) -> Any:
    deep: Any = document
    for _ in range(chance.randint(1, 15)):
        deep = [deep]
    return _set_anywhere(document, json.loads(json.dumps(deep)), chance)


OF_VALUES: list[Callable[[Any, random.Random], Any]] = [
    _surprise,
    _surprise,
    _surprise,
    _leave_out,
    _double,
    _exchange,
    _write_as_text,
    _change_number,
    _make_many,
    _bury,
]


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randint(0, len(body))]


def _flip(body: bytes, chance: random.Random) -> bytes:
    if not body:
        return body
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]


def _insert(body: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(body))
    return body[:at] + chance.randbytes(chance.randint(1, LONGEST_INSERTION)) + body[at:]


def _repeat(body: bytes, chance: random.Random) -> bytes:
    begin = chance.randint(0, len(body))
    end = chance.randint(begin, len(body))
    return body[:end] + body[begin:end] + body[end:]


def _deepen(body: bytes, chance: random.Random) -> bytes:
    return b"[" * chance.choice((10, 1000, 100_000)) + body


def _mark(body: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b" \n")) + body


OF_BYTES: list[Callable[[bytes, random.Random], bytes]] = [_cut, _flip, _flip, _insert, _repeat, _deepen, _mark]
