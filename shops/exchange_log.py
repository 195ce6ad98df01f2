"""The text form of the exchange journal: a streaming reader and a byte-exact writer.

Pure: the standard library only; anyone may import it. The form (newest entry first, joined by one newline):

    | 2026-03-25 17:24:56 | 120 | Ответ (RECEIPT) | |
    | 2026-03-25 17:24:55 | 120 | Ответ (LIST) | [
    ...
    ] |

What happened first must be recorded first, so the file is read backwards, in blocks, and memory does not grow with
it. Nothing is refused and no byte is lost: what `read_oldest_first` yields, reversed and given to
`write_newest_first`, is the source again, whatever the source holds. This includes newlines at its end, which are
the `tail` of the oldest entry.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import BinaryIO

BLOCK_BYTES = 1 << 20
ENTRY_LIMIT_BYTES = 64 << 20  # one message is at most 10 MB; what is longer is damage and is not held in memory
PROGRESS_BYTES = 1 << 18

CUT_OFF = "The entry is cut off: its closing bar is missing."
TOO_LONG = "The entry is longer than the limit: the rest of it stands in the fragments below."
TIME_UNREADABLE = "The time of the entry is unreadable: the time of its neighbour is used."

GARBAGE_SPLITS_TRIED = 100  # a bound on the work that a hostile body can cause
BLANK = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Direction(StrEnum):
    """Which way a message goes; the log writes it in Russian."""

    REQUEST = "request"
    ANSWER = "answer"


WRITTEN_DIRECTIONS = {Direction.REQUEST: "Запрос", Direction.ANSWER: "Ответ"}
_DIRECTIONS = {written.encode(): direction for direction, written in WRITTEN_DIRECTIONS.items()}
_WORDS = b"|".join(_DIRECTIONS)

# A header as it should be: it can be rebuilt from its fields.
_HEADER = re.compile(
    rb"\| (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \| (0|[1-9]\d{0,8}) \| (" + _WORDS + rb") \((\w{1,64})\) \|"
)
# A header that still names shop, direction and kind. JSON cannot put a bar at the start of a line.
_GARBLED_HEADER = re.compile(
    rb"(?:" + BYTE_ORDER_MARK + rb")?\|([^|\n]{0,64})\|[ \t]*(\d{1,9})[ \t]*\|"
    rb"[ \t]*(" + _WORDS + rb")[ \t]*\([ \t]*([^()|\s]{1,64})[ \t]*\)[ \t]*\|"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_BAR_AT_LINE_END = re.compile(rb"\|[ \t\r]*\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request or one answer, as it stands in the log."""

    line_number: int  # 1-based line of its first line in the source
    local_time: datetime  # naive, whole seconds, as written (the shop's zone is applied by the caller)
    shop_number: int
    direction: Direction
    kind: str  # "LIST", "BILL", "RECEIPT", or any other word as written
    body: bytes  # verbatim between the header and the closing bar; b"" for an empty body
    closed: bool = True  # False: the closing bar is missing; the body then holds all there is, verbatim
    damage: str = ""  # "" or what is wrong with the entry's frame
    header: bytes = b""  # all that stands before the body, verbatim, when the fields do not rebuild it
    tail: bytes = b""  # blanks between the closing bar and the newline that joins: b"\r" of a CRLF file


@dataclass(frozen=True, slots=True)
class Fragment:
    """Text that belongs to no entry: kept verbatim, reported, no exchange."""

    line_number: int
    text: bytes
    mid_line: bool = False  # True: it goes on in the line of the item above, no newline joins the two


def format_entry(entry: Entry) -> bytes:
    """The entry's text form, without the newline that joins it to the next one."""
    header = entry.header or _format_header(entry)
    if not entry.closed:
        return header + entry.body + entry.tail
    return b"".join((header, entry.body, b" |" if entry.body else b"|", entry.tail))


def _format_header(entry: Entry) -> bytes:
    time = entry.local_time.replace(microsecond=0, tzinfo=None)
    return f"| {time} | {entry.shop_number} | {WRITTEN_DIRECTIONS[entry.direction]} ({entry.kind}) | ".encode()


