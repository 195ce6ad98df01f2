"""A damaged journal: nothing is refused, nothing is lost, and the place of the damage is named."""

import io
from datetime import datetime

import pytest

from shops.exchange_log import (
    CUT_OFF,
    TIME_UNREADABLE,
    TOO_LONG,
    Entry,
    Fragment,
    read_oldest_first,
    write_newest_first,
)

NEWER = '| 2026-03-25 10:00:02 | 40 | Ответ (LIST) | [\n{\n"id": 7\n}\n] |'
EMPTY = "| 2026-03-25 10:00:01 | 40 | Ответ (RECEIPT) | |"
OLDER = '| 2026-03-25 10:00:00 | 40 | Запрос (LIST) | {\n"get": []\n} |'


def read(*parts: str, entry_limit_bytes: int = 1000) -> list[Entry | Fragment]:
    """What a file of these parts holds, newest first; that it is written back to the byte goes for every test."""
    text = "\n".join(parts).encode("utf-8", "surrogateescape")
    items = list(read_oldest_first(io.BytesIO(text), entry_limit_bytes=entry_limit_bytes))
    output = io.BytesIO()
    write_newest_first(reversed(items), output)
    assert output.getvalue() == text
    return items[::-1]


def expect_entry(item: Entry | Fragment) -> Entry:
    assert isinstance(item, Entry)
    return item


def test_text_above_the_first_header_is_a_fragment() -> None:
    preamble, newer, older = read('"id": 8\n} |', NEWER, OLDER)

    assert preamble == Fragment(1, b'"id": 8\n} |')
    assert (newer.line_number, older.line_number) == (3, 8)


def test_the_oldest_entry_that_is_cut_off_keeps_what_there_is() -> None:
    newer, cut_off = map(expect_entry, read(NEWER, OLDER[:-5]))

    assert (newer.closed, newer.damage) == (True, "")
    assert (cut_off.closed, cut_off.damage) == (False, CUT_OFF)
    assert (cut_off.line_number, cut_off.body) == (6, b'{\n"get": [')


@pytest.mark.parametrize("kept", ["|", "| ", "|  ", "| {", "| [] | ]"])
def test_an_entry_in_the_middle_that_is_cut_off_does_not_touch_its_neighbours(kept: str) -> None:
    newer, cut_off, older = map(expect_entry, read(NEWER, f"| 2026-03-25 10:00:01 | 40 | Ответ (LIST) {kept}", OLDER))

    assert not newer.damage and not older.damage
    assert (cut_off.closed, cut_off.damage, cut_off.line_number) == (False, CUT_OFF, 6)
    assert cut_off.body.decode().strip() == kept[1:].strip()


def test_an_unknown_kind_is_taken_as_written() -> None:
    assert expect_entry(read(OLDER.replace("LIST", "PING"))[0]).kind == "PING"
    odd = expect_entry(read(OLDER.replace("LIST", "Z-отчёт"))[0])
    assert (odd.kind, odd.damage, odd.shop_number) == ("Z-отчёт", "", 40)


@pytest.mark.parametrize("above", [NEWER, EMPTY])
@pytest.mark.parametrize(
    "garbage",
    [
        "garbage",
        "two\nlines",
        "PHP Warning: something |",
        "\x00\x00",
        "| 2026-03-25 | broken header | |",
        "\nafter a gap",
    ],
)
def test_garbage_below_a_complete_entry_is_a_fragment_of_its_own(above: str, garbage: str) -> None:
    entry, fragment, older = read(above, garbage, OLDER)

    expect_entry(entry)
    assert entry == read(above)[0]
    assert fragment == Fragment(above.count("\n") + 2, garbage.encode())
    assert older.line_number == above.count("\n") + garbage.count("\n") + 3


def test_garbage_below_a_complete_entry_with_windows_line_ends_is_a_fragment() -> None:
    entry, fragment, _ = read(NEWER.replace("\n", "\r\n") + "\r", "garbage\r", OLDER)

    assert (expect_entry(entry).damage, expect_entry(entry).tail) == ("", b"\r")
    assert fragment == Fragment(6, b"garbage\r")


def test_garbage_below_a_broken_body_stays_with_it() -> None:
    entry, older = map(expect_entry, read("| 2026-03-25 10:00:01 | 40 | Ответ (LIST) | [\n{ |", "garbage", OLDER))

    assert (entry.closed, entry.damage, entry.body) == (False, CUT_OFF, b"[\n{ |\ngarbage")
    assert older.line_number == 4


def test_blank_lines_between_entries_are_the_tail_of_the_upper_one() -> None:
    newer, older = map(expect_entry, read(NEWER, "", " ", OLDER))

    assert (newer.damage, newer.tail) == ("", b"\n\n ")
    assert older.line_number == 8


