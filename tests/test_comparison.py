"""A bill and its receipts line by line: every line stands there once, and the feet are what was due and received."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.comparison import Adjustment, Cell, Row, State, build_table
from shops.money import ZERO, tax_inside
from shops.payment.values import Bill, BillLine, Receipt, ReceiptLine

NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)
TEA = BillLine("1", "Чай", Decimal("100.00"), Decimal(2), tax_rate="5%")
CUP = BillLine("2", "Чашка", Decimal("300.00"), Decimal(1), tax_rate="5%")


def bill_of(*lines: BillLine, prepayment: str = "0.00", total: Decimal | None = None) -> Bill:
    lines_total = sum((line.total for line in lines), ZERO)
    return Bill("7", "7", NOON, "", "", lines_total if total is None else total, Decimal(prepayment), lines)


def sold(line: BillLine, *, price: str = "", quantity: str = "", discount: str = "0.00", rate: int = 5) -> ReceiptLine:
    unit_price, amount = Decimal(price or line.price), Decimal(quantity or line.quantity)
    total = unit_price * amount - Decimal(discount)
    tax = tax_inside(total, Decimal(rate))
    return ReceiptLine(line.product_id, line.name, unit_price, amount, Decimal(discount), total, tax, Decimal(rate))


def receipt_of(*lines: ReceiptLine, minutes: int = 0, type: str = "SELL", total: str = "", method: str = "") -> Receipt:
    lines_total = sum((line.total for line in lines), ZERO)
    at = NOON + timedelta(minutes=minutes)
    discount = sum((line.discount for line in lines), ZERO)
    return Receipt(
        f"receipt {minutes}",
        type,
        at,
        at,
        None,
        Decimal(total or lines_total),
        lines,
        discount,
        settlement_method=method,
    )


def outline(rows: Iterable[Row]) -> list[tuple[int | None, State, set[Cell]]]:
    return [(row.position, row.state, set(row.differing)) for row in rows]


def test_what_was_sold_as_billed_differs_in_nothing() -> None:
    table = build_table(bill_of(TEA, CUP), [receipt_of(sold(CUP), sold(TEA))])
    assert outline(table.rows) == [(1, State.PAID, set()), (2, State.PAID, set())]
    assert table.gap == 0


def test_what_is_on_no_receipt_is_not_paid() -> None:
    table = build_table(bill_of(TEA, CUP), [receipt_of(sold(TEA, quantity="1"))])
    assert outline(table.rows) == [(1, State.PARTLY_PAID, {Cell.QUANTITY, Cell.TOTAL}), (2, State.UNPAID, set())]
    assert table.gap == Decimal("-400.00")


def test_every_cell_that_differs_is_marked() -> None:
    dearer = sold(CUP, price="350", discount="10.00", rate=10)
    table = build_table(bill_of(CUP), [receipt_of(dearer)])
    assert outline(table.rows) == [(1, State.PAID, {Cell.PRICE, Cell.DISCOUNT, Cell.TOTAL, Cell.TAX_RATE})]


def test_a_wrong_tax_is_marked() -> None:
    wrong = ReceiptLine("2", "Чашка", CUP.price, CUP.quantity, ZERO, CUP.total, Decimal("14.28"), Decimal(5))
    assert outline(build_table(bill_of(CUP), [receipt_of(wrong)]).rows) == [(1, State.PAID, {Cell.TAX})]


def test_a_line_paid_by_two_receipts_stands_beside_both() -> None:
    halves = [receipt_of(sold(TEA, quantity="1"), minutes=minutes) for minutes in (2, 1)]
    table = build_table(bill_of(TEA), halves)
    assert outline(table.rows) == [(1, State.PAID, set()), (None, State.PAID, set())]
    assert [row.sold.receipt_number for row in table.rows if row.sold] == [1, 2]


def test_one_receipt_line_pays_two_lines_of_the_bill() -> None:
    one = BillLine("1", "Чай", Decimal("100.00"), Decimal(1))
    other = BillLine("1", "Чай", Decimal("100.00"), Decimal(1), mark="x")
    table = build_table(bill_of(one, other), [receipt_of(sold(TEA))])
    assert outline(table.rows) == [(1, State.PAID, set()), (2, State.PAID, set())]
    assert [row.paid_with for row in table.rows] == [None, 1]


def test_more_than_billed_again_and_what_the_bill_has_not() -> None:
    table = build_table(
        bill_of(TEA),
        [receipt_of(sold(TEA, quantity="3")), receipt_of(sold(TEA), minutes=5), receipt_of(sold(CUP), minutes=9)],
    )
    assert [row.state for row in table.rows] == [State.AGAIN, State.AGAIN, State.UNEXPECTED]
    over = build_table(bill_of(TEA), [receipt_of(sold(TEA, quantity="3"))])
    assert [row.state for row in over.rows] == [State.OVERPAID]


def test_a_refund_stands_beside_its_line_with_negative_figures() -> None:
    table = build_table(bill_of(CUP), [receipt_of(sold(CUP)), receipt_of(sold(CUP), minutes=5, type="PAYBACK")])
    assert [row.state for row in table.rows] == [State.REFUNDED, State.REFUND]
    assert [row.sold.total for row in table.rows if row.sold] == [Decimal("300.00"), Decimal("-300.00")]
    assert table.gap == Decimal("-300.00")


def test_what_stands_between_lines_and_feet_is_named() -> None:
    bill = bill_of(TEA, CUP, prepayment="50.00", total=Decimal("510.00"))
    table = build_table(bill, [receipt_of(sold(TEA), sold(CUP), total="460.00")])
    assert table.billed is not None and table.sold is not None
    assert table.billed.adjustments == (
        (Adjustment.BILL_TOTAL_DIFFERS, Decimal("10.00")),
        (Adjustment.PREPAYMENT, Decimal("-50.00")),
    )
    assert table.sold.adjustments == ((Adjustment.RECEIPT_TOTAL_DIFFERS, Decimal("-40.00")),)
    assert (table.billed.total, table.sold.total) == (Decimal("460.00"), Decimal("460.00"))


def test_contents_unknown_compare_nothing() -> None:
    listed = Bill("7", "7", NOON, "", "", Decimal("500.00"), ZERO, None)
    table = build_table(listed, [receipt_of(sold(TEA), sold(CUP))])
    assert [row.state for row in table.rows] == [State.UNCOMPARED, State.UNCOMPARED]
    assert (table.gap, table.contents_known) == (ZERO, False)


def test_what_brings_no_money_is_left_out() -> None:
    credit = receipt_of(sold(CUP), method="Lend")
    table = build_table(bill_of(CUP), [credit])
    assert (table.counted, table.left_out, table.gap) == ((), (credit,), None)
    assert [row.state for row in table.rows] == [State.UNPAID]


bill_lines = st.builds(
    BillLine,
    st.sampled_from(["1", "2", "3"]),
    st.just("Чай"),
    st.decimals("0.01", "99.99", places=2),
    st.integers(1, 3).map(Decimal),
)
receipts = st.builds(
    lambda lines, minutes, type: receipt_of(*(sold(line) for line in lines), minutes=minutes, type=type),
    st.lists(bill_lines, max_size=3),
    st.integers(0, 90),
    st.sampled_from(["SELL", "SELL", "PAYBACK"]),
)


@given(st.lists(bill_lines, max_size=4), st.lists(receipts, max_size=4, unique_by=lambda receipt: receipt.receipt_id))
def test_every_line_stands_in_the_table_exactly_once(lines: list[BillLine], receipts: list[Receipt]) -> None:
    table = build_table(bill_of(*lines), receipts)
    assert [row.billed for row in table.rows if row.billed] == lines
    shown = sorted(id(row.sold.line) for row in table.rows if row.sold)
    assert shown == sorted(id(line) for receipt in receipts for line in receipt.lines)
    if table.sold is not None:
        assert table.sold.lines_total == sum((row.sold.total for row in table.rows if row.sold), ZERO)
