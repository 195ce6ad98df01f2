"""How a bill can go: what a scenario may do, and the ordinary ways that are clean. Pure.

A scenario may first shape the bill, as the CRM issues it; then it says what happens at the register. Those that
plant discrepancies stand in `money_scenarios` and `other_scenarios`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from random import Random

from crmpos.history.documents import Bill, Receipt
from crmpos.history.shop import InventedShop


@dataclass(frozen=True, slots=True)
class Planted:
    """A discrepancy that the program must find: about a bill, about a receipt without one, or about a message."""

    shop: int
    bill: str | None  # the bill's external id
    receipt: str | None
    kind: str
    amount: Decimal | None


class Fate(Enum):
    """What becomes of a request on its way."""

    ANSWERED = auto()
    SLOW = auto()  # answered so late that it is sent again
    UNANSWERED = auto()  # and sent again
    CUT = auto()  # unreadable, and sent again
    STILL_LISTED = auto()  # answered, and the bill stands in a list given after that


@dataclass(slots=True)
class Delivery:
    """A receipt is printed some time after the step before, and reaches the server some time after that."""

    receipt: Receipt
    after_seconds: int
    transit_seconds: int = 2
    fate: Fate = Fate.ANSWERED
    pays_off: bool = True  # the CRM takes the bill off the list


@dataclass(slots=True)
class Visit:
    """What happens when the customer stands at the register. `asides` have nothing to do with the bill."""

    deliveries: list[Delivery]
    list_fate: Fate = Fate.ANSWERED
    bill_fate: Fate = Fate.ANSWERED
    asides: list[Delivery] = field(default_factory=list)


@dataclass(slots=True)
class Desk:
    """All that a scenario may look at while it is played."""

    shop: InventedShop
    all_shops: list[InventedShop]
    random: Random
    now: datetime
    visit_at: datetime
    end: datetime
    on_planted: Callable[[Planted], None]

    def plant(
        self, kind: str, amount: Decimal | None = None, *, bill: Bill | None, receipt: Receipt | None = None
    ) -> None:
        bill_id = str(bill.bill_id) if bill else None
        receipt_id = receipt.receipt_id if receipt else None
        self.on_planted(Planted(self.shop.number, bill_id, receipt_id, kind, amount))

    def deliver(self, receipt: Receipt, **fields: object) -> Delivery:
        """A delivery as it usually is: printed within minutes, received within seconds."""
        usual = {"after_seconds": self.random.randint(15, 200), "transit_seconds": self.random.choice((1, 2, 2, 3, 5))}
        return Delivery(receipt, **(usual | fields))  # type: ignore[arg-type]

    @property
    def time_left(self) -> timedelta:
        return self.end - self.visit_at


def _fits_always(desk: Desk, bill: Bill) -> bool:
    return True


def _leave_as_it_is(desk: Desk, bill: Bill) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way for a bill to go. `weight` is how often it is chosen among its like."""

    play: Callable[[Desk, Bill], Visit]
    weight: int = 1
    fits: Callable[[Desk, Bill], bool] = _fits_always
    shape: Callable[[Desk, Bill], None] = _leave_as_it_is
    opens_bill: bool = True  # the register asks for the contents
    hours_needed: int = 1  # before the end of the history


def has_distinct_lines(bill: Bill, count: int) -> bool:
    """Whether there are `count` lines, and no product twice."""
    products = {line.product.product_id for line in bill.lines}
    return count <= len(bill.lines) == len(products)


def has_whole_distinct_lines(bill: Bill, count: int) -> bool:
    """Whether there are `count` lines to play with: no product twice, and whole quantities."""
    return has_distinct_lines(bill, count) and all(line.is_whole for line in bill.lines)


# --- clean ways ----------------------------------------------------------------------------------------------


def sell_all(desk: Desk, bill: Bill) -> Visit:
    """As it should be. What is marked is remembered: another bill may wrongly carry the same mark later."""
    marked = [line for line in bill.lines if line.mark]
    if marked:
        desk.shop.paid_marks.append((bill, marked[0]))
    return Visit([desk.deliver(desk.shop.sell(bill))])


def sell_unopened(desk: Desk, bill: Bill) -> Visit:
    return Visit([desk.deliver(desk.shop.sell(bill))])


def take_prepayment(desk: Desk, bill: Bill) -> None:
    roubles = int(bill.total)
    if roubles >= 200:
        bill.prepayment = Decimal(desk.random.randint(roubles // 10, roubles // 2))


def sell_less_prepayment(desk: Desk, bill: Bill) -> Visit:
    receipt = desk.shop.sell(bill)
    receipt.beyond_lines = -bill.prepayment
    return Visit([desk.deliver(receipt)])


def split_over_two_receipts(desk: Desk, bill: Bill) -> Visit:
    cut = desk.random.randint(1, len(bill.lines) - 1)
    parts = [desk.shop.sell(bill, bill.lines[:cut]), desk.shop.sell(bill, bill.lines[cut:])]
    for part in parts:
        part.contents_changed = True
    return Visit([desk.deliver(part, pays_off=part is parts[-1]) for part in parts])


def deliver_again(desk: Desk, bill: Bill) -> Visit:
    return Visit([desk.deliver(desk.shop.sell(bill), fate=Fate.SLOW)])


def deliver_within_the_hour(desk: Desk, bill: Bill) -> Visit:
    transit_seconds = desk.random.randint(600, 3300)
    return Visit([desk.deliver(desk.shop.sell(bill), transit_seconds=transit_seconds)])


def never_pay(desk: Desk, bill: Bill) -> Visit:
    return Visit([])


CLEAN = (
    Scenario(sell_all, weight=860),
    Scenario(sell_less_prepayment, weight=25, shape=take_prepayment),
    Scenario(split_over_two_receipts, weight=30, fits=lambda desk, bill: has_distinct_lines(bill, 2)),
    Scenario(deliver_again, weight=25),
    Scenario(deliver_within_the_hour, weight=8, hours_needed=2),
    Scenario(sell_unopened, weight=50, opens_bill=False),
)