@pytest.mark.parametrize(
    "garbled", ["2026-13-45 10:00:01", "2026-03-25 25:61:00", "2026-03-25", "", "\x00\x00", "2026-03-2\udcff"]
)
def test_an_unreadable_time_is_taken_from_the_nearest_older_entry(garbled: str) -> None:
    _, entry, _ = map(expect_entry, read(NEWER, EMPTY.replace("2026-03-25 10:00:01", garbled), OLDER))

    assert entry.local_time == datetime(2026, 3, 25, 10, 0, 0)
    assert entry.damage == TIME_UNREADABLE
    assert (entry.shop_number, entry.kind, entry.body) == (40, "RECEIPT", b"")
    assert entry.header == f"| {garbled} | 40 | Ответ (RECEIPT) | ".encode("utf-8", "surrogateescape")


def test_an_unreadable_time_of_the_oldest_entries_is_taken_from_the_nearest_newer_one() -> None:
    items = read(NEWER, EMPTY.replace("03-25", "99-99"), OLDER.replace("10:00", "77:00"))

    assert [expect_entry(item).local_time for item in items] == [datetime(2026, 3, 25, 10, 0, 2)] * 3
    assert [expect_entry(item).damage for item in items] == ["", TIME_UNREADABLE, TIME_UNREADABLE]


def test_a_cut_off_entry_with_an_unreadable_time_says_both() -> None:
    damaged = expect_entry(read(NEWER, OLDER.replace("10:00", "77:00")[:-1])[1])

    assert damaged.damage == f"{TIME_UNREADABLE} {CUT_OFF}"


def test_entries_are_fragments_when_the_file_has_no_readable_time_at_all() -> None:
    items = read(*[part.replace("2026", "yyyy") for part in (NEWER, EMPTY)])

    assert [type(item) for item in items] == [Fragment, Fragment]


@pytest.mark.parametrize(
    "header", ["| 2026-03-25 10:00:01 | 040 | Ответ (LIST) | ", "|2026-03-25 10:00:01 |40| Ответ(LIST)| "]
)
def test_an_unusual_header_that_can_be_read_is_no_damage(header: str) -> None:
    entry = expect_entry(read(NEWER, f"{header}[] |", OLDER)[1])

    assert (entry.damage, entry.header, entry.body) == ("", header.encode(), b"[]")
    assert (entry.local_time, entry.shop_number) == (datetime(2026, 3, 25, 10, 0, 1), 40)


def test_nul_bytes_and_invalid_utf8_are_bytes_like_any_other() -> None:
    body = '{\n"a": "\x00\udcff\udcfe"\n}'
    entry = expect_entry(read(NEWER, f"| 2026-03-25 10:00:01 | 40 | Ответ (LIST) | {body} |", OLDER)[1])

    assert (entry.damage, entry.body) == ("", b'{\n"a": "\x00\xff\xfe"\n}')


def test_garbage_is_found_below_a_body_with_invalid_utf8() -> None:
    entry, fragment, _ = read('| 2026-03-25 10:00:01 | 40 | Ответ (LIST) | ["\udcff"] |', "garbage", OLDER)

    assert expect_entry(entry).body == b'["\xff"]'
    assert fragment == Fragment(2, b"garbage")


def test_an_empty_file_has_nothing() -> None:
    assert read("") == []


@pytest.mark.parametrize("text", ["\n", "no entry at all\n\nin here", "| a | table | of | another | kind |"])
def test_a_file_without_an_entry_is_one_fragment(text: str) -> None:
    assert read(text) == [Fragment(1, text.encode())]


def test_an_entry_beyond_the_limit_is_handed_out_in_pieces() -> None:
    rows = "\n".join(f'"row {number}",' for number in range(1000))
    items = read(NEWER, f"| 2026-03-25 10:00:01 | 40 | Ответ (LIST) | [\n{rows}\n0\n] |", OLDER)
    newer, long, *fragments, older = items

    assert not expect_entry(newer).damage and not expect_entry(older).damage
    assert (expect_entry(long).closed, expect_entry(long).damage) == (False, TOO_LONG)
    assert all(isinstance(item, Fragment) and len(item.text) <= 1000 and not item.mid_line for item in fragments)


def test_a_line_beyond_the_limit_is_cut_and_joined_again() -> None:
    _, long, *fragments, _ = read(NEWER, f'| 2026-03-25 10:00:01 | 40 | Ответ (LIST) | ["{"x" * 5000}"] |', OLDER)

    assert expect_entry(long).damage == TOO_LONG
    assert all(isinstance(item, Fragment) and item.mid_line for item in fragments)
