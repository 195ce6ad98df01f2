"""A shop whose months are closed, and who closes them."""

import pytest

from tests.factories import make_shop
from tests.periods.books import Books, make_chief


@pytest.fixture
def books(db: None) -> Books:
    return Books(make_shop(7), make_chief())