def write_newest_first(entries: Iterable[Entry | Fragment], output: BinaryIO) -> int:
    """Write `entries`, which come newest first, and return how many there were."""
    count = 0
    for count, item in enumerate(entries, start=1):
        if count > 1 and not (isinstance(item, Fragment) and item.mid_line):
            output.write(b"\n")
        output.write(item.text if isinstance(item, Fragment) else format_entry(item))
    return count


def read_oldest_first(
    file: BinaryIO,
    *,
    on_progress: Callable[[int], object] | None = None,
    block_bytes: int = BLOCK_BYTES,
    entry_limit_bytes: int = ENTRY_LIMIT_BYTES,
) -> Iterator[Entry | Fragment]:
    """The items of a seekable `file` from its last line to its first.

    `on_progress` is called with the number of bytes handed out since its last call (as a progress bar's `update`
    wants it); the numbers add up to the size of the file. An entry longer than `entry_limit_bytes` is handed out in
    fragments and a cut-off entry. The answer does not depend on `block_bytes`.
    """
    newlines_before = _count_newlines(file, block_bytes)
    neighbour_time = _find_oldest_time(file, block_bytes, entry_limit_bytes)
    pending_bytes = 0
    for segment in _read_segments(file, block_bytes, entry_limit_bytes):
        newlines_before -= segment.text.count(b"\n")
        for item in _parse_segment(segment, newlines_before + 1, neighbour_time):
            if isinstance(item, Entry):
                neighbour_time = item.local_time
            yield item
        newlines_before -= segment.newlines_above
        pending_bytes += len(segment.text) + segment.newlines_above
        if on_progress and pending_bytes >= PROGRESS_BYTES:
            on_progress(pending_bytes)
            pending_bytes = 0
    if on_progress and pending_bytes:
        on_progress(pending_bytes)


def _count_newlines(file: BinaryIO, block_bytes: int) -> int:
    file.seek(0)
    return sum(block.count(b"\n") for block in iter(lambda: file.read(block_bytes), b""))


