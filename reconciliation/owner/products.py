"""What was sold of each product on some days, less what was given back. Read-only."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from reconciliation.owner.days import Span
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


def find_lines(shop: Shop, span: Span) -> QuerySet[ReceiptLine]:
    """The lines of the receipts that brought money in a time, each with its amount as it changes it (`signed`)."""
    at = Coalesce("receipt__printed_at", "receipt__received_at")
    lines = ReceiptLine.objects.filter(brings_money_of("receipt__"), receipt__shop=shop).alias(at=at)
    return lines.filter(at__gte=span.begins, at__lt=span.ends).annotate(
        signed=_signed("total", DecimalField(max_digits=15, decimal_places=2)),
        signed_quantity=_signed("quantity", QUANTITY),
    )


def _signed(name: str, field: Any) -> Case:
    return Case(When(receipt__type=PAYBACK, then=-F(name)), default=F(name), output_field=field)


def list_best(shop: Shop, span: Span) -> list[Sold]:
    """The products that brought most; two queries."""
    grouped = find_lines(shop, span).order_by().values("product_external_id")
    sums: Any = grouped.annotate(amount=sum_kopecks("signed"), pieces=Sum("signed_quantity"))
    best = list(sums.order_by("-amount", "product_external_id")[:LISTED])
    names = name_products(shop, [row["product_external_id"] for row in best])
    return [
        Sold(
            row["product_external_id"],
            names.get(row["product_external_id"], row["product_external_id"]),
            row["pieces"],
            read_sum(row["amount"]),
        )
        for row in best
    ]


def name_products(shop: Shop, ids: list[str]) -> dict[str, str]:
    return dict(Product.objects.filter(shop=shop, external_id__in=ids).values_list("external_id", "name"))
