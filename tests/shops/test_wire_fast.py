"""The usual messages, read at once, say what the plain reader makes of them; and so does every spoilt one."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmpos.history import generate_history, write_log
from shops import wire_fast
from shops.exchange_log import Direction, Entry, read_oldest_first
from shops.messages import Message, understand, understand_body, understand_body_plainly, understand_plainly
from shops.wire import BILL, LIST, RECEIPT
from shops.wire_fields import WireError
from shops.wire_writer import write_json
from tests.faults.load import make_payment
from tests.faults.mutations import RAW, SURPRISES, mutate
from tests.shops.test_wire import BILL as STATED
from tests.shops.test_wire import EVENT, LISTED

SEEDS = 400
ENVELOPE: dict[str, Any] = {
    "get": {"q": "api/v2/receipts", "id": "17", "number": "17-CRM"},
    "body": EVENT,
    "post": EVENT,
    "headers": {"vary": ["Accept"]},
}
QUERY: dict[str, Any] = ENVELOPE | {"get": {"q": "api/v2/bill/byid/49152"}, "body": None, "post": []}
SAID: dict[tuple[str, Direction], Any] = {
    (LIST, Direction.ANSWER): [LISTED, LISTED | {"id": 7, "number": None}],
    (BILL, Direction.ANSWER): STATED,
    (RECEIPT, Direction.REQUEST): ENVELOPE,
    (BILL, Direction.REQUEST): QUERY,
    (LIST, Direction.REQUEST): QUERY,
}


def seen(message: Message) -> tuple[object, ...]:
    """A message with its error taken apart: errors are equal to nothing but themselves."""
    error = message.error
    refused = (type(error), error.code, error.reason, error.subject) if isinstance(error, WireError) else None
    return message.bill_id, message.bill_number, message.listed, message.bill, tuple(message.receipts), refused


def check_same(kind: str, direction: Direction, body: bytes) -> None:
    plain = understand_plainly(kind, direction, body)
    fast = understand(kind, direction, body)
    assert seen(fast) == seen(plain)
    assert repr(seen(fast)) == repr(seen(plain))  # zeros have a sign and places


@pytest.mark.parametrize(("kind", "direction"), SAID)
def test_a_usual_message_is_read_at_once(kind: str, direction: Direction, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(SAID[kind, direction]).encode()
    check_same(kind, direction, body)
    monkeypatch.setattr("shops.messages.understand_plainly", lambda *said: pytest.fail("it was read plainly"))
    assert understand(kind, direction, body).fault == ""


@pytest.mark.parametrize(("kind", "direction"), SAID)
def test_every_spoilt_message_says_the_same(kind: str, direction: Direction) -> None:
    for seed in range(SEEDS):
        check_same(kind, direction, mutate(SAID[kind, direction], seed))


def test_every_spoilt_receipt_of_a_register_says_the_same() -> None:
    payment = json.loads(write_json(make_payment(7)))
    for seed in range(SEEDS):
        body = mutate(payment, seed)
        assert seen(understand_body(RECEIPT, body)) == seen(understand_body_plainly(RECEIPT, body))


def list_places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    return [place for key in keys for place in [(*path, key), *list_places(document[key], (*path, key))]]


@pytest.mark.parametrize(("kind", "direction"), SAID)
def test_every_field_may_be_anything(kind: str, direction: Direction) -> None:
    """Each field of each message in turn is each of what nobody expects; or it is missing."""
    marker = "the place of a raw value"
    odd = [*(json.dumps(value).encode() for value in SURPRISES if value != 10**400), *RAW, b"-0.00", b"12.345", b"1e2"]
    for path in list_places(SAID[kind, direction]):
        document = json.loads(json.dumps(SAID[kind, direction]))
        container = document
        for key in path[:-1]:
            container = container[key]
        container[path[-1]] = marker
        written = json.dumps(document).encode()
        for value in odd:
            check_same(kind, direction, written.replace(f'"{marker}"'.encode(), value))
        del container[path[-1]]
        check_same(kind, direction, json.dumps(document).encode())


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers() | st.floats(allow_nan=False))
def test_every_number_is_read_alike(number: object) -> None:
    written = json.dumps(SAID[LIST, Direction.ANSWER]).replace("31690", str(number)).encode()
    check_same(LIST, Direction.ANSWER, written)
    written = json.dumps(STATED).replace('"quantity": 1', f'"quantity": {number}').encode()
    check_same(BILL, Direction.ANSWER, written)


def test_an_invented_history_is_read_alike() -> None:
    log = BytesIO()
    write_log(generate_history(bills=60, seed=11, shops=2, days=20), log)
    entries = [item for item in read_oldest_first(log) if isinstance(item, Entry)]
    assert len(entries) > 300
    for entry in entries:
        check_same(entry.kind, entry.direction, entry.body)
        check_same(LIST, Direction.ANSWER, entry.body)
        check_same(BILL, Direction.ANSWER, entry.body)


def test_a_field_of_the_longest_length_is_usual() -> None:
    longest = "ы" * 200
    assert wire_fast.read_usual_list(json.dumps([LISTED | {"id": longest}]).encode()) is not None
    assert wire_fast.read_usual_list(json.dumps([LISTED | {"id": longest + "ы"}]).encode()) is None
