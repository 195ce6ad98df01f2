"""An accountant who is logged in, and what stands in the queue as the page gives it."""

from collections.abc import Callable, Mapping

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reconciliation.models import Discrepancy
from tests.factories import make_accountant

QUEUE = "/admin/reconciliation/discrepancy/"

ListQueue = Callable[[Mapping[str, str]], list[Discrepancy]]


@pytest.fixture
def accountant(client: Client) -> User:
    accountant = make_accountant()
    client.force_login(accountant)
    return accountant


@pytest.fixture
def list_queue(client: Client, accountant: User) -> ListQueue:
    """The rows of the queue, in their order, as it answers a query."""

    def ask(query: Mapping[str, str]) -> list[Discrepancy]:
        answer = client.get(QUEUE, query)
        assert answer.status_code == 200, query
        return list(answer.context["cl"].result_list)

    return ask
