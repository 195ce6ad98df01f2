"""What was sold of each product on some days, less what was given back. Read-only."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from reconciliation.owner.days import Span
from reconciliation.owner.kept import Kept, read_best
from reconciliation.owner.times import within
from reconciliation.period_figures import brings_money_of
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Product, ReceiptLine, Shop
from shops.payment.values import PAYBACK

LISTED = 10
QUANTITY: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=15, decimal_places=3)


@dataclass(frozen=True, slots=True)
class Sold:
    """`product` is its id in the shop's CRM; lines without one are one row."""

    product: str
    name: str
    quantity: Decimal
    amount: Decimal


def find_lines(shop: Shop, *spans: Span) -> QuerySet[ReceiptLine]:
    """The lines of the receipts that brought money in some times, each with its amount as it changes it (`signed`)."""
    at = Coalesce("receipt__printed_at", "receipt__received_at")
    lines = ReceiptLine.objects.filter(brings_money_of("receipt__"), receipt__shop=shop).alias(at=at)
    return lines.filter(within("at", spans)).annotate(
        signed=_signed("total", DecimalField(max_digits=15, decimal_places=2)),
        signed_quantity=_signed("quantity", QUANTITY),
    )


def _signed(name: str, field: Any) -> Case:
    return Case(When(receipt__type=PAYBACK, then=-F(name)), default=F(name), output_field=field)


def list_best(shop: Shop, kept: Kept) -> list[Sold]:
    """The products that brought most; two queries."""
    sums = sum_lines(find_lines(shop, *kept.gaps))
    if kept.by_day:
        best = read_best(sums, kept.keys, LISTED)
    else:
        best = list(sums.order_by("-amount", "product_external_id")[:LISTED])
    names = name_products(shop, [product for product, _, _ in best])
    return [Sold(product, names.get(product, product), pieces, read_sum(kopecks)) for product, kopecks, pieces in best]


def sum_lines(lines: QuerySet[ReceiptLine], **by: Any) -> Any:
    """What was sold of each product, further divided: the sum in kopecks (`amount`) and the quantity (`pieces`)."""
    grouped = lines.order_by().values("product_external_id", **by)
    sums = grouped.annotate(amount=sum_kopecks("signed"), pieces=Sum("signed_quantity"))
    return sums.values_list(*by, "product_external_id", "amount", "pieces")


def name_products(shop: Shop, ids: list[str]) -> dict[str, str]:
    return dict(Product.objects.filter(shop=shop, external_id__in=ids).values_list("external_id", "name"))
