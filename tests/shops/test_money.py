"""Amounts: what is read as one, how it is rounded, and how it is written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.money import (
    AMOUNT_LIMIT,
    format_plain,
    format_wire,
    is_whole_kopecks,
    multiply,
    parse_amount,
    parse_quantity,
    round_to_kopeck,
    tax_inside,
)

kopecks = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        (31690, "31690.00"),
        ("489.6", "489.60"),
        (Decimal("3859.01"), "3859.01"),
        (Decimal("489.60000000000002"), "489.60"),
        (Decimal("489.59999999999997"), "489.60"),
        ("-0", "0.00"),
        ("-0.001e-5", "0.00"),
        ("1e3", "1000.00"),
    ],
)
def test_an_amount_has_two_places(written: object, amount: str) -> None:
    assert format(parse_amount(written), "f") == amount


@pytest.mark.parametrize(
    "written", ["NaN", "sNaN", "Infinity", "-Infinity", "1e5000", "", "five", "1,5", "0.005", "12.345"]
)
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_amount(written)


def test_an_amount_beyond_any_bill_is_refused() -> None:
    assert parse_amount(AMOUNT_LIMIT - Decimal("0.01"))
    with pytest.raises(ValueError, match="out of range"):
        parse_amount(AMOUNT_LIMIT)


@pytest.mark.parametrize("written", [0.1, 489.6, True, None, [1], b"1"])
def test_a_float_is_refused_for_it_has_already_lost_the_kopecks(written: object) -> None:
    with pytest.raises(TypeError):
        parse_amount(written)


def test_a_refused_number_of_a_million_digits_is_not_repeated() -> None:
    with pytest.raises(ValueError) as refused:
        parse_amount("9" * 1_000_000)
    assert len(str(refused.value)) < 100


def test_a_quantity_has_three_places() -> None:
    assert parse_quantity("0.355") == Decimal("0.355")
    with pytest.raises(ValueError):
        parse_quantity("0.3555")


@pytest.mark.parametrize(
    ("total", "rate", "tax"),
    [
        ("650", "5", "30.95"),
        ("372", "5", "17.71"),
        ("0.21", "5", "0.01"),
        ("0.63", "5", "0.03"),
        ("0.33", "10", "0.03"),
        ("0.055", "10", "0.01"),  # 0.005 exactly: half a kopeck goes up
        ("100", "0", "0.00"),
        ("100", "-100", "0.00"),
        ("1220", "22", "220.00"),
    ],
)
def test_vat_is_contained_in_the_price(total: str, rate: str, tax: str) -> None:
    assert tax_inside(Decimal(total), Decimal(rate)) == Decimal(tax)


def test_half_a_kopeck_is_rounded_away_from_zero() -> None:
    assert round_to_kopeck(Decimal("0.005")) == Decimal("0.01")
    assert round_to_kopeck(Decimal("-0.005")) == Decimal("-0.01")
    assert multiply(Decimal("10.01"), Decimal("0.5")) == Decimal("5.01")


@pytest.mark.parametrize(
    ("amount", "on_the_wire", "plain"),
    [
        ("31690.00", "31690", "31690.00"),
        ("489.60", "489.6", "489.60"),
        ("3859.01", "3859.01", "3859.01"),
        ("0.00", "0", "0.00"),
        ("-31040.00", "-31040", "-31040.00"),
        ("1E+3", "1000", "1000.00"),
    ],
)
def test_an_amount_is_written_as_its_reader_expects(amount: str, on_the_wire: str, plain: str) -> None:
    assert format_wire(Decimal(amount)) == on_the_wire
    assert format_plain(Decimal(amount)) == plain


@given(kopecks)
def test_what_is_written_is_read_back(amount: Decimal) -> None:
    assert parse_amount(format_wire(amount)) == amount
    assert parse_amount(format_plain(amount)) == amount
    assert parse_amount(Decimal(repr(float(amount)))) == amount
    assert is_whole_kopecks(amount)
