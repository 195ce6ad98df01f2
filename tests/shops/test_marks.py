"""Marking codes: which are well formed, and what is wrong with the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.marks import (
    FAULTS,
    GTIN_CHECK_DIGIT,
    LIGHT_INDUSTRY,
    NO_GTIN,
    NO_SERIAL,
    NOT_GS1,
    SERIAL_LENGTH,
    SIGNATURE,
    read_mark,
    read_mark_plainly,
)

KEY_AND_SIGNATURE = "\x1d91EE10\x1d92iXJRCt9D5dTQ5GkcsHpqS1CFAmXV/TSLwg6BEFrql4M="
GOOD = "0104620277203124215/CCRULLHcjB4" + KEY_AND_SIGNATURE


@pytest.mark.parametrize(
    "code",
    [
        GOOD,
        "0104620277203209215EECEebH_q;fk" + KEY_AND_SIGNATURE,
        "0104620277203117215avTFKeU*dkqE" + KEY_AND_SIGNATURE,
        "010462027720312421ABCDEFGHIJKLM\x1d93dGVz",
    ],
)
def test_a_well_formed_code_has_no_fault(code: str) -> None:
    assert read_mark(code, item_type=LIGHT_INDUSTRY).fault == ""


def test_a_code_names_its_item() -> None:
    assert read_mark(GOOD).item == "04620277203124:5/CCRULLHcjB4"


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("not a code", NOT_GS1),
        ("", NO_GTIN),
        ("215/CCRULLHcjB4" + KEY_AND_SIGNATURE, NO_GTIN),
        (GOOD.replace("04620277203124", "04620277203125"), GTIN_CHECK_DIGIT),
        ("0104620277203124", NO_SERIAL),
        ("0104620277203124215/CCRULLHcjB" + KEY_AND_SIGNATURE, SERIAL_LENGTH),
        ("0104620277203124215/CCRULLHcjB4", SIGNATURE),
        ("0104620277203124215/CCRULLHcjB4\x1d91EE10\x1d92short", SIGNATURE),
        ("0104620277203124215/CCRULLHcjB4\x1d91EE10", SIGNATURE),
    ],
)
def test_a_malformed_code_says_what_is_wrong(code: str, fault: str) -> None:
    assert read_mark(code, item_type=LIGHT_INDUSTRY).fault == fault


def test_only_light_industry_prescribes_the_length_of_the_serial() -> None:
    code = "0104620277203124215/CCRU" + KEY_AND_SIGNATURE
    assert read_mark(code, item_type=LIGHT_INDUSTRY).fault == SERIAL_LENGTH
    assert read_mark(code, item_type="SHOES_MARKED").fault == ""


@given(st.text() | st.text(alphabet="0129\x1d٠AZ/=").map(lambda text: "01" + text))
def test_any_text_is_read(code: str) -> None:
    assert read_mark(code, item_type=LIGHT_INDUSTRY).fault in ("", *FAULTS)


@given(st.integers(0, len(GOOD) - 1), st.characters())
def test_any_damage_to_a_good_code_is_read(position: int, character: str) -> None:
    assert read_mark(GOOD[:position] + character + GOOD[position + 1 :]).fault in ("", *FAULTS)


TEXTS = st.text(st.characters(min_codepoint=0x1C, max_codepoint=0x7F), max_size=50)
SERIALS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7A), min_size=1, max_size=21)
ENDS = st.sampled_from([KEY_AND_SIGNATURE, "\x1d93dGVz", "\x1d93dGVz\x1d", "\x1d93dGV", "", "\x1d91EE10\x1d93dGVz"])
TYPES = st.sampled_from([LIGHT_INDUSTRY, "PERFUME_MARKED", ""])


@given(gtin=st.from_regex(r"0[0-9]46[0-9]{9}", fullmatch=True), serial=SERIALS, end=ENDS | TEXTS, item_type=TYPES)
def test_a_usual_code_is_read_as_any_other(gtin: str, serial: str, end: str, item_type: str) -> None:
    for check_digit in "0123456789":
        for shown in (gtin, "046" + gtin[3:]):
            code = f"01{shown}{check_digit}21{serial}{end}"
            assert read_mark(code, item_type=item_type) == read_mark_plainly(code, item_type=item_type)


@given(TEXTS)
def test_any_text_is_read_alike(text: str) -> None:
    assert read_mark(text) == read_mark_plainly(text)
    assert read_mark(GOOD + text) == read_mark_plainly(GOOD + text)
