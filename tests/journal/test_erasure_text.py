"""Names go out of a text wherever and however they are written; the rest of it stays, and JSON stays JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.wire_erasure import Eraser

NAME, PHONE, MARK, OTHER = "Аркадий Вымышленный", "79001234567", "[m1]", "[m2]"
ERASER = Eraser({NAME: MARK, PHONE: OTHER})


@pytest.mark.parametrize(
    ("text", "erased"),
    [
        ("Аркадий Вымышленный, терминал 2", "[m1], терминал 2"),
        ("АРКАДИЙ  вымышленный", "[m1]"),
        ("Аркадий Вымышленныйx", "Аркадий Вымышленныйx"),
        ('{"a": "Аркадий Вымышленный"}', '{"a": "[m1]"}'),
        ('{"a":   "\\u0410\\u0440кадий Вымышленный\\/2"}', '{"a":   "[m1]\\/2"}'),
        ('{"a": "{\\"b\\": \\"\\\\u0410ркадий Вымышленный\\"}"}', '{"a": "{\\"b\\": \\"[m1]\\"}"}'),
        ('{"a": "\\nАркадий Вымышленный"}', '{"a": "\\n[m1]"}'),
        ('{"phone": 79001234567, "summ": 79001234567.5}', '{"phone": "[m2]", "summ": 79001234567.5}'),
        ('{"phone": "+79001234567"}', '{"phone": "+[m2]"}'),
        ('{"id": "1790012345678"}', '{"id": "1790012345678"}'),
        ('{"cut off": "Аркадий Вымышленный', '{"cut off": "[m1]'),
        ("", ""),
    ],
)
def test_names_go_and_nothing_else(text: str, erased: str) -> None:
    assert ERASER.erase(text) == erased
    assert ERASER.erase(text.encode()) == erased.encode()


def test_bytes_that_are_no_text_stay() -> None:
    assert ERASER.erase(b"\xff" + NAME.encode() + b"\xfe") == b"\xff[m1]\xfe"


def test_a_value_of_json_is_gone_through() -> None:
    value = {"a": [NAME, 5, None, True, {NAME: int(PHONE)}]}
    assert ERASER.erase(value) == {"a": [MARK, 5, None, True, {MARK: OTHER}]}


texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    texts | st.integers() | st.booleans() | st.none() | st.just(NAME) | st.just(f"г-н {NAME}!") | st.just(PHONE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(value=values, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_any_json_stays_the_json_that_it_was(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps([value], ensure_ascii=ascii_only, indent=indent)
    erased = ERASER.erase(text)
    assert json.loads(erased) == ERASER.erase([value])
    assert not ERASER.finds(erased)
    assert ERASER.erase(erased) == erased
