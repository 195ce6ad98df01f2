"""A receipt divided over bills is still the receipt: every figure adds up, and so do the causes of each case."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.rules.facts import Case
from reconciliation.rules.judge import judge
from reconciliation.rules.kinds import MONETARY
from shops.money import ZERO, multiply, tax_inside
from shops.payment.splitting import LineShare, Share, divide, divide_quantity, split_receipt
from shops.payment.takings import brings_money
from shops.payment.values import PAYBACK, SELL, Bill, BillLine, Receipt, ReceiptLine

NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)

amounts = st.decimals(min_value=0, max_value=5000, places=2)
quantities = st.sampled_from([Decimal(text) for text in ("1", "2", "3", "0.5", "0.333")])
weights = st.lists(st.integers(0, 100), min_size=2, max_size=4)


@st.composite
def receipt_lines(draw: st.DrawFn) -> ReceiptLine:
    price, quantity = draw(amounts), draw(quantities)
    gross = multiply(price, quantity)
    discount = draw(st.sampled_from([ZERO, min(gross, Decimal("10.01"))]))
    total, percent = gross - discount, draw(st.sampled_from([Decimal(0), Decimal(5), Decimal(22)]))
    tax = draw(st.sampled_from([tax_inside(total, percent), Decimal("1.11")]))
    product = draw(st.sampled_from(["a", "b", "c"]))
    return ReceiptLine(product, product, price, quantity, discount, total, tax, percent)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    lines = tuple(draw(st.lists(receipt_lines(), min_size=1, max_size=4)))
    on_lines = sum((line.total for line in lines), ZERO)
    on_whole = draw(st.sampled_from([ZERO, min(on_lines, Decimal("7.77"))]))
    return Receipt(
        receipt_id="r-1",
        type=draw(st.sampled_from([SELL, SELL, PAYBACK])),
        printed_at=NOON,
        received_at=NOON,
        answered=None,
        total=on_lines - on_whole,
        lines=lines,
        discount=sum((line.discount for line in lines), ZERO) + draw(st.sampled_from([ZERO, on_whole])),
        settlement_method=draw(st.sampled_from(["FullSettlement", "AdvancePayment", ""])),
        bill_id="501",
        bill_number="501-CRM",
    )


@st.composite
def splits(draw: st.DrawFn) -> tuple[Receipt, list[Share]]:
    """A receipt, and shares of it as the table of a split makes them."""
    receipt = draw(receipts())
    count = draw(st.integers(2, 4))
    pieces: list[list[LineShare]] = [[] for _ in range(count)]
    for index, line in enumerate(receipt.lines):
        totals = divide(line.total, [Decimal(draw(st.integers(0, 5))) for _ in range(count)])
        for place, (quantity, total) in enumerate(zip(divide_quantity(line, totals), totals, strict=True)):
            if quantity or total:
                pieces[place].append(LineShare(index, quantity, total))
    sums = [sum((share.total for share in part), ZERO) for part in pieces]
    beyond = divide(receipt.total - sum(sums, ZERO), sums)
    return receipt, [
        Share(amount + share, tuple(part)) for amount, share, part in zip(sums, beyond, pieces, strict=True)
    ]


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    lines = tuple(
        BillLine(product, product, draw(amounts), draw(quantities))
        for product in draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=3))
    )
    return Bill(
        external_id="501",
        number="",
        issued_at=NOON,
        customer_name="",
        customer_taxpayer_number="",
        total=sum((line.total for line in lines), ZERO),
        prepayment=ZERO,
        lines=draw(st.sampled_from([lines, lines, None])),
    )


@given(splits())
def test_the_parts_are_the_receipt(split: tuple[Receipt, list[Share]]) -> None:
    receipt, shares = split
    parts = split_receipt(receipt, shares)
    assert sum((part.total for part in parts), ZERO) == receipt.total
    assert sum((part.discount for part in parts), ZERO) == receipt.discount
    for name in ("quantity", "total", "discount"):
        of_parts = sum((getattr(line, name) for part in parts for line in part.lines), ZERO)
        assert of_parts == sum((getattr(line, name) for line in receipt.lines), ZERO)
    assert all(part.receipt_id == receipt.receipt_id and part.type == receipt.type for part in parts)


@given(splits(), st.lists(bills(), min_size=4, max_size=4))
def test_the_causes_of_every_case_add_up_to_its_gap(split: tuple[Receipt, list[Share]], each_bill: list[Bill]) -> None:
    receipt, shares = split
    for bill, part in zip([*each_bill[:-1], None], split_receipt(receipt, shares), strict=False):
        judgement = judge(Case(bill=bill, receipts=(part,)), NOON)
        named = sum((finding.amount or ZERO for finding in judgement.findings if finding.kind in MONETARY), ZERO)
        if brings_money(part):
            assert judgement.gap is not None
            assert named == judgement.gap


@given(receipts())
def test_vat_that_was_right_is_right_in_every_part(receipt: Receipt) -> None:
    halves = [divide(line.total, [Decimal(1), Decimal(2)]) for line in receipt.lines]
    shares = [
        Share(
            sum((totals[place] for totals in halves), ZERO),
            tuple(LineShare(index, line.quantity, halves[index][place]) for index, line in enumerate(receipt.lines)),
        )
        for place in (0, 1)
    ]
    for part in split_receipt(receipt, shares):
        for line, piece in zip(receipt.lines, part.lines, strict=True):
            if line.tax == tax_inside(line.total, line.tax_percent):
                assert piece.tax == tax_inside(piece.total, piece.tax_percent)


@given(amounts, weights)
def test_what_is_divided_adds_up(amount: Decimal, given_weights: list[int]) -> None:
    divided = divide(amount, [Decimal(weight) for weight in given_weights])
    assert sum(divided, ZERO) == amount
    assert all(part >= 0 for part in divided)


def test_a_part_says_nothing_of_the_bill_that_the_receipt_names() -> None:
    receipt = Receipt(
        "r-1", SELL, NOON, NOON, None, Decimal(100), (), bill_id="9", bill_number="9", customer_name="Ада"
    )
    (part,) = split_receipt(receipt, [Share(Decimal(100))])
    assert (part.bill_id, part.bill_number, part.customer_name, part.total) == ("", "", "", Decimal(100))


def test_five_thousand_for_two_bills_are_divided_by_sums() -> None:
    line = ReceiptLine("", "Оплата по двум счетам", Decimal(5000), Decimal(1), ZERO, Decimal(5000))
    receipt = Receipt("r-1", SELL, NOON, NOON, None, Decimal(5000), (line,))
    totals = [Decimal(2000), Decimal(3000)]
    shares = [
        Share(total, (LineShare(0, quantity, total),))
        for total, quantity in zip(totals, divide_quantity(line, totals), strict=True)
    ]
    parts = split_receipt(receipt, shares)
    assert [(part.total, part.lines[0].quantity) for part in parts] == [
        (Decimal(2000), Decimal("0.400")),
        (Decimal(3000), Decimal("0.600")),
    ]
