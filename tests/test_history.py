"""The invented history: the same for a seed, in the wire's own form, and never ambiguous."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from crmpos.history import DEFAULT_END, Planted, generate_history, write_log
from reconciliation.rules.kinds import Kind
from shops.exchange_log import Direction, Entry, read_oldest_first
from shops.marks import read_mark
from shops.pairing import Half, pair
from shops.wire_writer import write_text

SAMPLE = Path(__file__).parents[1] / "crmpos" / "samples" / "exchange-log.txt"


@cache
def generate(bills: int = 3000, seed: int = 1) -> tuple[tuple[Entry, ...], tuple[Planted, ...]]:
    planted: list[Planted] = []
    entries = tuple(generate_history(bills=bills, seed=seed, on_planted=planted.append))
    return entries, tuple(planted)


def as_log(entries: tuple[Entry, ...]) -> bytes:
    output = io.BytesIO()
    write_log(entries, output)
    return output.getvalue()


def read_sample() -> list[Entry]:
    with SAMPLE.open("rb") as file:
        return [item for item in read_oldest_first(file) if isinstance(item, Entry)]


def read_json(entry: Entry) -> object:
    return json.loads(entry.body, parse_float=Decimal)


def is_json(entry: Entry) -> bool:
    try:
        json.loads(entry.body or b"null")
    except ValueError:
        return False
    return True


def list_answers(kind: str) -> Iterator[Entry]:
    for entry in generate()[0]:
        if entry.kind == kind and entry.direction == Direction.ANSWER and is_json(entry):
            yield entry


def test_the_same_seed_gives_the_same_log_on_every_machine() -> None:
    log = as_log(tuple(generate_history(bills=300, seed=7)))

    assert log == as_log(tuple(generate_history(bills=300, seed=7)))
    assert log != as_log(tuple(generate_history(bills=300, seed=8)))
    assert hashlib.sha256(log).hexdigest() == "a9ebb81e34bfb374a2ba8b02a70052df3ead67651f929012d2dc81347cfc6b84"


def test_every_kind_of_discrepancy_is_planted_in_a_few_thousand_bills() -> None:
    _, planted = generate()
    kinds = {Kind(one.kind) for one in planted}

    # The journal of v2 holds no documents of registers, so no shift can differ in it.
    assert kinds == set(Kind) - {Kind.CONFLICTING_RECEIPT, Kind.SHIFT_MISMATCH}
    several = Counter((one.shop, one.bill) for one in planted if one.bill)
    assert any(count >= 3 for count in several.values())


def test_about_six_bills_in_a_hundred_are_wrong() -> None:
    _, planted = generate()
    wrong = {(one.shop, one.bill or one.receipt or index) for index, one in enumerate(planted)}

    assert 120 <= len(wrong) <= 240


def test_planted_amounts_are_whole_kopecks_and_stand_where_the_kind_has_one() -> None:
    monetary = set(list(Kind)[: list(Kind).index(Kind.SUM_MISMATCH) + 1])
    for one in generate()[1]:
        assert (one.amount is not None) == (one.kind in monetary)
        assert one.amount is None or (one.amount != 0 and one.amount * 100 == int(one.amount * 100))


def test_entries_come_in_the_order_of_time_and_within_the_days() -> None:
    entries, _ = generate()
    times = [entry.local_time for entry in entries]

    assert times == sorted(times)
    assert DEFAULT_END - timedelta(days=90) < times[0] < DEFAULT_END - timedelta(days=88)
    assert DEFAULT_END - timedelta(days=1) < times[-1] <= DEFAULT_END
    assert {entry.shop_number for entry in entries} == {501, 502, 503, 504, 505}


def test_the_log_is_read_back_as_it_was_generated() -> None:
    entries, _ = generate(bills=200)
    log = as_log(entries)
    read_back = list(read_oldest_first(io.BytesIO(log)))

    assert not log.endswith(b"\n")
    assert [item.body for item in read_back if isinstance(item, Entry)] == [entry.body for entry in entries]
    assert all(isinstance(item, Entry) and item.closed and not item.damage for item in read_back)


def test_the_writer_writes_as_the_wire_does() -> None:
    """Every message of the real sample, read and written again, is the same text."""
    for entry in read_sample():
        if entry.body:
            assert write_text(read_json(entry)).encode() == entry.body


def test_every_body_is_well_formed_but_those_planted_as_unreadable() -> None:
    entries, planted = generate()
    unreadable = [entry for entry in entries if not is_json(entry)]

    assert len(unreadable) == sum(one.kind == Kind.UNREADABLE for one in planted)
    for entry in entries:
        if entry.body and is_json(entry):
            assert write_text(read_json(entry)).encode() == entry.body


def objects_in(value: object, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every object within a message: where it stands, and its keys in their order."""
    if isinstance(value, dict):
        yield path, list(value)
        for key, inner in value.items():
            yield from objects_in(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner, f"{path}[]")


