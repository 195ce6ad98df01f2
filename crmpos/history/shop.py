"""One invented shop: its stores, its catalogue, the bills of its CRM. Pure.

Everything is drawn from the one `random.Random` of the history, in the order of its time.
"""

import string
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from crmpos.history.documents import Bill, Customer, Line, Place, Product, Receipt, SoldLine
from crmpos.history.trades import (
    ANONYMOUS,
    COMPANIES,
    DELIVERY_NAME,
    DELIVERY_UNIT,
    FIRST_NAMES,
    LAST_NAMES,
    LIGHT_INDUSTRY,
    PERFUME,
    Goods,
    Trade,
)

FIRST_SHOP_NUMBER = 501
GROUP_SEPARATOR = "\x1d"
SERIAL_LENGTH = 13
SERIAL_CHARACTERS = string.ascii_letters + string.digits + "/*_;!\"%&'()+,-.:<=>?"
SIGNATURE_CHARACTERS = string.ascii_letters + string.digits + "+/"
MARKED_TYPES = (LIGHT_INDUSTRY, PERFUME)
RECENT_BILLS = 30
PAID_MARKS = 10

ONE = Decimal(1)


@dataclass(slots=True)
class InventedShop:
    """A shop as its CRM and its registers know it at one time of the history."""

    number: int
    trade: Trade
    random: Random
    products: list[Product]
    delivery: Product
    places: list[Place]
    employees: list[str]
    next_bill_id: int
    next_number: int
    open_bills: dict[int, Bill] = field(default_factory=dict)  # in the order in which they were issued
    recent_bills: deque[Bill] = field(default_factory=lambda: deque(maxlen=RECENT_BILLS))
    paid_marks: deque[tuple[Bill, Line]] = field(default_factory=lambda: deque(maxlen=PAID_MARKS))
    stores_in_use: dict[str, datetime] = field(default_factory=dict)  # store id -> its first receipt
    quiet_until: dict[str, datetime] = field(default_factory=dict)  # kind -> no request is sent before
    answered_until: dict[str, datetime] = field(default_factory=dict)  # kind -> its last answer promised

    @classmethod
    def invent(cls, index: int, trade: Trade, random: Random) -> "InventedShop":
        user_id = f"01-{random.randrange(10**9):015d}"
        stores = [make_evotor_id(random) for _ in range(random.randint(1, 3))]
        return cls(
            number=FIRST_SHOP_NUMBER + index,
            trade=trade,
            random=random,
            products=_make_products(trade, random),
            delivery=Product(
                make_uuid(random), DELIVERY_NAME, Decimal(random.choice((300, 350, 500, 650))), DELIVERY_UNIT, ""
            ),
            places=[
                Place(store, make_evotor_id(random), user_id, random.randrange(20, 1500))
                for store in stores
                for _ in range(random.randint(1, 2))
            ],
            employees=[make_evotor_id(random) for _ in range(2 * len(stores) + 1)],
            next_bill_id=random.randrange(20, 90) * 10_000 + index,
            next_number=random.randrange(1_000_000, 2_000_000),
        )

    # --- the CRM ---

    def issue_bill(self, now: datetime) -> Bill:
        self.next_bill_id += self.random.randint(1, 9)
        self.next_number += self.random.randint(1, 3)
        own_number = self.random.random() < 0.7
        return Bill(
            shop_number=self.number,
            bill_id=self.next_bill_id,
            number=str(self.next_number) if own_number else f"{self.next_bill_id}-CRM",
            issued_at=now,
            customer=self._make_customer(),
            lines=self._make_lines(),
            tax_rate=self.trade.tax_rate,
            tax_percent=self.trade.tax_percent,
        )

    def make_line(self, product: Product) -> Line:
        mark = make_mark(self.random, product) if product.is_marked else ""
        if product.by_weight:
            return Line(product, Decimal(self.random.randint(5, 250)).scaleb(-2), mark)
        return Line(product, Decimal(self.random.randint(1, product.most_pieces)), mark)

    def _make_lines(self) -> list[Line]:
        lines = [
            self.make_line(self.random.choice(self.products))
            for _ in range(self.random.randint(1, self.trade.most_lines))
        ]
        if self.random.randrange(100) < self.trade.delivery_percent:
            lines.append(Line(self.delivery, ONE))
        return lines

    def _make_customer(self) -> Customer:
        customer_id = self.random.randrange(10_000, 400_000)
        luck = self.random.randrange(100)
        if luck < 12:
            return Customer(customer_id, ANONYMOUS)
        if luck < 16:
            name = f"ООО «{self.random.choice(COMPANIES)}»"
            taxpayer_number = f"77{self.random.randrange(10**8):08d}"
            return Customer(
                customer_id, name, taxpayer_number, f"77{self.random.randrange(10**7):07d}", is_company=True
            )
        first_name, last_name = self.random.choice(FIRST_NAMES), self.random.choice(LAST_NAMES)
        return Customer(customer_id, first_name if luck < 22 else f"{first_name} {last_name}")

    # --- the register ---

    def choose_visit(self, now: datetime) -> datetime:
        """When the customer comes to pay: often at once, sometimes days later, always while the shop is open."""
        luck = self.random.randrange(100)
        wait_seconds = (
            self.random.randint(40, 700)
            if luck < 55
            else self.random.randint(1800, 20_000)
            if luck < 80
            else self.random.randint(40_000, 260_000)
        )
        time = now + timedelta(seconds=wait_seconds)
        opens = time.replace(hour=self.trade.opens_hour, minute=3, second=0)
        closes = time.replace(hour=self.trade.closes_hour - 1, minute=30, second=0)
        if opens <= time <= closes:
            return time
        later = opens if time < opens else opens + timedelta(days=1)
        return later + timedelta(seconds=self.random.randrange(8 * 3600))

    def sell(self, bill: Bill, lines: list[Line] | None = None) -> Receipt:
        """The receipt over the lines of a bill (all of them), as it should be."""
        sold = bill.lines if lines is None else lines
        return self.print_receipt([self.sold(line) for line in sold], bill)

    def sold(self, line: Line) -> SoldLine:
        return SoldLine(line.product, line.quantity, line.product.price, self.trade.tax_percent)

    def print_receipt(self, lines: list[SoldLine], bill: Bill | None = None) -> Receipt:
        return Receipt(
            receipt_id=make_uuid(self.random),
            lines=lines,
            place=self.random.choice(self.places),
            employee_id=self.random.choice(self.employees),
            payment_source="PAY_CASH" if self.random.random() < 0.3 else "PAY_CARD",
            bill=bill,
        )


