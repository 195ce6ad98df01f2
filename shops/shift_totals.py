"""What the receipts of a shift come to, as a Z-report has it. Anyone may import it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Receipt, ReceiptLine
from shops.money import ZERO
from shops.payment.takings import CREDIT
from shops.payment.values import PAYBACK, SELL

CASH, CARD = ("PAY_CASH", "PAY_CASHBACK"), ("PAY_CARD",)

PRINTED = Coalesce("printed_at", "received_at")
SALES, PAYBACKS = Q(type=SELL), Q(type=PAYBACK)
COUNTED = Q(informational=False) & (SALES | PAYBACKS)
IN_CASH = Q(payment_source__in=CASH) & ~Q(settlement_method=CREDIT)
BY_CARD = Q(payment_source__in=CARD) & ~Q(settlement_method=CREDIT)

ShiftKey = tuple[int, int | None, str]  # shop number, terminal, what the receipts call the shift


@dataclass(frozen=True, slots=True)
class ShiftTotals:
    """Sales and refunds are both positive; what was paid in cash and by card is what came less what was given back."""

    receipts: int = 0
    sales: Decimal = ZERO
    paybacks: Decimal = ZERO
    cash: Decimal = ZERO
    card: Decimal = ZERO
    last_at: datetime | None = None  # when its last receipt was printed

    @property
    def revenue(self) -> Decimal:
        return self.sales - self.paybacks

    @property
    def other(self) -> Decimal:
        """Paid by other means, or handed over on credit."""
        return self.revenue - self.cash - self.card

    def __add__(self, other: "ShiftTotals") -> "ShiftTotals":
        return ShiftTotals(
            self.receipts + other.receipts,
            self.sales + other.sales,
            self.paybacks + other.paybacks,
            self.cash + other.cash,
            self.card + other.card,
            max(filter(None, (self.last_at, other.last_at)), default=None),
        )


def count_shifts(receipts: QuerySet[Receipt]) -> dict[ShiftKey, ShiftTotals]:
    """The totals of fiscal receipts by shift; one query."""
    grouped = receipts.filter(COUNTED).order_by().values_list("shop", "terminal", "shift")
    found = grouped.annotate(
        count=Count("pk"),
        sales=sum_kopecks("total", filter=SALES),
        paybacks=sum_kopecks("total", filter=PAYBACKS),
        cash_in=sum_kopecks("total", filter=SALES & IN_CASH),
        cash_out=sum_kopecks("total", filter=PAYBACKS & IN_CASH),
        card_in=sum_kopecks("total", filter=SALES & BY_CARD),
        card_out=sum_kopecks("total", filter=PAYBACKS & BY_CARD),
        last_at=Max(PRINTED),
    )
    return {
        (shop, terminal, shift): ShiftTotals(
            count,
            read_sum(sales),
            read_sum(paybacks),
            read_sum(cash_in) - read_sum(cash_out),
            read_sum(card_in) - read_sum(card_out),
            last_at,
        )
        for shop, terminal, shift, count, sales, paybacks, cash_in, cash_out, card_in, card_out, last_at in found
    }


def count_vat(receipts: QuerySet[Receipt]) -> Mapping[ShiftKey, Mapping[Decimal, Decimal]]:
    """VAT of fiscal receipts, sales less refunds, by shift and rate; one query."""
    lines = ReceiptLine.objects.filter(receipt__in=receipts.filter(COUNTED).order_by().values("pk")).order_by()
    grouped = lines.values_list("receipt__shop", "receipt__terminal", "receipt__shift", "tax_percent")
    found = grouped.annotate(
        sold=sum_kopecks("tax", filter=Q(receipt__type=SELL)),
        given_back=sum_kopecks("tax", filter=Q(receipt__type=PAYBACK)),
    )
    vat: dict[ShiftKey, dict[Decimal, Decimal]] = defaultdict(dict)
    for shop, terminal, shift, rate, sold, given_back in found:
        vat[shop, terminal, shift][rate] = read_sum(sold) - read_sum(given_back)
    return vat
