"""Finds names in a text and puts marks in their place; every other byte stays as it is. Pure.

A name is found however JSON writes it (`\\u0418`, `\\/`, and JSON within the texts of JSON), with small letters or
capital ones and any blanks between its words, but never within another word. JSON stays JSON: a number that is such a
name, as a telephone, becomes a text.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LEVELS = 4  # how deep texts of JSON within texts of JSON are read
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[\"\\/bfnrt]")
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBER_SIGNS = frozenset("0123456789.+-eE")


def fold(name: str) -> str:
    """What is the same of two spellings that are found as one."""
    return " ".join(name.split()).casefold()


class Eraser:
    """Puts marks in the place of names; `marks` gives the mark of each."""

    def __init__(self, marks: Mapping[str, str]) -> None:
        longest_first = sorted(marks, key=len, reverse=True)
        self._marks = [marks[name] for name in longest_first]
        self._pattern = re.compile("|".join(map(_write_pattern, longest_first)), re.IGNORECASE)

    def finds(self, value: Any) -> bool:
        return bool(self.erase(value) != value)

    def erase(self, value: Any) -> Any:
        """A text, bytes of UTF-8, or a value of JSON, without the names."""
        match value:
            case str():
                return self._erase_text(value)
            case bytes() | memoryview():
                data = bytes(value)
                return self._erase_text(data.decode(errors="surrogateescape")).encode(errors="surrogateescape")
            case Mapping():
                return {self.erase(key): self.erase(item) for key, item in value.items()}
            case Sequence():
                return [self.erase(item) for item in value]
        if isinstance(value, int) and not isinstance(value, bool):
            match = self._pattern.fullmatch(str(value))
            return self._mark_of(match) if match else value
        return value

    def _mark_of(self, match: re.Match[str]) -> str:
        return self._marks[(match.lastindex or 1) - 1]

    def _erase_text(self, text: str) -> str:
        spans = _without_overlaps(self._find(text))
        if not spans:
            return text
        inside = [match.span() for match in _JSON_TEXT.finditer(text)] if _looks_like_json(text) else None
        parts, last = [], 0
        for start, end, mark in spans:
            if inside is not None and not any(begin < start and end < stop for begin, stop in inside):
                if text[start - 1 : start] in _NUMBER_SIGNS or text[end : end + 1] in _NUMBER_SIGNS:
                    continue  # a part of an amount is nobody's name
                mark = f'"{mark}"'
            parts += [text[last:start], mark]
            last = end
        return "".join((*parts, text[last:]))

    def _find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where the names stand: begin, end and mark. The text is read as it is, then with its escapes resolved."""
        places: Sequence[int] = range(len(text) + 1)
        for _ in range(LEVELS):
            for match in self._pattern.finditer(text):
                yield places[match.start()], places[match.end()], self._mark_of(match)
            if "\\" not in text:
                return
            text, places = _resolve(text, places)


def _write_pattern(name: str) -> str:
    written = r"\s+".join(re.escape(word) for word in name.split())
    before = r"(?<!\w)" if re.match(r"\w", name.strip()) else ""
    after = r"(?!\w)" if re.match(r"\w", name.strip()[-1:]) else ""
    return f"({before}{written}{after})"


def _looks_like_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[") and text.rstrip()[-1:] in ("}", "]")


def _without_overlaps(spans: Iterator[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for start, end, mark in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end, mark))
    return kept


def _resolve(text: str, places: Sequence[int]) -> tuple[str, list[int]]:
    """The text with its escapes resolved once, and where each of its characters stood in the original."""
    parts: list[str] = []
    found: list[int] = []
    last = 0
    for match in _ESCAPE.finditer(text):
        parts += [text[last : match.start()], _read_escape(match[0])]
        found += [*places[last : match.start()], places[match.start()]]
        last = match.end()
    parts.append(text[last:])
    found += places[last:]
    return "".join(parts), found


def _read_escape(escape: str) -> str:
    if escape[1] != "u":
        return _SIMPLE[escape[1]]
    if len(escape) > len(r"\u0000"):
        return bytes.fromhex(escape[2:6] + escape[8:12]).decode("utf-16-be")
    return chr(int(escape[2:], 16))
