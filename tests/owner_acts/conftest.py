"""A shop with its people, another shop beside it, and a bill that was paid in part."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reconciliation.models import Discrepancy
from shops.models import Shop
from tests.factories import make_bill, make_discrepancy, make_person


def make_member(name: str, group: str, shop: Shop | None, *, is_staff: bool = False) -> User:
    """Somebody with an address who belongs to the shop in the role of that group."""
    person = make_person(name, group, shop=shop)
    person.email, person.is_staff = f"{name}@books.example", is_staff
    person.save(update_fields=["email", "is_staff"])
    return person


def log_in(person: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client


def address_of(row: Discrepancy, act: str = "") -> str:
    page = f"/shops/{row.shop_id}/discrepancies/{row.pk}/"
    return f"{page}{act}/" if act else page


def act(client: Client, row: Discrepancy, name: str, **answers: Any) -> list[str]:
    """What the page says after the act; the row is read again."""
    answer = client.post(address_of(row, name), {f"{name}-{key}": value for key, value in answers.items()}, follow=True)
    assert answer.status_code == 200, answer.status_code
    row.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


PAYMENT = {"how": "transfer", "amount": "60,00", "paid_on": "2026-03-25", "comment": "Перевод", "seen_amount": "-60.00"}


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(number=7, name="Чай")


@pytest.fixture
def other_shop(db: None) -> Shop:
    return Shop.objects.create(number=8, name="Кофе")


@pytest.fixture
def row(shop: Shop) -> Discrepancy:
    return make_discrepancy(make_bill(shop))


@pytest.fixture
def owner(shop: Shop) -> User:
    return make_member("owner", "Owners", shop)


@pytest.fixture
def accountant(shop: Shop) -> User:
    return make_member("accountant", "Accountants", shop, is_staff=True)


@pytest.fixture
def viewer(shop: Shop) -> User:
    return make_member("viewer", "Viewers", shop)


@pytest.fixture
def neighbour(other_shop: Shop) -> User:
    return make_member("neighbour", "Owners", other_shop)
