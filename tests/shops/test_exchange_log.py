"""The text form of the journal: read from its end, written back to the byte."""

import io
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from shops.exchange_log import (
    BLOCK_BYTES,
    ENTRY_LIMIT_BYTES,
    Direction,
    Entry,
    Fragment,
    format_entry,
    read_oldest_first,
    write_newest_first,
)

SAMPLE = Path(__file__).parents[2] / "crmpos" / "samples" / "exchange-log.txt"


def read(
    text: bytes, block_bytes: int = BLOCK_BYTES, entry_limit_bytes: int = ENTRY_LIMIT_BYTES
) -> list[Entry | Fragment]:
    return list(read_oldest_first(io.BytesIO(text), block_bytes=block_bytes, entry_limit_bytes=entry_limit_bytes))


def write(oldest_first: list[Entry | Fragment]) -> bytes:
    output = io.BytesIO()
    assert write_newest_first(reversed(oldest_first), output) == len(oldest_first)
    return output.getvalue()


def test_an_entry_is_read_field_by_field() -> None:
    text = '| 2026-03-25 17:24:55 | 120 | Запрос (LIST) | {\n"get": []\n} |'.encode()

    assert read(text) == [
        Entry(1, datetime(2026, 3, 25, 17, 24, 55), 120, Direction.REQUEST, "LIST", b'{\n"get": []\n}')
    ]


def test_an_empty_body_is_written_with_one_space() -> None:
    entry = Entry(1, datetime(2026, 3, 25, 17, 24, 56), 120, Direction.ANSWER, "RECEIPT", b"")

    assert format_entry(entry) == "| 2026-03-25 17:24:56 | 120 | Ответ (RECEIPT) | |".encode()
    assert read(format_entry(entry)) == [entry]


def test_the_oldest_entry_comes_first_with_its_line_number() -> None:
    items = read(SAMPLE.read_bytes())

    assert [item.line_number for item in items] == sorted((item.line_number for item in items), reverse=True)
    assert len(items) == 20
    lines = SAMPLE.read_bytes().split(b"\n")
    for item in items:
        assert isinstance(item, Entry)
        assert lines[item.line_number - 1].startswith(f"| {item.local_time} | {item.shop_number} | ".encode())
    times = [item.local_time for item in items if isinstance(item, Entry)]
    assert times == sorted(times)


def test_the_sample_is_written_back_to_the_byte() -> None:
    text = SAMPLE.read_bytes()

    assert write(read(text)) == text
    assert all(json.loads(item.body) for item in read(text) if isinstance(item, Entry) and item.body)


def test_bars_inside_a_body_belong_to_the_body() -> None:
    body = '{\n"name": "чай | 50 г |",\n"mark": "| 2026-03-25 17:24:55 | 120 | Запрос (LIST) |"\n}'.encode()
    entry = Entry(1, datetime(2026, 3, 25, 9, 0), 40, Direction.ANSWER, "BILL", body)

    assert read(format_entry(entry)) == [entry]


def test_a_newline_at_the_end_of_the_file_is_the_tail_of_the_oldest_entry() -> None:
    text = SAMPLE.read_bytes() + b"\n"
    items = read(text)

    assert isinstance(items[0], Entry)
    assert items[0].tail == b"\n"
    assert write(items) == text


def test_a_file_with_windows_line_ends_is_kept_as_it_is() -> None:
    text = SAMPLE.read_bytes().replace(b"\n", b"\r\n")
    items = read(text)

    assert write(items) == text
    assert all(isinstance(item, Entry) and item.closed and not item.damage for item in items)
    assert [item.tail for item in items if isinstance(item, Entry)] == [b""] + [b"\r"] * 19


def test_a_byte_order_mark_does_not_hide_the_newest_entry() -> None:
    text = b"\xef\xbb\xbf" + SAMPLE.read_bytes()
    items = read(text)

    assert write(items) == text
    assert all(isinstance(item, Entry) and not item.damage for item in items)


def test_the_progress_adds_up_to_the_size_of_the_file() -> None:
    text = SAMPLE.read_bytes() * 200
    seen: list[int] = []

    for _ in read_oldest_first(io.BytesIO(text), on_progress=seen.append):
        pass
    assert sum(seen) == len(text)
    assert len(seen) > 2


def test_an_entry_far_larger_than_a_block_is_read_whole() -> None:
    body = json.dumps(["x" * 1000] * 500, indent=0).encode()
    entry = Entry(1, datetime(2026, 3, 25, 9, 0), 40, Direction.ANSWER, "LIST", body)

    assert read(format_entry(entry), block_bytes=64) == [entry]


