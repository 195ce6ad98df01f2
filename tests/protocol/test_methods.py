"""A method that an address does not have is refused as such, whoever asks: never with an error of ours."""

import pytest
from django.test import Client

from shops.models import ExchangeEvent
from tests.protocol.conftest import Crm, Till

ADDRESSES = (
    "/api/v2/list",
    "/api/v2/bill/byid/1",
    "/api/v2/bills",
    "/api/v2/receipts",
    "/api/v2/bills/1/status",
)
METHODS = ("HEAD", "PATCH", "TRACE", "BREW")


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_method_is_refused(till: Till, crm: Crm, address: str, method: str) -> None:
    statuses = {caller.send(method, address).status_code for caller in (till, crm)}
    assert 405 in statuses
    assert statuses <= {405, 403}
    assert Client().generic(method, address).status_code in (401, 405)
    assert not ExchangeEvent.objects.exists()
