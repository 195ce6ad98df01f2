"""A clean bill with its receipt, and everything that may be another way about it. Used by the tests of this folder."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from shops.wire_writer import write_text
from tests.logs import Json, Line, Log, line, make_bill, make_listed, make_receipt, write_request

OTHER_SHOP = 8
WELL_FORMED = "0104600439931256215AbCdEf123456\x1d93abcd"  # goods of a kind whose serial may have any length
DAMAGED = "no mark"


@dataclass
class Story:
    """What is to happen to one bill: its documents as they are to be written, and what else is said."""

    number: int
    billed: list[Line]
    sold: list[Line]
    bill_fields: Json = field(default_factory=dict)
    receipt_fields: Json = field(default_factory=dict)
    extras: Json = field(default_factory=dict)
    is_opened: bool = True
    is_sold: bool = True
    deliveries: int = 1
    before: list[Callable[["Story", Log], None]] = field(default_factory=list)  # the receipt
    after: list[Callable[["Story", Log], None]] = field(default_factory=list)

    @property
    def bill(self) -> Json:
        return make_bill(str(self.number), self.billed, **self.bill_fields)

    def receipt(self, name: str = "R", **fields: Any) -> Json:
        given = {"extras": self.extras, **self.receipt_fields, **fields}
        return make_receipt(f"{name}{self.number}", given.pop("sold", self.sold), self.bill, **given)

    def write(self, log: Log) -> None:
        if self.is_opened:
            log.ask_bill(self.bill)
        for say in self.before:
            say(self, log)
        if self.is_sold:
            delivered = self.receipt()
            for _ in range(self.deliveries):
                log.deliver(delivered)
        for say in self.after:
            say(self, log)


Deviation = Callable[[Story], object]


def make_story(number: int) -> Story:
    lines = [line("tea", 100), line("cup", "33.33", "1.5"), line("spoon", "10.05", 3, rate=10)]
    return Story(number, lines, list(lines))


def both(*deviations: Deviation) -> Deviation:
    return lambda story: [deviate(story) for deviate in deviations]


def change_sold(index: int, **fields: Any) -> Deviation:
    def change(story: Story) -> None:
        sold = story.sold[index]
        story.sold[index] = line(sold.product, sold.price, sold.quantity, rate=sold.rate, **fields)

    return change


def set_sold(index: int, **fields: Any) -> Deviation:
    return lambda story: story.sold.__setitem__(index, replace(story.sold[index], **fields))


def set_both(index: int, **fields: Any) -> Deviation:
    """On the bill and on the receipt."""

    def change(story: Story) -> None:
        written = {"price": story.billed[index].price, "quantity": story.billed[index].quantity} | fields
        made = line(written.pop("product", story.billed[index].product), written.pop("price"), **written)
        story.billed[index] = story.sold[index] = made

    return change


def set_mark(mark: str) -> Deviation:
    return lambda story: story.billed.__setitem__(0, replace(story.billed[0], mark=mark))


def on_bill(**fields: Any) -> Deviation:
    return lambda story: story.bill_fields.update(fields)


def on_receipt(**fields: Any) -> Deviation:
    return lambda story: story.receipt_fields.update(fields)


def in_extras(**fields: Any) -> Deviation:
    return lambda story: story.extras.update(fields)


def before(say: Callable[[Story, Log], None]) -> Deviation:
    return lambda story: story.before.append(say)


def after(say: Callable[[Story, Log], None]) -> Deviation:
    return lambda story: story.after.append(say)


def use_rate(written: str) -> Deviation:
    """The CRM writes a rate of its own."""

    def change(story: Story) -> None:
        bill = make_bill("1", story.billed)["products"]
        story.bill_fields["products"] = [{**bill[0], "taxrate": written}, *bill[1:]]

    return change


def ask_without_answer(story: Story, log: Log) -> None:
    log.ask_bill(story.bill, answered=False)


def ask_by_number_without_answer(story: Story, log: Log) -> None:
    log.ask_list(number=f"{story.number}-CRM", answered=False)


def ask_twice_and_be_told_otherwise(story: Story, log: Log) -> None:
    log.ask_bill(make_bill(str(story.number), [*story.billed, line("bag", 5)]))
    log.ask_bill(story.bill)


def leave_unsold(story: Story) -> None:
    story.is_sold = False


def leave_unopened(story: Story) -> None:
    story.is_opened = False


def only_list(story: Story) -> None:
    leave_unsold(story)
    leave_unopened(story)
    story.before.append(list_it)


def list_it(story: Story, log: Log) -> None:
    log.ask_list(make_listed(story.bill))


def list_another_total(story: Story, log: Log) -> None:
    log.ask_list(make_listed(story.bill, summ=1))


def state_unasked(story: Story) -> None:
    """The CRM states the bill by itself: no register has opened it."""
    leave_unopened(story)
    story.before.append(put_it)


def put_it(story: Story, log: Log) -> None:
    query = {"q": f"/api/v2/bill/byid/{story.number}", "id": str(story.number)}
    request = write_request(query, write_text(story.bill))
    log.say("PUT_BILL", "Запрос", request)
    log.say("PUT_BILL", "Ответ", "{}")


def swap(story: Story) -> None:
    story.sold[:2] = story.sold[1::-1]


def scale(story: Story) -> None:
    """More than any product of two numbers of 64 bits holds."""
    big = line("gold", "99999999999.99", "999999999", total="99999999999.99")
    story.billed[0] = story.sold[0] = big


# Everything alone, by name; those of CLEAN leave nothing to say, and are dismissed.
DEVIATIONS: dict[str, Deviation] = {
    "nothing": lambda story: None,
    "listed before": before(list_it),
    "rate of another spelling": use_rate("НДС 5%"),
    "no rate": use_rate(""),
    "another customer's spelling": in_extras(customer={"name": "  Полина Вымышленная "}),
    "no settlement method": in_extras(settlementMethod=""),
    "delivered again": lambda story: setattr(story, "deliveries", 2),
    "only listed": only_list,
    "stated, not opened": both(state_unasked, leave_unsold),
    "stated, not opened, sold": state_unasked,
    "half a kopeck of a line": set_both(1, price="0.05", quantity="0.1"),
    "half a kopeck of tax": set_both(0, price="2.31", quantity=1),
    "free of charge": set_both(0, price=0, quantity=1),
    "two equal lines": both(
        lambda story: story.billed.append(story.billed[0]), lambda story: story.sold.append(story.sold[0])
    ),
    "of tomorrow": on_receipt(dateTime="2026-03-26T01:00:00.000Z"),
    "changed at the register": in_extras(contentModified=True, newContent=[{"id": "tea", "newQuantity": 1}]),
    "no receipt": leave_unsold,
    "unknown rate": use_rate("льготный"),
    "listed after": after(list_it),
    "listed with another total": before(list_another_total),
    "two receipts": after(lambda story, log: log.deliver(story.receipt("S"))),
    "refund": after(lambda story, log: log.deliver(story.receipt("P", type="PAYBACK"))),
    "delivered with other contents": after(lambda story, log: log.deliver(story.receipt(shiftId="2"))),
    "a line missing": lambda story: story.sold.pop(),
    "a line more": lambda story: story.sold.append(line("bag", 5)),
    "nothing on it": both(lambda story: story.billed.clear(), lambda story: story.sold.clear()),
    "lines in another order": swap,
    "another product": lambda story: story.sold.__setitem__(0, line("coffee", 100)),
    "a product without id": set_both(0, product=""),
    "a higher price": lambda story: story.sold.__setitem__(0, line("tea", 101)),
    "prices that make up for each other": lambda story: story.sold.__setitem__(
        slice(0, 3), [line("tea", 101), story.sold[1], line("spoon", "9.72", 3, rate=10, total="29.15")]
    ),
    "more of it": lambda story: story.sold.__setitem__(0, line("tea", 100, 2)),
    "none of it": set_both(0, quantity=0),
    "less than none of it": set_both(0, quantity=-1),
    "beyond all limits": scale,
    "a discount": change_sold(0, discount=7),
    "a discount that a higher price hides": lambda story: story.sold.__setitem__(
        0, line("tea", 110, discount=10, total=100)
    ),
    "a discount on the whole": on_receipt(totalDiscount=5),
    "a line's sum is another": set_sold(0, total=Decimal(99)),
    "wrong tax": set_sold(0, tax=Decimal(4)),
    "wrong tax by a kopeck": set_sold(0, tax=Decimal("4.77")),
    "another rate": change_sold(0, tax="9.09"),
    "a rate and tax of another kind": lambda story: story.sold.__setitem__(0, line("tea", 100, rate=10)),
    "a rate below zero": set_sold(0, rate=Decimal(-5), tax=Decimal(0)),
    "a mark": set_mark(WELL_FORMED),
    "a damaged mark": set_mark(DAMAGED),
    "another total on the bill": on_bill(summ=1),
    "another total on the receipt": on_receipt(totalAmount=1),
    "prepayment": on_bill(prepayment=50),
    "prepayment of all": on_bill(prepayment=Decimal("180.15")),
    "an advance": in_extras(settlementMethod="AdvancePayment"),
    "a full prepayment": in_extras(settlementMethod="FullPrepayment"),
    "in part": in_extras(settlementMethod="PartialSettlement"),
    "on credit": in_extras(settlementMethod="Lend"),
    "not fiscal": on_receipt(infoCheck=True),
    "a purchase": on_receipt(type="BUY"),
    "a refund alone": on_receipt(type="PAYBACK"),
    "another number": in_extras(number="another"),
    "a number of another case": in_extras(number="crm"),
    "another date": in_extras(date="2026-03-24 09:00:00"),
    "another customer": in_extras(customer={"name": "Некто"}),
    "another taxpayer": both(
        on_bill(customer={"name": "А", "inn": "1"}), in_extras(customer={"name": "А", "inn": "2"})
    ),
    "late": on_receipt(dateTime="2026-03-25T01:00:00.000Z"),
    "store of another shop": on_receipt(storeId="elsewhere"),
    "no answer": before(ask_without_answer),
    "no answer, by number": before(ask_by_number_without_answer),
    "stated otherwise once": before(ask_twice_and_be_told_otherwise),
    "stated otherwise in the end": after(
        lambda story, log: log.ask_bill(make_bill(str(story.number), story.billed[:1]))
    ),
    "stated, not opened, another total": both(state_unasked, leave_unsold, on_bill(summ=1)),
    "stated, not opened, a mark": both(state_unasked, leave_unsold, set_mark(WELL_FORMED)),
}
CLEAN = tuple(DEVIATIONS)[: tuple(DEVIATIONS).index("no receipt")]
