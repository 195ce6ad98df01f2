"""Ways in which the money of a bill goes wrong, each with its amount. Pure."""

from decimal import Decimal

from crmpos.history.documents import Bill, Receipt
from crmpos.history.scenario import Delivery, Desk, Scenario, Visit, has_whole_distinct_lines
from crmpos.history.shop import ONE
from shops.money import ZERO, multiply
from shops.wire_writer import Written

LATE_SECONDS = (3_900, 200_000)


def _has_whole_line(desk: Desk, bill: Bill) -> bool:
    return has_whole_distinct_lines(bill, 1)


def _has_two_whole_lines(desk: Desk, bill: Bill) -> bool:
    return has_whole_distinct_lines(bill, 2)


def _draw_difference(desk: Desk, amount: Decimal) -> Decimal:
    """Some roubles more or less than `amount`, never down to nothing."""
    roubles = desk.random.randint(1, max(int(amount) // 4, 1))
    return Decimal(roubles if desk.random.random() < 0.5 or roubles >= amount else -roubles)


# --- contents ------------------------------------------------------------------------------------------------


def pay_some_lines(desk: Desk, bill: Bill) -> Visit:
    """partial_receipt: some lines are left out, nearly always on purpose."""
    kept = desk.random.sample(range(len(bill.lines)), desk.random.randint(1, len(bill.lines) - 1))
    unpaid = sum((line.total for index, line in enumerate(bill.lines) if index not in kept), ZERO)
    receipt = desk.shop.sell(bill, [bill.lines[index] for index in sorted(kept)])
    receipt.contents_changed = desk.random.random() < 0.8
    desk.plant("partial_receipt", -unpaid, bill=bill)
    return Visit([desk.deliver(receipt)])


def pay_some_pieces(desk: Desk, bill: Bill) -> Visit:
    """partial_receipt: fewer pieces of one line."""
    receipt = desk.shop.sell(bill)
    index = next(index for index, line in enumerate(bill.lines) if line.quantity > 1)
    line = bill.lines[index]
    quantity = Decimal(desk.random.randint(1, int(line.quantity) - 1))
    receipt.change(index, quantity=quantity)
    receipt.contents_changed = True
    desk.plant("partial_receipt", multiply(line.product.price, quantity) - line.total, bill=bill)
    return Visit([desk.deliver(receipt)])


def _change_price(desk: Desk, bill: Bill, receipt: Receipt, index: int) -> None:
    line = bill.lines[index]
    price = line.product.price + _draw_difference(desk, line.product.price)
    receipt.change(index, price=price)
    desk.plant("price_mismatch", (price - line.product.price) * line.quantity, bill=bill)


def _give_discount(desk: Desk, bill: Bill, receipt: Receipt, index: int) -> None:
    line_total = bill.lines[index].total
    discount = Decimal(desk.random.randint(1, max(int(line_total) // 5, 1)))
    receipt.change(index, discount=discount)
    desk.plant("discount_mismatch", -discount, bill=bill)


def _add_unexpected_item(desk: Desk, bill: Bill, receipt: Receipt) -> None:
    known = {line.product.product_id for line in bill.lines}
    strangers = [product for product in desk.shop.products if product.product_id not in known]
    receipt.lines.append(desk.shop.sold(desk.shop.make_line(desk.random.choice(strangers))))
    receipt.contents_changed = True
    desk.plant("unexpected_item", receipt.lines[-1].total, bill=bill)


def sell_at_another_price(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    _change_price(desk, bill, receipt, desk.random.randrange(len(bill.lines)))
    return Visit([desk.deliver(receipt)])


def sell_at_a_discount(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    _give_discount(desk, bill, receipt, desk.random.randrange(len(bill.lines)))
    return Visit([desk.deliver(receipt)])


def sell_more_pieces(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    index = next(index for index, line in enumerate(bill.lines) if not line.mark)
    line, excess = bill.lines[index], Decimal(desk.random.randint(1, 2))
    receipt.change(index, quantity=line.quantity + excess)
    receipt.contents_changed = True
    desk.plant("quantity_mismatch", line.product.price * excess, bill=bill)
    return Visit([desk.deliver(receipt)])


def sell_something_else_too(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    _add_unexpected_item(desk, bill, receipt)
    return Visit([desk.deliver(receipt)])


def change_price_discount_and_items(desk: Desk, bill: Bill) -> Visit:
    """Three causes on one bill."""
    receipt = desk.shop.sell(bill)
    _change_price(desk, bill, receipt, 0)
    _give_discount(desk, bill, receipt, 1)
    _add_unexpected_item(desk, bill, receipt)
    return Visit([desk.deliver(receipt)])


def pay_part_at_another_price_and_late(desk: Desk, bill: Bill) -> Visit:
    """Three causes on one bill, one of them without an amount."""
    receipt = desk.shop.sell(bill, bill.lines[:-1])
    _change_price(desk, bill, receipt, 0)
    desk.plant("partial_receipt", -bill.lines[-1].total, bill=bill)
    desk.plant("late_receipt", bill=bill)
    return Visit([desk.deliver(receipt, transit_seconds=draw_late_seconds(desk))])


def draw_late_seconds(desk: Desk) -> int:
    """More than the hour that a receipt may take, less than the three days for which delivery is tried."""
    latest = min(LATE_SECONDS[1], int(desk.time_left.total_seconds()) - 7_200)
    return desk.random.randint(LATE_SECONDS[0], latest)


# --- further receipts ----------------------------------------------------------------------------------------


def sell_twice(desk: Desk, bill: Bill) -> Visit:
    again = desk.shop.sell(bill)
    desk.plant("duplicate_receipt", again.total, bill=bill)
    later = desk.random.randint(120, 2_000)
    return Visit([desk.deliver(desk.shop.sell(bill)), desk.deliver(again, after_seconds=later)])


def give_back(desk: Desk, bill: Bill) -> Visit:
    """refund: of everything or of one line."""
    returned = bill.lines if desk.random.random() < 0.4 else [desk.random.choice(bill.lines)]
    payback = desk.shop.sell(bill, returned)
    payback.type = "PAYBACK"
    desk.plant("refund", -payback.total, bill=bill)
    later = desk.random.randint(300, 6_000)
    return Visit([desk.deliver(desk.shop.sell(bill)), desk.deliver(payback, after_seconds=later)])


def _sell_aside(desk: Desk, kind: str, receipt: Receipt) -> Delivery:
    desk.plant(kind, receipt.total, bill=None, receipt=receipt)
    return desk.deliver(receipt, pays_off=False)


def sell_for_an_unknown_bill(desk: Desk, bill: Bill) -> Visit:
    """unknown_bill: beside the clean bill, a receipt for one that the CRM never offered."""
    stranger = desk.shop.issue_bill(desk.visit_at)
    receipt = desk.shop.sell(stranger)
    receipt.bill_id, receipt.number = str(stranger.bill_id + 5_000_000), f"{stranger.bill_id + 5_000_000}-CRM"
    aside = _sell_aside(desk, "unknown_bill", receipt)
    return Visit([desk.deliver(desk.shop.sell(bill))], asides=[aside])


def sell_without_a_bill(desk: Desk, bill: Bill) -> Visit:
    """no_bill: beside the clean bill, a sale straight at the register."""
    line = desk.shop.make_line(desk.random.choice(desk.shop.products))
    receipt = desk.shop.print_receipt([desk.shop.sold(line)])
    receipt.empty_extras = Written(desk.random.choice(("{}", "[]")))
    aside = _sell_aside(desk, "no_bill", receipt)
    return Visit([desk.deliver(desk.shop.sell(bill))], asides=[aside])


# --- totals --------------------------------------------------------------------------------------------------


def charge_another_total(desk: Desk, bill: Bill) -> None:
    bill.charge(bill.total + _draw_difference(desk, bill.total))


def sell_lines_of_a_wrong_total(desk: Desk, bill: Bill) -> Visit:
    desk.plant("bill_total_mismatch", bill.lines_total - bill.total, bill=bill)
    return Visit([desk.deliver(desk.shop.sell(bill))])


def print_a_wrong_total(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    receipt.beyond_lines = _draw_difference(desk, receipt.total)
    desk.plant("receipt_total_mismatch", receipt.beyond_lines, bill=bill)
    return Visit([desk.deliver(receipt)])


def sell_for_another_sum(desk: Desk, bill: Bill) -> Visit:
    """sum_mismatch: the contents are unknown, so that a price cannot be named as the cause."""
    receipt = desk.shop.sell(bill)
    price = bill.lines[0].product.price
    receipt.change(0, price=price + _draw_difference(desk, price))
    desk.plant("sum_mismatch", receipt.total - bill.total, bill=bill)
    return Visit([desk.deliver(receipt)])


def _has_pieces(desk: Desk, bill: Bill) -> bool:
    return _has_whole_line(desk, bill) and any(line.quantity > ONE for line in bill.lines)


def _has_unmarked_line(desk: Desk, bill: Bill) -> bool:
    return _has_whole_line(desk, bill) and any(not line.mark for line in bill.lines)


MONEY_SCENARIOS = (
    Scenario(pay_some_lines, weight=8, fits=_has_two_whole_lines),
    Scenario(pay_some_pieces, weight=2, fits=_has_pieces),
    Scenario(sell_at_another_price, weight=4, fits=_has_whole_line),
    Scenario(sell_at_a_discount, weight=4, fits=_has_whole_line),
    Scenario(sell_more_pieces, weight=2, fits=_has_unmarked_line),
    Scenario(sell_something_else_too, weight=3, fits=_has_whole_line),
    Scenario(change_price_discount_and_items, weight=2, fits=_has_two_whole_lines),
    Scenario(pay_part_at_another_price_and_late, weight=1, fits=_has_two_whole_lines, hours_needed=5),
    Scenario(sell_twice, weight=2, hours_needed=2),
    Scenario(give_back, weight=3, fits=_has_whole_line, hours_needed=3),
    Scenario(sell_for_an_unknown_bill, weight=1),
    Scenario(sell_without_a_bill, weight=1),
    Scenario(sell_lines_of_a_wrong_total, weight=1, fits=_has_whole_line, shape=charge_another_total),
    Scenario(print_a_wrong_total, weight=1, fits=_has_whole_line),
    Scenario(sell_for_another_sum, weight=2, fits=_has_whole_line, opens_bill=False),
)
