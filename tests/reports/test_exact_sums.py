"""Money is added up to the kopeck by either database."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shops.exact_sums import read_sum, sum_kopecks
from shops.models import Product, Shop
from tests.factories import NOON, make_shop

amounts = st.decimals(Decimal("-99999999999.99"), Decimal("99999999999.99"), places=2)


def sum_in_database(figures: list[Decimal]) -> Decimal:
    Product.objects.all().delete()
    Product.objects.bulk_create(
        [
            Product(shop_id=7, external_id=str(number), name="Чай", price=price, last_seen_at=NOON)
            for number, price in enumerate(figures)
        ],
        batch_size=500,
    )
    return read_sum(Product.objects.aggregate(sum=sum_kopecks("price"))["sum"])


@pytest.mark.django_db
def test_many_large_amounts_add_up_to_the_kopeck() -> None:
    make_shop(7)
    figures = [Decimal("99999999999.99") - Decimal(number) / 100 for number in range(20_000)]
    assert sum_in_database(figures) == sum(figures)


@pytest.mark.django_db
def test_nothing_adds_up_to_nothing() -> None:
    assert sum_in_database([]) == Decimal("0.00")


@pytest.mark.django_db
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(amounts, max_size=30))
def test_any_amounts_add_up_to_the_kopeck(figures: list[Decimal]) -> None:
    Shop.objects.get_or_create(number=7)
    assert sum_in_database(figures) == sum(figures, Decimal(0))
