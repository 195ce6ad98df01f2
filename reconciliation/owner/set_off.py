"""Advances that settlement receipts of some days show once more: they are no money of these days. Read-only."""

from typing import Any

from django.db.models import Count, DateField, QuerySet, Value

from reconciliation.models import SetOff
from reconciliation.owner.days import Span
from reconciliation.owner.numbering import number_rows
from reconciliation.owner.times import within
from shops.exact_sums import sum_kopecks
from shops.models import Shop


def find_set_offs(shop: Shop, span: Span) -> QuerySet[SetOff]:
    return SetOff.objects.filter(within("dated_at", [span]), shop=shop)


def sum_set_offs(set_offs: QuerySet[SetOff], place: int) -> Any:
    """A numbered sum like those of what was billed, so that it needs no query of its own."""
    no_day = Value(None, output_field=DateField())
    grouped = number_rows(set_offs.order_by(), place).values("place", key=no_day)
    counted = grouped.annotate(bills=Count("*"), amount=sum_kopecks("amount"))
    return counted.values_list("place", "key", "bills", "amount")
