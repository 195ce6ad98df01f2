"""The course of the invented history: who asks what and when, and what is answered. Pure.

Everything that takes time is a process: a generator that yields the seconds until it goes on. One queue holds the
processes of all shops, so that memory depends on what is under way at one time, not on the length of the history.

The journal does not say which answer belongs to which request, so the history never leaves it open: answers of a shop
and kind come in the order of their requests, and after a request without an answer the shop is quiet in that
kind for more than the minute in which an answer could still belong to it.
"""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from random import Random

from crmpos.history.documents import MOSCOW, Bill, write_event, write_list, write_request
from crmpos.history.money_scenarios import MONEY_SCENARIOS
from crmpos.history.other_scenarios import OTHER_SCENARIOS
from crmpos.history.scenario import CLEAN, Delivery, Desk, Fate, Planted, Scenario, Visit
from crmpos.history.shop import InventedShop, make_uuid
from crmpos.history.trades import TRADES
from shops.exchange_log import Direction, Entry
from shops.wire_writer import Written, write_text

DEFAULT_END = datetime(2026, 3, 31, 21, 0)

DISCREPANT_PER_THOUSAND = 65  # of the bills that come to the register, as not every bill suits
NEVER_PAID_PER_THOUSAND = 40
QUIET_SECONDS = 65
LIST_PAGE = 40  # beyond this the register asks for one bill by its number
WEEK = (10, 9, 9, 10, 12, 15, 9)  # how busy the days are, from Monday
FIRST_OPENING, AFTERNOON = time(10), time(13)
BEFORE_END = timedelta(minutes=30)

REFUSED = write_text({"errors": [{"code": 2001, "reason": "malformed"}]})

Process = Iterator[int]


def generate_history(
    *,
    bills: int,
    seed: int,
    shops: int = 5,
    days: int = 90,
    end: datetime = DEFAULT_END,
    on_planted: Callable[[Planted], None] | None = None,
) -> Iterator[Entry]:
    """The exchange of `shops` shops over the `days` before `end`, oldest first; `end` is Moscow time where naive.

    `on_planted` is told each discrepancy before the history is over; all of them can be found as of `end` or later.
    """
    local_end = (end.astimezone(MOSCOW) if end.tzinfo else end).replace(microsecond=0, tzinfo=None)
    history = _History(Random(seed), shops, local_end, on_planted or (lambda planted: None))
    return history.run(bills, days)