def orders_in(entries: Iterable[Entry], kind: str, direction: str) -> set[tuple[str, str, str]]:
    """Which key stands before which in the objects of one place, in all messages of this kind and direction."""
    return {
        (path, *two)
        for entry in entries
        if (entry.kind, entry.direction) == (kind, direction) and is_json(entry)
        for path, keys in objects_in(read_json(entry))
        for two in combinations(keys, 2)
    }


@pytest.mark.parametrize(
    ("kind", "direction"),
    [("LIST", "request"), ("LIST", "answer"), ("BILL", "request"), ("BILL", "answer"), ("RECEIPT", "request")],
)
def test_the_fields_are_those_of_the_wire_in_its_order(kind: str, direction: str) -> None:
    assert orders_in(generate(bills=200)[0], kind, direction) == orders_in(read_sample(), kind, direction)


def test_marks_are_well_formed_but_those_planted_as_broken() -> None:
    _, planted = generate()
    broken = set()
    items: dict[str, set[str]] = {}
    for entry in list_answers("BILL"):
        bill = json.loads(entry.body)
        for line in bill["products"]:
            if "mark" in line:
                mark = read_mark(line["mark"], item_type=line["type"])
                items.setdefault(mark.item, set()).add(str(bill["id"]))
                if mark.fault:
                    broken.add(str(bill["id"]))
    repeated = {bill for bills in items.values() if len(bills) > 1 for bill in bills}

    assert len(items) > 500
    assert broken and repeated
    assert broken | repeated == {one.bill for one in planted if one.kind == Kind.INVALID_MARK}


def test_an_answer_can_belong_to_one_request_only() -> None:
    entries, planted = generate()
    halves = [
        Half(
            reference=index,
            shop_number=entry.shop_number,
            kind=entry.kind,
            is_request=entry.direction == Direction.REQUEST,
            occurred_at=entry.local_time,
            bill_id=bill_of(entry),
        )
        for index, entry in enumerate(entries)
    ]
    pairs = list(pair(halves))
    unanswered = len(entries) - 2 * len(pairs)

    assert unanswered == sum(one.kind == Kind.UNANSWERED for one in planted)
    for request, answer in pairs:
        if entries[request].kind == "LIST" and is_json(entries[answer]):
            number = json.loads(entries[request].body)["get"].get("number")
            assert number is None or all(bill["number"] == number for bill in json.loads(entries[answer].body))


def bill_of(entry: Entry) -> str:
    if entry.kind != "BILL":
        return ""
    message = json.loads(entry.body)
    return str(message["get"]["id"] if entry.direction == Direction.REQUEST else message["id"])


@pytest.mark.parametrize(
    "end", [datetime(2026, 3, 31, 3, 0), datetime(2026, 3, 31, 13, 0), datetime(2026, 3, 31, 23, 59)]
)
def test_the_history_may_end_at_any_time_of_the_day(end: datetime) -> None:
    entries = list(generate_history(bills=40, seed=3, shops=2, days=2, end=end))

    assert entries
    assert all(end - timedelta(days=3) < entry.local_time <= end for entry in entries)


def test_a_shop_without_bills_has_no_history() -> None:
    assert list(generate_history(bills=0, seed=1)) == []
