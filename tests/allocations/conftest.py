"""A shop whose register sells without saying what for, and the accountant who knows."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.utils.translation import override

from shops.models import Bill, Receipt
from tests.factories import make_accountant
from tests.logs import run

AS_OF = "--as-of=2026-03-25T12:00:00+03:00"


@pytest.fixture
def anna(db: None) -> User:
    return make_accountant("anna")


@pytest.fixture
def boris(db: None) -> User:
    return make_accountant("boris")


@pytest.fixture
def audit(db: None) -> Callable[[], str]:
    """What the audit says against the books; nothing where they are right."""

    def say() -> str:
        with override("en"):
            try:
                output, errors = run("audit", AS_OF)
            except CommandError as error:
                return str(error)
        assert errors == ""
        return output.replace("the books agree with the facts\n", "")

    return say


def find_bill(external_id: str, shop: int = 7) -> Bill:
    return Bill.objects.get(shop=shop, external_id=external_id)


def find_receipt(receipt_id: str, shop: int = 7) -> Receipt:
    return Receipt.objects.get(shop=shop, receipt_id=receipt_id)
