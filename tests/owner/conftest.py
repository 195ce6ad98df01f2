"""The books of five shops, and an owner who sees all of them."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import join_shop
from tests.owner.books import fill_books


@pytest.fixture
def books(db: None, tmp_path: Path) -> None:
    fill_books(tmp_path)


@pytest.fixture
def owner(db: None) -> User:
    """Somebody who may not enter the admin."""
    person = User.objects.create_user("owner", password="a long password", first_name="Ада", last_name="Лавлейс")
    join_shop(person, "Owners")
    return User.objects.get(pk=person.pk)


@pytest.fixture
def visitor(owner: User, client: Client) -> Client:
    client.force_login(owner)
    return client
