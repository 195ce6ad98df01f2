"""What is taken out of a JSON text leaves the rest of it as it was written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.wire_splice import keep_items, replace_values, split_array, split_object

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
BLANKS = st.text(" \t\r\n", max_size=3)


def write_loosely(value: Any, blank: str, ascii_only: bool) -> str:
    written = json.dumps(value, ensure_ascii=ascii_only, separators=(f"{blank},{blank}", f"{blank}:{blank}"))
    return f"{blank}{written}{blank}"


@given(st.lists(VALUES, max_size=5), BLANKS, st.booleans(), st.data())
def test_the_kept_elements_stay_as_they_were_written(
    values: list[Any], blank: str, ascii_only: bool, data: st.DataObject
) -> None:
    text = write_loosely(values, blank, ascii_only)
    items = split_array(text)
    assert [item.value for item in items] == values
    assert keep_items(text, items, range(len(items)), written={}) == text or not items
    kept = [index for index in range(len(values)) if data.draw(st.booleans())]
    cut = keep_items(text, items, kept, written={})
    assert json.loads(cut) == [values[index] for index in kept]
    for index in kept:
        assert text[items[index].start : items[index].end] in cut


@given(st.dictionaries(st.text(max_size=5), VALUES, min_size=1, max_size=4), BLANKS, st.booleans())
def test_another_value_changes_nothing_but_its_place(values: dict[str, Any], blank: str, ascii_only: bool) -> None:
    text = write_loosely(values, blank, ascii_only)
    key = sorted(values)[0]
    replaced = replace_values(text, {key: "12.50", "no such key\n": "1"})
    assert json.loads(replaced) == values | {key: 12.5}
    [item] = [item for item in split_object(text) if item.key == key]
    assert replaced == text[: item.start] + "12.50" + text[item.end :]


def test_every_value_under_a_repeated_key_is_replaced() -> None:
    assert replace_values('{"a" :1, "a": {"a": 2}}', {"a": "3"}) == '{"a" :3, "a": 3}'


@pytest.mark.parametrize(
    "text", ["", "[", "[1", "[1,]", "[1 2]", "[]x", "{}", "[1}", "<html>", '{"a": 1}', "[" * 10_000 + "]" * 10_000]
)
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        split_array(text)


@pytest.mark.parametrize("text", ["[]", "{1: 2}", '{"a"}', '{"a": 1,}', '{"a" 1}', "{a: 1}", '{"a": 1} {}'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        split_object(text)