class _History:
    def __init__(self, random: Random, shops: int, end: datetime, on_planted: Callable[[Planted], None]) -> None:
        self.random, self.end, self.on_planted = random, end, on_planted
        self.shops = [InventedShop.invent(index, TRADES[index % len(TRADES)], random) for index in range(shops)]
        self.now = end
        self.first_day = end
        self.waiting: list[tuple[datetime, int, Process]] = []
        self.started = 0
        self.written: list[Entry] = []
        self.cards: list[Scenario] = []

    # --- time ---

    def run(self, bills: int, days: int) -> Iterator[Entry]:
        last_day = self.end.date() - timedelta(days=self.end.time() < AFTERNOON)
        self.first_day = self.now = datetime.combine(last_day, time()) - timedelta(days=days - 1)
        self._start(self._issue_bills(bills, days))
        while self.waiting and self.waiting[0][0] <= self.end:
            self.now, _, process = heapq.heappop(self.waiting)
            seconds = next(process, None)
            if seconds is not None:
                self._start(process, seconds)
            yield from self.written
            self.written.clear()

    def _start(self, process: Process, seconds: int = 0) -> None:
        """Has the process go on in so many seconds."""
        self.started += 1
        heapq.heappush(self.waiting, (self.now + timedelta(seconds=seconds), self.started, process))

    # --- the CRM ---

    def _issue_bills(self, bills: int, days: int) -> Process:
        """Spreads the bills over the days, and each day's over its hours."""
        busy = [WEEK[(self.first_day + timedelta(days=day)).weekday()] for day in range(days)]
        shares = [shop.trade.share for shop in self.shops]
        done = 0
        for day in range(days):
            due = bills * sum(busy[: day + 1]) // sum(busy)
            for shop in self.random.choices(self.shops, shares, k=due - done):
                self._start(self._live(shop), self._draw_issue_seconds(shop))
            done = due
            yield 86_400

    def _draw_issue_seconds(self, shop: InventedShop) -> int:
        """Within the opening hours of the day that begins now, and before the end of the history."""
        closes = min(self.now.replace(hour=shop.trade.closes_hour), self.end - BEFORE_END)
        return self.random.randrange(shop.trade.opens_hour * 3600, int((closes - self.now).total_seconds()))

    def _live(self, shop: InventedShop) -> Process:
        """A bill's life: issued, offered, paid or not, off the list in the end."""
        bill = shop.issue_bill(self.now)
        visit_at = shop.choose_visit(self.now)
        scenario = self._choose_scenario(self._desk(shop, visit_at), bill)
        shop.open_bills[bill.bill_id] = bill
        shop.recent_bills.append(bill)
        if scenario:
            scenario.shape(self._desk(shop, visit_at), bill)
            yield int((visit_at - self.now).total_seconds())
            yield from self._visit(shop, bill, scenario)
        yield self.random.randint(3 * 86_400, 9 * 86_400)
        shop.open_bills.pop(bill.bill_id, None)  # what is not paid for long is cancelled

    def _desk(self, shop: InventedShop, visit_at: datetime) -> Desk:
        return Desk(shop, self.shops, self.random, self.now, visit_at, self.end, self.on_planted)

    def _choose_scenario(self, desk: Desk, bill: Bill) -> Scenario | None:
        """How the bill goes; None when nobody ever comes to pay it."""
        luck = self.random.randrange(1000)
        if luck < NEVER_PAID_PER_THOUSAND or desk.time_left < BEFORE_END:
            return None
        if luck < NEVER_PAID_PER_THOUSAND + DISCREPANT_PER_THOUSAND and (card := self._deal_card(desk, bill)):
            return card
        suitable = [scenario for scenario in CLEAN if _suits(scenario, desk, bill)]
        weights = [scenario.weight for scenario in suitable]
        return self.random.choices(suitable, weights)[0] if suitable else None

    def _deal_card(self, desk: Desk, bill: Bill) -> Scenario | None:
        """The next discrepancy that suits the bill. Dealing from a shuffled pack gives every kind its turn."""
        if not any(_suits(card, desk, bill) for card in self.cards):
            missing = [card for card in (*MONEY_SCENARIOS, *OTHER_SCENARIOS) if card not in self.cards]
            pack = [card for card in missing for _ in range(card.weight)]
            self.random.shuffle(pack)
            self.cards += pack
        for index, card in enumerate(self.cards):
            if _suits(card, desk, bill):
                return self.cards.pop(index)
        return None

    # --- the register ---

    def _visit(self, shop: InventedShop, bill: Bill, scenario: Scenario) -> Process:
        visit = scenario.play(self._desk(shop, self.now), bill)
        by_number = len(shop.open_bills) > LIST_PAGE or self.random.random() < 0.5
        number = bill.number if by_number else ""
        for aside in visit.asides:
            self._start(self._deliver(shop, aside, None, ""), aside.after_seconds)
        yield from self._ask_list(shop, number, visit)
        if scenario.opens_bill:
            yield self.random.randint(2, 8)
            yield from self._ask_bill(shop, bill, visit)
        for delivery in visit.deliveries:
            yield delivery.after_seconds
            self._start(self._deliver(shop, delivery, bill, number))

    def _ask_list(self, shop: InventedShop, number: str, visit: Visit) -> Process:
        if visit.list_fate is Fate.UNANSWERED:
            yield from self._ask_in_vain(shop, "LIST", write_request("/api/v2/list"))
        if visit.list_fate is Fate.CUT:
            yield from self._list(shop, number, cut=True)
            yield self.random.randint(3, 15)
        yield from self._list(shop, number)

    def _list(self, shop: InventedShop, number: str, *, cut: bool = False) -> Process:
        request = write_request("/api/v2/list", number=number)

        def answer() -> Written:
            newest_first = reversed(shop.open_bills.values())
            text = write_list(bill for bill in newest_first if number in ("", bill.number))
            return self._cut(text) if cut else text

        yield from self._exchange(shop, "LIST", request, answer, self.random.choice((0, 1, 1, 2)))

    def _ask_bill(self, shop: InventedShop, bill: Bill, visit: Visit) -> Process:
        request = write_request(f"/api/v2/bill/byid/{bill.bill_id}", id=str(bill.bill_id))
        if visit.bill_fate is Fate.UNANSWERED:
            yield from self._ask_in_vain(shop, "BILL", request)
        yield from self._exchange(shop, "BILL", request, bill.write, self.random.choice((0, 0, 0, 1)))

    def _deliver(self, shop: InventedShop, delivery: Delivery, bill: Bill | None, number: str) -> Process:
        """The receipt is printed now, and then on its way until it is answered."""
        receipt = delivery.receipt
        text = receipt.write(self.now, self.first_day)
        yield delivery.transit_seconds

        def request() -> Written:
            milliseconds = self.random.randrange(1000)
            sent_at = self.now - timedelta(seconds=1)
            event = write_event(text, make_uuid(self.random), receipt.place.user_id, sent_at, milliseconds)
            return write_request("/api/v2/receipts", event)

        if delivery.fate is Fate.UNANSWERED:
            yield from self._ask_in_vain(shop, "RECEIPT", request())
        if delivery.fate is Fate.CUT:
            yield from self._exchange(shop, "RECEIPT", self._cut(request()), lambda: REFUSED, 1)
            yield self.random.randint(60, 70)
        if bill and delivery.fate is Fate.ANSWERED and self.random.random() < 0.5:
            self._start(self._list(shop, number))  # the register refreshes its list meanwhile
        is_slow = delivery.fate is Fate.SLOW
        seconds = self.random.randint(12, 20) if is_slow else self.random.choice((1, 1, 2, 2, 3))
        if receipt.place in shop.places:
            shop.stores_in_use.setdefault(receipt.place.store_id, self.now)

        def answer() -> Written:
            if bill and delivery.pays_off and delivery.fate is not Fate.STILL_LISTED:
                shop.open_bills.pop(bill.bill_id, None)
            return Written()

        yield from self._exchange(shop, "RECEIPT", request(), answer, seconds)
        if is_slow:
            yield self.random.randint(45, 60)
            yield from self._exchange(shop, "RECEIPT", request(), Written, 1)
        if bill and delivery.fate is Fate.STILL_LISTED:
            yield self.random.randint(0, 2)
            yield from self._list(shop, number)
            shop.open_bills.pop(bill.bill_id, None)

    # --- the wire ---

    def _exchange(
        self, shop: InventedShop, kind: str, request: Written, answer: Callable[[], Written], seconds: int
    ) -> Process:
        """A request, and its answer so many seconds later, but never before the answer to an earlier request."""
        yield from self._wait_until_quiet(shop, kind)
        self._write(shop, Direction.REQUEST, kind, request)
        answered_at = max(self.now + timedelta(seconds=seconds), shop.answered_until.get(kind, self.now))
        shop.answered_until[kind] = answered_at
        yield int((answered_at - self.now).total_seconds())
        self._write(shop, Direction.ANSWER, kind, answer())

    def _ask_in_vain(self, shop: InventedShop, kind: str, request: Written) -> Process:
        yield from self._wait_until_quiet(shop, kind)
        self._write(shop, Direction.REQUEST, kind, request)
        shop.quiet_until[kind] = self.now + timedelta(seconds=QUIET_SECONDS)

    def _wait_until_quiet(self, shop: InventedShop, kind: str) -> Process:
        while (until := shop.quiet_until.get(kind, self.now)) > self.now:
            yield int((until - self.now).total_seconds()) + self.random.randrange(20)

    def _write(self, shop: InventedShop, direction: Direction, kind: str, body: Written) -> None:
        self.written.append(Entry(0, self.now, shop.number, direction, kind, body.encode()))

    def _cut(self, text: Written) -> Written:
        """A part of the text from its beginning that is certainly no JSON."""
        return Written(text[: self.random.randint(1, len(text) - 1)].rstrip())


def _suits(scenario: Scenario, desk: Desk, bill: Bill) -> bool:
    return desk.time_left >= timedelta(hours=scenario.hours_needed) and scenario.fits(desk, bill)
