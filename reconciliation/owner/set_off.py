"""Advances that settlement receipts of some days show once more: they are no money of these days. Read-only."""

from decimal import Decimal

from django.db.models import QuerySet

from reconciliation.models import SetOff
from reconciliation.owner.days import Span
from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Shop


def find_set_offs(shop: Shop, span: Span) -> QuerySet[SetOff]:
    return SetOff.objects.filter(shop=shop, dated_at__gte=span.begins, dated_at__lt=span.ends)


def sum_set_off(shop: Shop, span: Span) -> Decimal:
    """One query."""
    return read_sum(find_set_offs(shop, span).order_by().aggregate(amount=sum_kopecks("amount"))["amount"])