# --- ids and codes -------------------------------------------------------------------------------------------


def make_uuid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def make_evotor_id(random: Random) -> str:
    """A date and hexadecimal digits: it looks like a UUID and is none."""
    digits = f"{random.getrandbits(80):020X}"
    date = f"20{random.randint(17, 25)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
    return f"{date}-{digits[:4]}-40{digits[4:6]}-80{digits[6:8]}-{digits[8:]}"


def make_gtin(random: Random) -> str:
    digits = f"0460{random.randrange(10**9):09d}"
    return digits + str(check_digit(digits))


def check_digit(digits: str) -> int:
    """GS1's: the digits from the right weigh 3, 1, 3, ..., and the check digit fills up to the next ten."""
    weighed = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return -weighed % 10


def make_mark(random: Random, product: Product) -> str:
    serial = _draw(random, SERIAL_CHARACTERS, SERIAL_LENGTH)
    start = f"01{product.gtin}21{serial}{GROUP_SEPARATOR}"
    if product.goods_type == LIGHT_INDUSTRY:
        signature = _draw(random, SIGNATURE_CHARACTERS, 43)
        return f"{start}91EE{random.randint(10, 12)}{GROUP_SEPARATOR}92{signature}="
    return f"{start}93{_draw(random, SIGNATURE_CHARACTERS, 4)}"


def break_check_digit(mark: str) -> str:
    return f"{mark[:15]}{(int(mark[15]) + 1) % 10}{mark[16:]}"


def _draw(random: Random, characters: str, count: int) -> str:
    return "".join(random.choices(characters, k=count))


def _make_products(trade: Trade, random: Random) -> list[Product]:
    kinds = [(goods, variant) for goods in trade.goods for variant in goods.variants]
    return [
        Product(
            product_id=product_id,
            name=goods.name + variant,
            price=_make_price(goods, trade, random),
            unit=goods.unit,
            goods_type=goods.goods_type,
            gtin=make_gtin(random) if goods.goods_type in MARKED_TYPES else "",
            most_pieces=goods.most_pieces,
            by_weight=goods.by_weight,
        )
        for (goods, variant), product_id in zip(kinds, random.sample(range(100, 90_000), len(kinds)), strict=True)
    ]


def _make_price(goods: Goods, trade: Trade, random: Random) -> Decimal:
    roubles = Decimal(random.randint(goods.lowest_price, goods.highest_price))
    kopecks = Decimal(random.randrange(100)).scaleb(-2) if trade.kopeck_prices else Decimal(0)
    return roubles + kopecks
