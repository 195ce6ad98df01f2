"""Template filters over `shops.presentation`: {% load presentation %}."""

from decimal import Decimal

from django import template

from shops.marks import Mark, read_mark
from shops.models import BillLine
from shops.money import multiply
from shops.presentation import (
    show_amount,
    show_clock,
    show_log_time,
    show_percent,
    show_quantity,
    show_signed_amount,
    show_time,
)
from shops.wording import word_payment_source, word_receipt_type, word_settlement_method

register = template.Library()
register.filter("quantity", show_quantity)
register.filter("percent", show_percent)
register.filter("time_in", show_time)
register.filter("log_time_in", show_log_time)
register.filter("clock_in", show_clock)
register.filter("payment_source", word_payment_source)
register.filter("receipt_type", word_receipt_type)
register.filter("settlement_method", word_settlement_method)


@register.filter
def amount(figure: Decimal | str | None) -> str:
    """A template gives an empty text for what is not there, as the total of a bill that nobody has seen."""
    return show_amount(figure if isinstance(figure, Decimal) else None)


@register.filter
def signed_amount(figure: Decimal | str | None) -> str:
    return show_signed_amount(figure if isinstance(figure, Decimal) else None)


@register.filter
def amount_if_any(figure: Decimal) -> str:
    """Nothing for zero, so that a discount catches the eye."""
    return show_amount(figure or None)


@register.filter
def billed_sum(line: BillLine) -> Decimal:
    return multiply(line.price, line.quantity)


@register.filter
def mark_parts(line: BillLine) -> Mark:
    return read_mark(line.mark, item_type=line.goods_type)
