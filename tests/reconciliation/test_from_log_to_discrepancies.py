"""Every kind of discrepancy, from a log to what `discrepancies` prints: all are found, none is invented."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciliation.rules.kinds import KINDS, Kind
from tests.logs import (
    Line,
    Log,
    Row,
    import_log,
    judge,
    line,
    make_bill,
    make_listed,
    make_receipt,
    read_clock,
    read_discrepancies,
    reconcile,
    write_request,
)

pytestmark = pytest.mark.django_db

TEA, CUP, POT = line("tea", 100, 2), line("cup", 300), line("pot", "1499.99")
GTIN = "04601234567893"
MARK = f"01{GTIN}21serial0000001\x1d91EE12\x1d92{'A' * 43}="
COAT = line("coat", 8000, mark=MARK, goods_type="LIGHT_INDUSTRY_MARKED")


def find(
    lines: list[Line], *sold: list[Line], bill: dict[str, Any] | None = None, receipt: dict[str, Any] | None = None
) -> set[tuple[str, str | None]]:
    """Kinds and amounts of bill 501 over `lines`, opened at a register and then sold by receipts over `sold`."""
    log = Log()
    stated = make_bill("501", lines, **(bill or {}))
    log.ask_bill(stated)
    for number, receipt_lines in enumerate(sold, start=1):
        log.deliver(make_receipt(f"r-{number}", receipt_lines, stated, **(receipt or {})))
    return only_bill(judge(log))


def only_bill(rows: set[Row], bill: str = "501") -> set[tuple[str, str | None]]:
    assert {row[:2] for row in rows} <= {(bill, None)}
    return {row[2:] for row in rows}


# --- money ---------------------------------------------------------------------------------------------------


def test_a_bill_paid_as_it_was_asked_shows_nothing() -> None:
    assert find([TEA, CUP, POT], [TEA, CUP, POT]) == set()


def test_split_payments_are_no_difference() -> None:
    assert find([TEA, CUP, POT], [TEA], [POT], [CUP]) == set()


def test_lines_and_pieces_that_were_not_paid() -> None:
    assert find([TEA, CUP], [line("tea", 100)]) == {("partial_receipt", "-400.00")}


def test_another_price() -> None:
    assert find([TEA, CUP], [line("tea", "90.5", 2), CUP]) == {("price_mismatch", "-19.00")}


def test_a_discount_that_the_bill_does_not_know() -> None:
    assert find([TEA, CUP], [line("tea", 100, 2, discount="33.33"), CUP]) == {("discount_mismatch", "-33.33")}


def test_more_sold_than_billed() -> None:
    assert find([TEA, CUP], [line("tea", 100, 5), CUP]) == {("quantity_mismatch", "300.00")}


def test_an_item_that_is_not_on_the_bill() -> None:
    assert find([TEA], [TEA, POT]) == {("unexpected_item", "1499.99")}


def test_a_bill_paid_twice() -> None:
    assert find([TEA, CUP], [TEA, CUP], [TEA, CUP]) == {("duplicate_receipt", "500.00")}


def test_a_receipt_delivered_again_is_counted_once() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    receipt = make_receipt("r-1", [TEA], bill)
    log.ask_bill(bill)
    for _ in range(3):
        log.deliver(receipt)

    assert judge(log) == set()


def test_money_given_back() -> None:
    log, bill = Log(), make_bill("501", [TEA, CUP])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA, CUP], bill))
    log.deliver(make_receipt("r-2", [CUP], bill, type="PAYBACK"))

    assert only_bill(judge(log)) == {("refund", "-300.00")}


def test_a_refund_that_the_changed_bill_matches_is_no_difference() -> None:
    log, bill = Log(), make_bill("501", [TEA, CUP])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA, CUP], bill))
    log.deliver(make_receipt("r-2", [CUP], bill, type="PAYBACK"))
    log.ask_bill(make_bill("501", [TEA]))

    assert judge(log) == set()


def test_a_bill_that_was_changed_after_its_payment_is_judged_by_what_it_says_now() -> None:
    log, bill = Log(), make_bill("501", [TEA, CUP])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA, CUP], bill))
    log.ask_bill(make_bill("501", [TEA, CUP, POT]))

    assert only_bill(judge(log)) == {("partial_receipt", "-1499.99")}


def test_a_bill_whose_lines_do_not_add_up() -> None:
    assert find([TEA, CUP], [TEA, CUP], bill={"total": 490}) == {("bill_total_mismatch", "10.00")}


def test_a_receipt_whose_lines_do_not_add_up() -> None:
    assert find([TEA, CUP], [TEA, CUP], receipt={"totalAmount": 450}) == {("receipt_total_mismatch", "-50.00")}


def test_a_receipt_for_a_bill_that_nobody_has_seen() -> None:
    log = Log()
    log.deliver(make_receipt("r-1", [TEA], make_bill("999", [TEA])))

    assert judge(log) == {(None, "r-1", "unknown_bill", "200.00")}


def test_a_receipt_without_a_bill() -> None:
    log = Log()
    log.deliver(make_receipt("r-1", [TEA]))
    log.deliver(make_receipt("r-2", [CUP], type="PAYBACK"))

    assert judge(log) == {(None, "r-1", "no_bill", "200.00"), (None, "r-2", "no_bill", "-300.00")}


def test_a_bill_known_from_a_list_is_compared_by_its_total() -> None:
    log, bill = Log(), make_bill("501", [TEA, CUP])
    log.ask_list(make_listed(bill), make_listed(make_bill("502", [POT])))
    log.deliver(make_receipt("r-1", [TEA, CUP], bill))
    log.deliver(make_receipt("r-2", [CUP], make_bill("502", [POT])))

    assert judge(log) == {("502", None, "sum_mismatch", "-1199.99")}


def test_several_causes_on_one_bill_add_up_to_the_gap() -> None:
    sold = [line("tea", 110, 3), line("cup", 300, discount=50), line("spoon", "9.99")]

    assert find([TEA, CUP, POT], sold) == {
        ("price_mismatch", "30.00"),
        ("quantity_mismatch", "100.00"),
        ("discount_mismatch", "-50.00"),
        ("unexpected_item", "9.99"),
        ("partial_receipt", "-1499.99"),
    }


def test_a_prepayment_is_not_due_any_more() -> None:
    assert find([TEA, CUP], [CUP], bill={"prepayment": 200}) == set()


def test_goods_by_weight_are_exact_to_the_kopeck() -> None:
    assert find([line("tea", "2799.5", "0.333")], [line("tea", "2799.5", "0.25")]) == {("partial_receipt", "-232.35")}


# --- without an amount ---------------------------------------------------------------------------------------


def test_list_and_bill_disagree() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_list(make_listed(bill, summ=250))
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA], bill))

    assert only_bill(judge(log)) == {("list_total_mismatch", None)}


def test_another_rate_of_vat_and_a_tax_counted_wrong() -> None:
    assert find([TEA], [line("tea", 100, 2, rate=22)]) == {("tax_mismatch", None)}


def test_a_tax_counted_wrong() -> None:
    assert find([TEA], [line("tea", 100, 2, tax="9.53")]) == {("tax_mismatch", None)}


def test_a_receipt_that_points_to_two_bills() -> None:
    log, bill, other = Log(), make_bill("501", [TEA]), make_bill("502", [CUP])
    log.ask_bill(bill)
    log.ask_bill(other)
    log.deliver(make_receipt("r-1", [TEA], bill, extras={"number": "502-CRM"}))
    log.deliver(make_receipt("r-2", [CUP], other))

    assert only_bill(judge(log)) == {("reference_mismatch", None)}


def test_a_receipt_for_another_customer() -> None:
    stranger = {"name": "Савва Другой ", "inn": "", "fullname": "Савва Другой "}

    assert find([TEA], [TEA], receipt={"extras": {"customer": stranger}}) == {("reference_mismatch", None)}


def test_a_store_of_another_shop() -> None:
    first, second = Log(shop=7), Log(shop=8)
    for log, number in ((first, "501"), (second, "601")):
        bill = make_bill(number, [TEA])
        log.ask_bill(bill, at=f"10:{number[0]}0")
        log.deliver(make_receipt(f"r-{number}", [TEA], bill))

    assert judge(first.add(second)) == {("601", None, "wrong_store", None)}


def test_an_informational_receipt_is_no_money() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA], bill, infoCheck=True))
    log.deliver(make_receipt("r-2", [TEA], bill))

    assert only_bill(judge(log)) == {("not_fiscal", None)}


def test_a_bill_opened_at_a_register_and_not_paid_within_a_day() -> None:
    log = Log()
    log.ask_bill(make_bill("501", [TEA]), at="10:00")

    assert judge(log, as_of="34:00") == set()
    assert only_bill(judge(log, as_of="34:00:01")) == {("opened_not_paid", None)}


def test_a_paid_bill_that_is_still_offered() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA], bill))
    log.ask_list(make_listed(bill))

    assert only_bill(judge(log)) == {("listed_after_receipt", None)}


def test_a_list_that_was_answered_before_the_receipt_was_may_offer_the_bill() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_bill(bill)
    log.ask_list(make_listed(bill))
    log.deliver(make_receipt("r-1", [TEA], bill))

    assert judge(log) == set()


def test_a_receipt_that_came_late() -> None:
    assert find([TEA], [TEA], receipt={"dateTime": "2026-03-25T06:02:00.000Z"}) == {("late_receipt", None)}


def test_a_receipt_that_came_within_the_hour() -> None:
    assert find([TEA], [TEA], receipt={"dateTime": "2026-03-25T06:02:01.000Z"}) == set()


def test_a_mark_that_is_no_gs1_code() -> None:
    broken = replace(COAT, mark=MARK.replace(GTIN, "04601234567890"))

    assert find([broken], [broken]) == {("invalid_mark", None)}


def test_a_marked_item_on_two_paid_bills_is_shown_on_both() -> None:
    assert judge(sell_coats("501", "502")) == {
        ("501", None, "invalid_mark", None),
        ("502", None, "invalid_mark", None),
    }


def test_a_marked_item_that_is_sold_again_later_is_shown_on_both() -> None:
    assert judge(sell_coats("501")) == set()
    assert judge(sell_coats("502", at="11:00")) == {
        ("501", None, "invalid_mark", None),
        ("502", None, "invalid_mark", None),
    }


def test_a_bill_that_asks_once_more_for_a_marked_item_is_shown_before_it_is_paid() -> None:
    log = sell_coats("501")
    log.ask_bill(make_bill("502", [COAT]))

    assert judge(log) == {("502", None, "invalid_mark", None)}


def sell_coats(*bills: str, at: str = "10:00") -> Log:
    log = Log(now=read_clock(at))
    for bill_id in bills:
        bill = make_bill(bill_id, [COAT])
        log.ask_bill(bill)
        log.deliver(make_receipt(f"r-{bill_id}", [COAT], bill))
    return log


def test_a_receipt_delivered_again_with_other_contents() -> None:
    log, bill = Log(), make_bill("501", [TEA, CUP])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA, CUP], bill))
    log.deliver(make_receipt("r-1", [TEA], bill))

    assert only_bill(judge(log)) == {("conflicting_receipt", None)}


# --- the journal ---------------------------------------------------------------------------------------------


def test_requests_without_an_answer() -> None:
    log, bill, other = Log(), make_bill("501", [TEA]), make_bill("502", [CUP])
    log.ask_list(answered=False)
    log.ask_bill(bill, answered=False)
    log.ask_bill(bill, at="10:10")
    log.deliver(make_receipt("r-1", [TEA], bill))
    log.ask_bill(other, at="10:20")
    log.deliver(make_receipt("r-2", [CUP], other), answered=False)
    log.deliver(make_receipt("r-3", [POT]), at="10:30", answered=False)

    assert judge(log) == {
        (None, None, "unanswered", None),
        ("501", None, "unanswered", None),
        ("502", None, "unanswered", None),
        (None, "r-3", "unanswered", None),
        (None, "r-3", "no_bill", "1499.99"),
    }


def test_a_request_may_wait_a_minute_for_its_answer() -> None:
    log = Log()
    log.ask_list(at="10:00", answered=False)

    assert judge(log, as_of="10:01:00") == set()
    assert judge(log, as_of="10:01:01") == {(None, None, "unanswered", None)}


def test_an_unanswered_list_by_number_belongs_to_the_bill_of_that_number() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_list(number="501-CRM", answered=False)
    log.ask_bill(bill, at="10:10")
    log.deliver(make_receipt("r-1", [TEA], bill))

    assert only_bill(judge(log)) == {("unanswered", None)}


def test_messages_that_cannot_be_read() -> None:
    log = Log()
    log.ask_list()
    log.say("LIST", "Запрос", write_request({"q": "/api/v2/list"}))
    log.say("LIST", "Ответ", '[\n{\n"id": 5')
    log.say("PING", "Запрос", "{}")
    import_log(log)

    assert reconcile("10:04") == {(None, None, "unreadable", None)}
    assert len(read_discrepancies()) == 2


def test_garbage_between_entries_is_no_discrepancy() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA], bill))
    log.entries.insert(2, (log.now, b"what is this\nand that"))

    assert judge(log) == set()


def test_an_entry_that_was_cut_off_costs_nothing_but_itself() -> None:
    log, bill = Log(), make_bill("501", [TEA])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA], bill))
    log.say("RECEIPT", "Запрос", write_request({"q": "/api/v2/receipts"}))
    text = log.write()
    cut = text[: text.index(b"headers")] + text[text.index(b"\n| ", text.index(b"headers")) :]

    assert judge(cut) == {(None, None, "unreadable", None), (None, None, "unanswered", None)}


# --- documents in an unusual order ---------------------------------------------------------------------------


def test_a_receipt_may_come_before_its_bill() -> None:
    receipt_first, later, bill = Log(), Log(), make_bill("501", [TEA])
    receipt_first.deliver(make_receipt("r-1", [TEA], bill))
    later.ask_bill(bill, at="11:00")

    assert judge(receipt_first) == {(None, "r-1", "unknown_bill", "200.00")}
    assert judge(later) == set()


def test_an_array_of_events_brings_each_receipt() -> None:
    log, bill, other = Log(), make_bill("501", [TEA]), make_bill("502", [CUP, POT])
    log.ask_bill(bill)
    log.ask_bill(other)
    log.deliver(make_receipt("r-1", [TEA], bill), make_receipt("r-2", [POT], other))

    assert judge(log) == {("502", None, "partial_receipt", "-300.00")}


def test_a_receipt_may_name_its_bill_by_number_only() -> None:
    log, bill = Log(), make_bill("501", [TEA, CUP])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [CUP], extras={"number": "501-CRM"}))

    assert only_bill(judge(log)) == {("partial_receipt", "-200.00")}


def test_a_number_that_two_bills_have_names_neither() -> None:
    log = Log()
    for bill_id in ("501", "502"):
        log.ask_bill(make_bill(bill_id, [TEA], number="7"))
    log.deliver(make_receipt("r-1", [TEA], extras={"number": "7"}))

    assert judge(log) == {(None, "r-1", "unknown_bill", "200.00")}


def test_every_kind_is_tried_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")

    # What a register declares of its shift stands in no journal: tests/shifts tries it.
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == [Kind.SHIFT_MISMATCH]
