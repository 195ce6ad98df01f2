"""Amounts: parse, round, multiply, write.

Pure: the standard library only. The one module in which an amount is rounded; everything else adds, subtracts
and compares what it gets from here.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

ZERO = Decimal("0.00")
KOPECK = Decimal("0.01")
GRAM = Decimal("0.001")
TENTH = Decimal("0.1")

NOISE = Decimal("1e-6")  # what a sender's binary floats leave behind a decimal: 489.60000000000002

AMOUNT_LIMIT = Decimal("1e11")  # beyond any bill; a hundred such amounts still fit numeric(15, 2)
QUANTITY_LIMIT = Decimal("1e9")  # fits numeric(12, 3)

# A context refuses what would have to be rounded, and what has more digits than the largest amount or quantity.
_take_amount = Context(prec=13, traps=[InvalidOperation, Inexact]).quantize
_take_quantity = Context(prec=12, traps=[InvalidOperation, Inexact]).quantize

SHOWN_LENGTH = 40  # of a refused number in a message


def round_to_kopeck(amount: Decimal) -> Decimal:
    """`amount` with two places, half a kopeck rounded away from zero as cash registers do."""
    return amount.quantize(KOPECK, rounding=ROUND_HALF_UP)


def round_quantity(quantity: Decimal) -> Decimal:
    """`quantity` with three places (a gram of a kilogram)."""
    return quantity.quantize(GRAM, rounding=ROUND_HALF_UP)


def multiply(price: Decimal, quantity: Decimal) -> Decimal:
    """What `quantity` costs at `price`, to the kopeck."""
    return round_to_kopeck(price * quantity)


def from_kopecks(count: int) -> Decimal:
    """An amount from a whole number of kopecks."""
    return Decimal(count).scaleb(-2)


def share_in_percent(part: Decimal | int, whole: Decimal | int) -> Decimal:
    """How much of `whole` is `part`, in percent with one place; nothing of nothing is nothing."""
    if not whole:
        return ZERO
    return (Decimal(part) * 100 / Decimal(whole)).quantize(TENTH, rounding=ROUND_HALF_UP)


def is_whole_kopecks(amount: Decimal) -> bool:
    """Whether `amount` needs no rounding."""
    return amount == round_to_kopeck(amount)


def tax_inside(total: Decimal, rate_percent: Decimal) -> Decimal:
    """The VAT contained in `total` (tax code of Russia, article 164 paragraph 4): total × rate / (100 + rate).

    There is none in a rate below zero, which a damaged receipt may bring.
    """
    if rate_percent <= 0:
        return ZERO
    return round_to_kopeck(total * rate_percent / (100 + rate_percent))


def parse_amount(value: object) -> Decimal:
    """An amount in roubles with two places from an int, a Decimal or a text.

    Raises TypeError for a float (it has already lost the kopecks) and ValueError for what is no amount: not a
    number, not finite, out of range, or with parts of a kopeck (beyond the noise of a sender's floats).
    """
    return _parse(value, step=KOPECK, limit=AMOUNT_LIMIT)


def parse_quantity(value: object) -> Decimal:
    """A quantity with three places; refuses what `parse_amount` refuses."""
    return _parse(value, step=GRAM, limit=QUANTITY_LIMIT)


def take_amount(number: Decimal) -> Decimal:
    """What `parse_amount` gives for a number that is an amount as it stands. Raises ArithmeticError for any other."""
    amount = _take_amount(number, KOPECK)
    return amount if amount > 0 else amount + 0  # comparing refuses what is no number


def take_quantity(number: Decimal) -> Decimal:
    """What `parse_quantity` gives for a number that is a quantity as it stands. Raises ArithmeticError."""
    quantity = _take_quantity(number, GRAM)
    return quantity if quantity > 0 else quantity + 0


def _parse(value: object, *, step: Decimal, limit: Decimal) -> Decimal:
    if isinstance(value, float | bool) or not isinstance(value, int | str | Decimal):
        raise TypeError(f"{type(value).__name__} is no exact number")
    try:
        number = Decimal(value)
    except ArithmeticError:
        raise ValueError(f"{_shorten(value)} is no number") from None
    # `copy_abs`, not `abs`: that one rounds to the context's precision, and overflows at a million digits.
    if not number.is_finite() or number.copy_abs() >= limit:
        raise ValueError(f"{_shorten(number)} is out of range")
    rounded = number.quantize(step, rounding=ROUND_HALF_UP)
    if abs(rounded - number) > NOISE:
        raise ValueError(f"{_shorten(number)} has more places than {step}")
    return rounded + 0  # a minus before zero says nothing


def _shorten(value: object) -> str:
    """A value as a message quotes it: a number of a million digits is not repeated."""
    text = str(value)
    return repr(text) if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]!r}…"


def format_wire(number: Decimal) -> str:
    """As the wire writes numbers: `31690`, `489.6`, `3859.01`; never an exponent."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def format_plain(amount: Decimal) -> str:
    """As the back-office API and machine-readable exports write amounts: `-31040.00`."""
    return format(round_to_kopeck(amount), "f")
