"""Ways in which something other than the sum of a bill goes wrong. Pure."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from crmpos.history.documents import Bill, Place
from crmpos.history.money_scenarios import draw_late_seconds
from crmpos.history.scenario import Desk, Fate, Scenario, Visit, has_whole_distinct_lines
from crmpos.history.shop import break_check_digit
from crmpos.history.trades import ANONYMOUS
from shops.money import KOPECK

OTHER_RATES = {Decimal(0): Decimal(5), Decimal(5): Decimal(22), Decimal(22): Decimal(10)}
STORE_SETTLED = timedelta(hours=1)  # a store belongs to its shop after that, beyond any doubt


def _has_whole_line(desk: Desk, bill: Bill) -> bool:
    return has_whole_distinct_lines(bill, 1)


def _sell_all(desk: Desk, bill: Bill, fate: Fate = Fate.ANSWERED) -> Visit:
    return Visit([desk.deliver(desk.shop.sell(bill), fate=fate)])


def list_another_total(desk: Desk, bill: Bill) -> None:
    bill.listed_total += desk.random.randint(1, 500)


def sell_what_was_listed_otherwise(desk: Desk, bill: Bill) -> Visit:
    desk.plant("list_total_mismatch", bill=bill)
    return _sell_all(desk, bill)


def sell_with_another_tax(desk: Desk, bill: Bill) -> Visit:
    """tax_mismatch: another rate, or the right rate counted wrong."""
    receipt = desk.shop.sell(bill)
    line = receipt.lines[0]
    if desk.random.random() < 0.5:
        receipt.change(0, tax_percent=OTHER_RATES[line.tax_percent])
    else:
        receipt.change(0, wrong_tax=line.tax + KOPECK * desk.random.randint(1, 900))
    desk.plant("tax_mismatch", bill=bill)
    return Visit([desk.deliver(receipt)])


def _find_other_bills(desk: Desk, bill: Bill) -> list[Bill]:
    return [
        other
        for other in desk.shop.recent_bills
        if other.bill_id != bill.bill_id
        and other.customer.name not in (bill.customer.name, ANONYMOUS)
        and bill.customer.name != ANONYMOUS
    ]


def refer_to_another_bill(desk: Desk, bill: Bill) -> Visit:
    """reference_mismatch: the number or the customer is that of another bill."""
    receipt = desk.shop.sell(bill)
    other = desk.random.choice(_find_other_bills(desk, bill))
    if desk.random.random() < 0.5:
        receipt.number = other.number
    else:
        receipt.customer = other.customer
    desk.plant("reference_mismatch", bill=bill)
    return Visit([desk.deliver(receipt)])


def _find_foreign_places(desk: Desk) -> list[Place]:
    return [
        place
        for shop in desk.all_shops
        if shop is not desk.shop
        for place in shop.places
        if (since := shop.stores_in_use.get(place.store_id)) and since + STORE_SETTLED < desk.now
    ]


def sell_in_a_foreign_store(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    receipt.place = replace(desk.random.choice(_find_foreign_places(desk)), user_id=receipt.place.user_id)
    desk.plant("wrong_store", bill=bill)
    return Visit([desk.deliver(receipt)])


def print_a_trial_receipt(desk: Desk, bill: Bill) -> Visit:
    """not_fiscal: an informational receipt before or after the one that counts."""
    trial = desk.shop.sell(bill)
    trial.informational = True
    desk.plant("not_fiscal", bill=bill)
    deliveries = [desk.deliver(trial, pays_off=False), desk.deliver(desk.shop.sell(bill))]
    return Visit(deliveries if desk.random.random() < 0.5 else deliveries[::-1])


def open_and_leave(desk: Desk, bill: Bill) -> Visit:
    desk.plant("opened_not_paid", bill=bill)
    return Visit([])


def keep_on_the_list(desk: Desk, bill: Bill) -> Visit:
    desk.plant("listed_after_receipt", bill=bill)
    return _sell_all(desk, bill, Fate.STILL_LISTED)


def deliver_late(desk: Desk, bill: Bill) -> Visit:
    desk.plant("late_receipt", bill=bill)
    return Visit([desk.deliver(desk.shop.sell(bill), transit_seconds=draw_late_seconds(desk))])


# --- marks ---------------------------------------------------------------------------------------------------


def _is_marked(desk: Desk, bill: Bill) -> bool:
    return _has_whole_line(desk, bill) and any(line.mark for line in bill.lines)


def spoil_mark(desk: Desk, bill: Bill) -> None:
    index = next(index for index, line in enumerate(bill.lines) if line.mark)
    bill.lines[index] = replace(bill.lines[index], mark=break_check_digit(bill.lines[index].mark))


def sell_a_spoilt_mark(desk: Desk, bill: Bill) -> Visit:
    desk.plant("invalid_mark", bill=bill)
    return _sell_all(desk, bill)


def _can_repeat_mark(desk: Desk, bill: Bill) -> bool:
    return _is_marked(desk, bill) and bool(desk.shop.paid_marks)


def repeat_mark(desk: Desk, bill: Bill) -> None:
    """The first marked line becomes a line of a paid bill, so that both bills hold one and the same item."""
    other, line = desk.shop.paid_marks.popleft()
    index = next(index for index, line in enumerate(bill.lines) if line.mark)
    bill.lines[index] = line
    bill.charge(bill.lines_total)
    desk.plant("invalid_mark", bill=other)


# --- the journal ---------------------------------------------------------------------------------------------


def lose_a_list_answer(desk: Desk, bill: Bill) -> Visit:
    visit = _sell_all(desk, bill)
    visit.list_fate = Fate.UNANSWERED
    desk.plant("unanswered", bill=None)
    return visit


def lose_a_bill_answer(desk: Desk, bill: Bill) -> Visit:
    visit = _sell_all(desk, bill)
    visit.bill_fate = Fate.UNANSWERED
    desk.plant("unanswered", bill=bill)
    return visit


def lose_a_receipt_answer(desk: Desk, bill: Bill) -> Visit:
    desk.plant("unanswered", bill=bill)
    return _sell_all(desk, bill, Fate.UNANSWERED)


def cut_a_list_answer(desk: Desk, bill: Bill) -> Visit:
    visit = _sell_all(desk, bill)
    visit.list_fate = Fate.CUT
    desk.plant("unreadable", bill=None)
    return visit


def cut_a_receipt(desk: Desk, bill: Bill) -> Visit:
    desk.plant("unreadable", bill=None)
    return _sell_all(desk, bill, Fate.CUT)


OTHER_SCENARIOS = (
    Scenario(sell_what_was_listed_otherwise, weight=1, shape=list_another_total),
    Scenario(sell_with_another_tax, weight=2, fits=_has_whole_line),
    Scenario(refer_to_another_bill, weight=2, fits=lambda desk, bill: bool(_find_other_bills(desk, bill))),
    Scenario(sell_in_a_foreign_store, weight=1, fits=lambda desk, bill: bool(_find_foreign_places(desk))),
    Scenario(print_a_trial_receipt, weight=1),
    Scenario(open_and_leave, weight=5, hours_needed=28),
    Scenario(keep_on_the_list, weight=3),
    Scenario(deliver_late, weight=3, hours_needed=5),
    Scenario(sell_a_spoilt_mark, weight=1, fits=_is_marked, shape=spoil_mark),
    Scenario(sell_a_spoilt_mark, weight=1, fits=_can_repeat_mark, shape=repeat_mark),
    Scenario(lose_a_list_answer, weight=1),
    Scenario(lose_a_bill_answer, weight=1),
    Scenario(lose_a_receipt_answer, weight=1),
    Scenario(cut_a_list_answer, weight=1),
    Scenario(cut_a_receipt, weight=1),
)
