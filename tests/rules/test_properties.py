"""What holds for every case: the causes add up to the gap, nothing depends on order, nothing is invented."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from hypothesis import assume, given
from hypothesis import strategies as st

from reconciliation.rules.facts import Case, Message
from reconciliation.rules.findings import Judgement
from reconciliation.rules.judge import judge
from reconciliation.rules.kinds import MONETARY, Kind
from shops.money import KOPECK, ZERO, multiply, tax_inside
from shops.payment.paid import is_fully_paid
from shops.payment.values import PAYBACK, SELL, Bill, BillLine, Moment, Receipt, ReceiptLine

Value = TypeVar("Value")

NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)
NOW = NOON + timedelta(days=3)
METHODS = (
    "",
    "FullSettlement",
    "PartialSettlement",
    "FullPrepayment",
    "PartialPrepayment",
    "AdvancePayment",
    "Lend",
    "LoanPayment",
)

amounts = st.decimals(min_value=0, max_value=2000, places=2)
prices = (
    st.sampled_from([Decimal(text) for text in ("0.01", "10.01", "99.99", "100.00", "333.33", "1500.00")]) | amounts
)
quantities = st.sampled_from([Decimal(text) for text in ("1", "1", "2", "3", "0.5", "0.333", "1.234")])
pieces = st.integers(1, 5).map(Decimal)
products = st.sampled_from(["a", "b", "c", ""])
names = st.sampled_from(["tea", "Tea ", "cup", ""])
rates = st.sampled_from([Decimal(0), Decimal(5), Decimal(10), Decimal(22)])
times = st.integers(0, 90).map(lambda minutes: NOON + timedelta(minutes=minutes))


@st.composite
def bill_lines(draw: st.DrawFn) -> BillLine:
    return BillLine(
        product_id=draw(products),
        name=draw(names),
        price=draw(prices),
        quantity=draw(quantities),
        tax_rate=draw(st.sampled_from(["", "5%", "10%", "без НДС"])),
        mark=draw(st.sampled_from(["", "", "damaged"])),
    )


def make_bill(lines: Iterable[BillLine] | None, total: Decimal | None = None, prepayment: Decimal = ZERO) -> Bill:
    lines = None if lines is None else tuple(lines)
    lines_total = sum((line.total for line in lines or ()), ZERO)
    return Bill("1", "", None, "", "", lines_total if total is None else total, prepayment, lines)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    lines = draw(st.none() | st.lists(bill_lines(), max_size=4))
    bill = make_bill(lines, draw(st.none() | amounts), draw(st.sampled_from([ZERO, ZERO, Decimal(50)]) | amounts))
    listed = draw(st.none() | times)
    return replace(
        bill,
        listed_total=draw(st.none() | amounts) if listed else None,
        listed=Moment(listed, 0) if listed else None,
        opened_at=draw(st.none() | times),
        customer_name=draw(names),
    )


@st.composite
def receipt_lines(draw: st.DrawFn, bill: Bill | None) -> ReceiptLine:
    """A line that copies one of the bill more or less, or any line."""
    copied = draw(st.sampled_from(bill.lines)) if bill and bill.lines and draw(st.booleans()) else draw(bill_lines())
    price = draw(st.just(copied.price) | prices)
    quantity = draw(st.just(copied.quantity) | quantities)
    discount = draw(st.sampled_from([ZERO, ZERO, Decimal("7.77")]))
    total = max(multiply(price, quantity) - discount, ZERO)
    rate = draw(rates)
    return ReceiptLine(
        product_id=copied.product_id,
        name=copied.name,
        price=price,
        quantity=quantity,
        discount=discount,
        total=draw(st.just(total) | amounts),
        tax=draw(st.just(tax_inside(total, rate)) | amounts),
        tax_percent=rate,
    )


@st.composite
def receipts(draw: st.DrawFn, receipt_id: str, bill: Bill | None) -> Receipt:
    lines = tuple(draw(st.lists(receipt_lines(bill), max_size=4)))
    lines_total = sum((line.total for line in lines), ZERO)
    printed_at = draw(times)
    return Receipt(
        receipt_id=receipt_id,
        type=draw(st.sampled_from([SELL, SELL, SELL, PAYBACK, "BUY"])),
        printed_at=draw(st.sampled_from([printed_at, printed_at, None])),
        received_at=printed_at + timedelta(minutes=draw(st.sampled_from([0, 1, 90]))),
        answered=draw(st.none() | times.map(lambda time: Moment(time, 0))),
        total=draw(st.just(lines_total) | st.just(lines_total) | amounts),
        lines=lines,
        discount=draw(st.just(sum((line.discount for line in lines), ZERO)) | amounts),
        informational=draw(st.sampled_from([False, False, False, True])),
        settlement_method=draw(st.sampled_from(METHODS)),
        customer_name=draw(names),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    bill = draw(st.none() | bills())
    count = draw(st.integers(0, 4)) if bill else 1
    judged = [draw(receipts(f"R{number}", bill)) for number in range(count)]
    for receipt in judged[:1]:
        if draw(st.booleans()) and bill:  # the same once more
            judged.append(replace(receipt, receipt_id="again"))
    requests = [Message("BILL", True, time) for time in draw(st.lists(times, max_size=2))] if bill else []
    return Case(bill=bill, receipts=tuple(judged), unanswered=tuple(requests))


def shuffled(values: Iterable[Value], random: Random) -> tuple[Value, ...]:
    values = list(values)
    random.shuffle(values)
    return tuple(values)


def monetary_sum(judgement: Judgement) -> Decimal:
    return sum((finding.amount for finding in judgement.findings if finding.amount is not None), ZERO)


def found(case: Case) -> dict[Kind, Decimal | None]:
    return {finding.kind: finding.amount for finding in judge(case, NOW).findings}


# --- any case at all ---------------------------------------------------------------------------------------------


@given(cases())
def test_the_causes_add_up_to_the_gap(case: Case) -> None:
    judgement = judge(case, NOW)
    if judgement.received is not None:
        assert judgement.due is not None
        assert monetary_sum(judgement) == judgement.gap == judgement.received - judgement.due


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_receipts_and_lines_does_not_matter(case: Case, random: Random) -> None:
    bill = case.bill and replace(case.bill, lines=case.bill.lines and shuffled(case.bill.lines, random))
    documents = [replace(receipt, lines=shuffled(receipt.lines, random)) for receipt in case.receipts]
    unanswered = shuffled(case.unanswered, random)
    other = replace(case, bill=bill, receipts=shuffled(documents, random), unanswered=unanswered)
    assert judge(other, NOW) == judge(case, NOW)


@given(cases())
def test_judging_twice_gives_the_same(case: Case) -> None:
    assert judge(case, NOW) == judge(case, NOW)


@given(cases())
def test_each_kind_is_found_at_most_once(case: Case) -> None:
    kinds = Counter(finding.kind for finding in judge(case, NOW).findings)
    assert all(count == 1 for count in kinds.values())


@given(cases())
def test_only_monetary_kinds_have_an_amount_and_it_is_in_whole_kopecks(case: Case) -> None:
    for finding in judge(case, NOW).findings:
        assert (finding.amount is not None) == (finding.kind in MONETARY)
        assert finding.amount is None or finding.amount == finding.amount.quantize(KOPECK)


@given(cases())
def test_evidence_is_stored_and_read_back_as_it_is(case: Case) -> None:
    for finding in judge(case, NOW).findings:
        assert json.loads(json.dumps(finding.evidence)) == finding.evidence


@given(cases())
def test_a_case_without_money_has_no_gap(case: Case) -> None:
    case = replace(case, receipts=tuple(replace(receipt, informational=True) for receipt in case.receipts))
    judgement = judge(case, NOW)
    assert judgement.received is None and judgement.gap is None
    assert {finding.kind for finding in judgement.findings} & MONETARY <= {Kind.BILL_TOTAL_MISMATCH}


# --- a clean case, and one planted cause -------------------------------------------------------------------------

distinct_lines = st.lists(bill_lines(), min_size=1, max_size=4, unique_by=lambda line: line.product_id)


def copy_line(line: BillLine, quantity: Decimal | None = None) -> ReceiptLine:
    sold = line.quantity if quantity is None else quantity
    return ReceiptLine(line.product_id, line.name, line.price, sold, ZERO, multiply(line.price, sold))


def make_receipt(receipt_id: str, lines: Iterable[ReceiptLine], minutes: int = 0, **fields: object) -> Receipt:
    lines = tuple(lines)
    time = NOON + timedelta(minutes=minutes)
    total = sum((line.total for line in lines), ZERO)
    receipt = Receipt(receipt_id, SELL, time, time, Moment(time, 0), total, lines)
    return replace(receipt, **fields)  # type: ignore[arg-type]


def plain(lines: Iterable[BillLine]) -> list[BillLine]:
    """Lines that nothing but money can be wrong with, each of its own product and worth something."""
    lines = [replace(line, product_id=f"p{index}", tax_rate="", mark="") for index, line in enumerate(lines)]
    assume(all(line.total for line in lines))
    return lines


@given(st.lists(bill_lines(), min_size=1, max_size=4))
def test_a_receipt_that_copies_its_bill_is_clean(lines: list[BillLine]) -> None:
    lines = [replace(line, tax_rate="", mark="") for line in lines]
    case = Case(bill=make_bill(lines), receipts=(make_receipt("R1", map(copy_line, lines)),))
    judgement = judge(case, NOW)
    assert judgement.findings == () and judgement.gap == 0 and judgement.fully_paid


@given(distinct_lines, st.data())
def test_a_bill_paid_line_by_line_is_clean(lines: list[BillLine], data: st.DataObject) -> None:
    lines = plain(lines)
    parts: dict[int, list[ReceiptLine]] = {}
    for line in lines:
        parts.setdefault(data.draw(st.integers(0, 2)), []).append(copy_line(line))
    split = [make_receipt(f"R{part}", part_lines, part) for part, part_lines in parts.items()]
    assert found(Case(bill=make_bill(lines), receipts=tuple(split))) == {}


@given(distinct_lines, st.integers(2, 4))
def test_a_bill_paid_in_equal_quantities_is_clean(lines: list[BillLine], count: int) -> None:
    pieces_each = [replace(line, quantity=Decimal(count * 2)) for line in plain(lines)]
    split = [
        make_receipt(f"R{part}", [copy_line(line, Decimal(2)) for line in pieces_each], part) for part in range(count)
    ]
    assert found(Case(bill=make_bill(pieces_each), receipts=tuple(split))) == {}


@given(distinct_lines, st.data())
def test_lines_that_were_not_sold_are_the_only_finding(lines: list[BillLine], data: st.DataObject) -> None:
    lines = plain(lines)
    sold = data.draw(st.integers(1, len(lines)))
    assume(sold < len(lines))
    case = Case(bill=make_bill(lines), receipts=(make_receipt("R1", map(copy_line, lines[:sold])),))
    assert found(case) == {Kind.PARTIAL_RECEIPT: -sum(line.total for line in lines[sold:])}


@given(distinct_lines, quantities)
def test_a_quantity_that_was_not_sold_is_the_only_finding(lines: list[BillLine], missing: Decimal) -> None:
    first, *rest = plain(lines)
    first = replace(first, quantity=first.quantity + missing)
    sold = copy_line(first, first.quantity - missing)
    assume(sold.total != first.total)
    case = Case(bill=make_bill([first, *rest]), receipts=(make_receipt("R1", [sold, *map(copy_line, rest)]),))
    assert found(case) == {Kind.PARTIAL_RECEIPT: sold.total - first.total}


@given(distinct_lines, prices)
def test_another_price_is_the_only_finding(lines: list[BillLine], price: Decimal) -> None:
    first, *rest = plain(lines)
    sold = replace(copy_line(first), price=price, total=multiply(price, first.quantity))
    assume(sold.total != first.total)
    case = Case(bill=make_bill([first, *rest]), receipts=(make_receipt("R1", [sold, *map(copy_line, rest)]),))
    assert found(case) == {Kind.PRICE_MISMATCH: sold.total - first.total}


@given(distinct_lines, st.data())
def test_a_discount_is_the_only_finding(lines: list[BillLine], data: st.DataObject) -> None:
    first, *rest = plain(lines)
    discount = data.draw(st.decimals(min_value=KOPECK, max_value=first.total, places=2))
    sold = replace(copy_line(first), discount=discount, total=first.total - discount)
    receipt = make_receipt("R1", [sold, *map(copy_line, rest)], discount=discount)
    assert found(Case(bill=make_bill([first, *rest]), receipts=(receipt,))) == {Kind.DISCOUNT_MISMATCH: -discount}


@given(distinct_lines, st.data())
def test_a_discount_on_the_whole_receipt_is_the_only_finding(lines: list[BillLine], data: st.DataObject) -> None:
    lines = plain(lines)
    receipt = make_receipt("R1", map(copy_line, lines))
    discount = data.draw(st.decimals(min_value=KOPECK, max_value=receipt.total, places=2))
    receipt = replace(receipt, discount=discount, total=receipt.total - discount)
    assert found(Case(bill=make_bill(lines), receipts=(receipt,))) == {Kind.DISCOUNT_MISMATCH: -discount}


@given(distinct_lines, quantities)
def test_an_excess_is_the_only_finding(lines: list[BillLine], excess: Decimal) -> None:
    first, *rest = plain(lines)
    sold = copy_line(first, first.quantity + excess)
    assume(sold.total != first.total)
    case = Case(bill=make_bill([first, *rest]), receipts=(make_receipt("R1", [sold, *map(copy_line, rest)]),))
    assert found(case) == {Kind.QUANTITY_MISMATCH: sold.total - first.total}


@given(distinct_lines, prices, quantities)
def test_an_unexpected_item_is_the_only_finding(lines: list[BillLine], price: Decimal, quantity: Decimal) -> None:
    lines = plain(lines)
    bag = ReceiptLine("bag", "bag", price, quantity, ZERO, multiply(price, quantity))
    assume(bag.total)
    case = Case(bill=make_bill(lines), receipts=(make_receipt("R1", [*map(copy_line, lines), bag]),))
    assert found(case) == {Kind.UNEXPECTED_ITEM: bag.total}


@given(distinct_lines)
def test_a_repeated_receipt_is_the_only_finding(lines: list[BillLine]) -> None:
    lines = plain(lines)
    first = make_receipt("R1", map(copy_line, lines))
    case = Case(bill=make_bill(lines), receipts=(first, make_receipt("R2", first.lines, 1)))
    assert found(case) == {Kind.DUPLICATE_RECEIPT: first.total}


@given(distinct_lines, st.data())
def test_a_refund_is_the_only_finding_until_the_bill_is_changed(lines: list[BillLine], data: st.DataObject) -> None:
    lines = plain(lines)
    sold = [copy_line(line) for line in lines]
    count = data.draw(st.integers(1, len(lines)))
    refund = make_receipt("R2", sold[:count], 1, type=PAYBACK)
    case = Case(bill=make_bill(lines), receipts=(make_receipt("R1", sold), refund))
    assert found(case) == {Kind.REFUND: -refund.total}
    assert found(replace(case, bill=make_bill(lines[count:]))) == {}


@given(distinct_lines)
def test_a_repeated_receipt_that_was_given_back_is_clean(lines: list[BillLine]) -> None:
    lines = plain(lines)
    sold = [copy_line(line) for line in lines]
    documents = (make_receipt("R1", sold), make_receipt("R2", sold, 1), make_receipt("R3", sold, 2, type=PAYBACK))
    assert found(Case(bill=make_bill(lines), receipts=documents)) == {}


@given(distinct_lines, amounts)
def test_a_wrong_total_of_the_bill_is_the_only_finding(lines: list[BillLine], total: Decimal) -> None:
    lines = plain(lines)
    bill = make_bill(lines, total)
    receipt = make_receipt("R1", map(copy_line, lines))
    assume(abs(receipt.total - total) > len(lines) * KOPECK)
    assert found(Case(bill=bill, receipts=(receipt,))) == {Kind.BILL_TOTAL_MISMATCH: receipt.total - total}


@given(distinct_lines, amounts)
def test_a_wrong_total_of_the_receipt_is_the_only_finding(lines: list[BillLine], total: Decimal) -> None:
    lines = plain(lines)
    receipt = replace(make_receipt("R1", map(copy_line, lines)), total=total)
    bill = make_bill(lines)
    assume(total != bill.total)
    assert found(Case(bill=bill, receipts=(receipt,))) == {Kind.RECEIPT_TOTAL_MISMATCH: total - bill.total}


@given(distinct_lines, st.data())
def test_a_prepayment_is_taken_into_account(lines: list[BillLine], data: st.DataObject) -> None:
    lines = plain(lines)
    sold = make_receipt("R1", map(copy_line, lines))
    prepayment = data.draw(st.decimals(min_value=KOPECK, max_value=sold.total, places=2))
    bill = make_bill(lines, prepayment=prepayment)
    assert found(Case(bill=bill, receipts=(replace(sold, total=sold.total - prepayment),))) == {}


@given(distinct_lines, st.data(), st.booleans())
def test_an_advance_is_counted_once(lines: list[BillLine], data: st.DataObject, shown_again: bool) -> None:
    lines = plain(lines)
    settlement = make_receipt("R2", map(copy_line, lines), 1, settlement_method="FullSettlement")
    amount = data.draw(st.decimals(min_value=KOPECK, max_value=settlement.total, places=2))
    line = ReceiptLine("advance", "advance", amount, Decimal(1), ZERO, amount)
    advance = make_receipt("R1", [line], settlement_method="AdvancePayment")
    if not shown_again:
        settlement = replace(settlement, total=settlement.total - amount)
    case = Case(bill=make_bill(lines), receipts=(advance, settlement))
    assert found(case) == {} and judge(case, NOW).fully_paid


@given(distinct_lines, prices, prices, st.data())
def test_several_causes_are_told_apart(
    lines: list[BillLine], price: Decimal, extra: Decimal, data: st.DataObject
) -> None:
    """Another price, a discount, an unexpected item, an excess and an unpaid line, each on a line of its own."""
    lines = plain([*lines, *lines, *lines])[:4]
    assume(len(lines) == 4 and extra)
    dearer, discounted, exceeding, unpaid = lines
    discount = data.draw(st.decimals(min_value=KOPECK, max_value=discounted.total, places=2))
    sold = [
        replace(copy_line(dearer), price=price, total=multiply(price, dearer.quantity)),
        replace(copy_line(discounted), discount=discount, total=discounted.total - discount),
        copy_line(exceeding, exceeding.quantity + 1),
        ReceiptLine("bag", "bag", extra, Decimal(1), ZERO, extra),
    ]
    assume(sold[0].total != dearer.total)
    receipt = make_receipt("R1", sold, discount=discount)
    assert found(Case(bill=make_bill(lines), receipts=(receipt,))) == {
        Kind.PARTIAL_RECEIPT: -unpaid.total,
        Kind.PRICE_MISMATCH: sold[0].total - dearer.total,
        Kind.DISCOUNT_MISMATCH: -discount,
        Kind.QUANTITY_MISMATCH: sold[2].total - exceeding.total,
        Kind.UNEXPECTED_ITEM: extra,
    }


@given(bills(), st.data())
def test_a_further_sale_never_makes_a_bill_less_paid(bill: Bill, data: st.DataObject) -> None:
    sales = [replace(data.draw(receipts(f"R{number}", bill)), type=SELL, settlement_method="") for number in range(3)]
    if is_fully_paid(bill, sales[:2]):
        assert is_fully_paid(bill, sales)
