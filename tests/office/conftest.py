"""The cast of the back-office API: the office and a register of shop 1, the office of shop 2, and people."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from reconciliation.models import Discrepancy
from shops.access import create_key
from shops.models import Shop
from tests.factories import make_accountant, make_one_of_everything, make_person


@pytest.fixture(autouse=True)
def calls_are_counted_anew(settings: Settings) -> None:
    """In this process, so that nothing is left in the Redis of a developer."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def call_with_key(shop: Shop, role: str) -> Client:
    """A program that calls with a key of a shop."""
    key = create_key(shop, role, now=timezone.now())
    return Client(headers={"Authorization": f"Bearer {key.secret}", "Accept-Language": "en"})


def log_in(person: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


def read(client: Client, address: str, **query: Any) -> Any:
    """What a list or an object says."""
    answer = client.get(f"/api/office/{address}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def download(client: Client, address: str, **query: Any) -> bytes:
    """The contents of a file."""
    answer: Any = client.get(f"/api/office/{address}", query)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def list_ids(client: Client, address: str, **query: Any) -> list[int]:
    return [row["id"] for row in read(client, address, **query)["results"]]


@pytest.fixture
def ours() -> Discrepancy:
    """Shop 1 with a row in every list."""
    return make_one_of_everything(1)


@pytest.fixture
def theirs() -> Discrepancy:
    """Shop 2 with a row in every list."""
    return make_one_of_everything(2)


@pytest.fixture
def office(ours: Discrepancy) -> Client:
    return call_with_key(ours.case.shop, "office")


@pytest.fixture
def neighbour(theirs: Discrepancy) -> Client:
    return call_with_key(theirs.case.shop, "office")


@pytest.fixture
def accountant(db: None) -> Client:
    return log_in(make_accountant())


@pytest.fixture
def viewer(db: None) -> Client:
    return log_in(make_person("viewer", "Viewers"))