def test_the_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    journal = tmp_path / "journal.txt"
    sample = SAMPLE.read_bytes()
    with journal.open("wb") as file:
        for _ in range(100_000_000 // len(sample)):
            file.write(sample + b"\n")
        file.write(sample)
    script = (
        "import resource, sys\n"
        "from shops.exchange_log import read_oldest_first\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "with open(sys.argv[1], 'rb') as file:\n"
        "    count = sum(1 for _ in read_oldest_first(file))\n"
        "print(count, peak() - before)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(journal)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    count, growth_kilobytes = map(int, answer.stdout.split())

    assert count == 20 * (100_000_000 // len(sample) + 1)
    assert growth_kilobytes < 16_000


NASTY = st.sampled_from(
    [
        "|",
        " |",
        "| ",
        "\n",
        "\r\n",
        " ",
        "{",
        "}",
        "[]",
        '"',
        "\\u001d",
        "Запрос",
        "| 2026-03-25 17:24:55 | 40 | ",
        "\0",
    ]
    + ["\n| 2026-03-25 17:24:55 | 40 | Ответ (LIST) |", "\n| 2026-13-45 7:0 | 40 | Ответ (BILL) |", "(LIST) |", "1"]
)
NASTY_TEXTS = st.lists(NASTY | st.text(max_size=4), max_size=12).map("".join).map(str.encode)
BODIES = NASTY_TEXTS | st.binary(max_size=20)
ENTRIES = st.builds(
    Entry,
    line_number=st.just(0),
    local_time=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)).map(
        lambda time: time.replace(microsecond=0)
    ),
    shop_number=st.integers(0, 999_999_999),
    direction=st.sampled_from(Direction),
    kind=st.sampled_from(["LIST", "BILL", "RECEIPT", "PING"]),
    body=BODIES,
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=10,
)
JSON_BODIES = st.builds(
    lambda value, indent: json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass"),
    JSON_VALUES,
    st.sampled_from([None, 0]),
)


@given(
    entries=st.lists(ENTRIES, max_size=8), block_bytes=st.integers(1, 200), cut=st.tuples(*[st.integers(0, 400)] * 2)
)
def test_any_bytes_are_written_back_and_the_block_size_does_not_matter(
    entries: list[Entry], block_bytes: int, cut: tuple[int, int]
) -> None:
    text = b"\n".join(map(format_entry, entries))
    text = text[cut[0] : len(text) - cut[1]]
    items = read(text, block_bytes=block_bytes)

    assert write(items) == text
    assert items == read(text)


@given(
    parts=st.lists(NASTY_TEXTS | ENTRIES.map(format_entry), max_size=6), joint=st.sampled_from([b"\n", b"", b"\n\n"])
)
def test_any_mixture_of_entries_and_garbage_is_written_back(parts: list[bytes], joint: bytes) -> None:
    text = joint.join(parts)
    items = read(text, block_bytes=50)

    assert write(items) == text
    assert [item.line_number for item in items] == sorted((item.line_number for item in items), reverse=True)


@given(
    parts=st.lists(ENTRIES.map(format_entry) | NASTY_TEXTS, max_size=6),
    block_bytes=st.integers(1, 99),
    entry_limit_bytes=st.integers(1, 150),
)
def test_entries_beyond_the_limit_are_written_back_from_fragments(
    parts: list[bytes], block_bytes: int, entry_limit_bytes: int
) -> None:
    text = b"\n".join(parts)
    items = read(text, block_bytes=block_bytes, entry_limit_bytes=entry_limit_bytes)

    assert write(items) == text
    assert items == read(text, entry_limit_bytes=entry_limit_bytes)
    assert all(len(item.body if isinstance(item, Entry) else item.text) <= entry_limit_bytes for item in items)


@given(entries=st.lists(st.tuples(ENTRIES, JSON_BODIES | st.just(b"")), max_size=8), block_bytes=st.integers(1, 200))
def test_undamaged_entries_come_back_as_they_were_in_reversed_order(
    entries: list[tuple[Entry, bytes]], block_bytes: int
) -> None:
    written: list[Entry | Fragment] = []
    line_number = 1
    for entry, body in entries:
        fields = (line_number, entry.local_time, entry.shop_number, entry.direction, entry.kind, body)
        written.append(Entry(*fields))
        line_number += body.count(b"\n") + 1
    output = io.BytesIO()
    write_newest_first(written, output)

    assert read(output.getvalue(), block_bytes=block_bytes) == written[::-1]