def _find_oldest_time(file: BinaryIO, block_bytes: int, limit_bytes: int) -> datetime | None:
    """The oldest readable time: the neighbour of the entries below it, whose own times are unreadable."""
    for segment in _read_segments(file, block_bytes, limit_bytes):
        if segment.header and (time := _parse_time(segment.header.group(1))):
            return time
    return None


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of the file that begins with a header or has none, without the newline above it."""

    text: bytes
    header: re.Match[bytes] | None
    newlines_above: int  # 1, or 0 at the top of the file and where a line had to be cut
    mid_line: bool = False
    continued: bool = False  # the limit was reached: what follows has been handed out already


def _read_segments(file: BinaryIO, block_bytes: int, limit_bytes: int) -> Iterator[_Segment]:
    """Cut the file at its headers, from its end to its top.

    `held` is the part of the file from `base` on; what lies at `end` and after has been handed out, and no header
    begins at `unsearched` or after. While no header is found, the block that is read next is as large as what is
    held already, so that a long entry is not copied again and again.
    """
    base = file_bytes = file.seek(0, 2)
    held, end, unsearched, continued = b"", 0, 0, False
    while file_bytes:
        header = _find_last_header(held, unsearched, end, at_top=base == 0)
        start = header.start() if header else -1
        if header and end - start <= limit_bytes:
            yield _Segment(held[start:end], header, newlines_above=min(start, 1), continued=continued)
            if start == 0:
                return
            end = unsearched = start - 1
            continued = False
        elif end > limit_bytes:
            newline = held.find(b"\n", end - limit_bytes, end)
            mid_line = newline < 0
            cut = end - limit_bytes if mid_line else newline + 1
            yield _Segment(held[cut:end], None, newlines_above=int(not mid_line), mid_line=mid_line)
            end = cut if mid_line else newline
            unsearched = start + 1
            continued = True
        elif base == 0:
            yield _Segment(held[:end], None, newlines_above=0)
            return
        else:
            read_bytes = min(base, max(block_bytes, end))
            base -= read_bytes
            file.seek(base)
            held = file.read(read_bytes) + held[:end]
            end += read_bytes
            unsearched = min(read_bytes + 1, end)


def _find_last_header(held: bytes, unsearched: int, end: int, *, at_top: bool) -> re.Match[bytes] | None:
    newline = held.rfind(b"\n|", 0, unsearched)
    while newline >= 0:
        if header := _match_header(held, newline + 1, end):
            return header
        newline = held.rfind(b"\n|", 0, newline + 1)
    return _match_header(held, 0, end) if at_top else None


def _match_header(held: bytes, start: int, end: int) -> re.Match[bytes] | None:
    return _HEADER.match(held, start, end) or _GARBLED_HEADER.match(held, start, end)


def _parse_segment(segment: _Segment, line_number: int, neighbour_time: datetime | None) -> list[Entry | Fragment]:
    """The items of a segment, the lower one first."""
    header = segment.header
    if header is None or neighbour_time is None:
        return [Fragment(line_number, segment.text, segment.mid_line)]
    text = segment.text
    body_start = header.end() - header.start()
    garbage_start = _find_garbage(text, body_start)
    if not garbage_start:
        return [_parse_entry(text, header, line_number, neighbour_time, continued=segment.continued)]
    garbage_line = line_number + text.count(b"\n", 0, garbage_start)
    return [
        Fragment(garbage_line, text[garbage_start:]),
        _parse_entry(text[: garbage_start - 1], header, line_number, neighbour_time),
    ]


def _find_garbage(text: bytes, body_start: int) -> int:
    """Where lines begin that follow a complete entry but are none themselves; 0 when there are none.

    A bar inside a body is rare, so that nearly always one search for a single byte is all that happens here.
    """
    text_end = len(text.rstrip(BLANK))
    if text.find(b"|", body_start, text_end - 1) < 0:
        return 0
    for bar in islice(_BAR_AT_LINE_END.finditer(text, body_start, text_end), GARBAGE_SPLITS_TRIED):
        before_bar = text[body_start : bar.start()]
        if before_bar.endswith(b" ") and (before_bar == b" " or _is_complete_json(before_bar)):
            return bar.end()
    return 0


def _is_complete_json(text: bytes) -> bool:
    """Numbers are not converted and faults of the encoding do not count: only the brackets and strings matter."""
    try:
        json.loads(text.decode(errors="replace"), parse_int=str, parse_float=str, strict=False)
    except (ValueError, RecursionError):
        return False
    return True


def _parse_entry(
    text: bytes, header: re.Match[bytes], line_number: int, neighbour_time: datetime, *, continued: bool = False
) -> Entry:
    """Take one entry apart. What stands outside the usual form goes into `header` or `tail`."""
    time_text, shop_number, direction, kind = header.groups()
    time = _parse_time(time_text)
    header_end = header.end() - header.start()
    body_start, body_end, text_end = _find_body(text, header_end)
    closed = body_end < text_end and not continued
    usual = header.re is _HEADER and time is not None and body_start == header_end + 1
    damage = TOO_LONG if continued else "" if closed else CUT_OFF
    if not time:
        damage = f"{TIME_UNREADABLE} {damage}".rstrip()
    return Entry(
        line_number=line_number,
        local_time=time or neighbour_time,
        shop_number=int(shop_number),
        direction=_DIRECTIONS[direction],
        kind=kind.decode(errors="replace"),
        body=text[body_start:body_end] if closed else text[body_start:],
        closed=closed,
        damage=damage,
        header=b"" if usual else text[:body_start],
        tail=text[text_end:] if closed else b"",
    )


def _find_body(text: bytes, header_end: int) -> tuple[int, int, int]:
    """Where the body begins, where it ends, and where the closing bar ends (the body's end: there is no bar)."""
    start = header_end + text.startswith(b" ", header_end)
    bar_end = len(text.rstrip(BLANK))
    if text[start:bar_end] == b" |":  # an empty body has one space: the second one is kept with the header
        start += 1
    if bar_end == start + 1 and text.startswith(b"|", start):
        return start, start, bar_end
    if text.endswith(b" |", start, bar_end):
        return start, bar_end - 2, bar_end
    return start, len(text), len(text)


def _parse_time(text: bytes) -> datetime | None:
    try:
        written = text.decode("ascii").strip()
        return datetime.fromisoformat(written) if _TIME.fullmatch(written) else None
    except ValueError:
        return None
