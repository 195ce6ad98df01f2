"""Under a row the bill and its receipts stand line by line, and only for who may see the queue."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation.models import Discrepancy
from tests.factories import import_sample, make_one_of_everything, make_person
from tests.queue.conftest import QUEUE

pytestmark = pytest.mark.django_db


def test_the_31_690_line_by_line(client: Client, accountant: User) -> None:
    import_sample()
    row = Discrepancy.objects.get(kind="partial_receipt")
    address = f"{QUEUE}{row.pk}/lines/"
    assert f'data-lines="{address}"' in client.get(QUEUE).content.decode()
    with CaptureQueriesContext(connection) as queries:
        part = client.get(address).content.decode()
    assert part.count('class="row-unpaid"') == 4
    assert "\u221231\u00a0040,00" in part.replace("\u2060", "")
    assert "<html" not in part
    assert len(queries) <= 15


def test_the_list_itself_does_not_load_them(client: Client, accountant: User) -> None:
    make_one_of_everything(1)
    assert "side-by-side" not in client.get(QUEUE).content.decode()


def test_who_may_not_see_the_queue_sees_no_lines_and_no_neighbours(client: Client) -> None:
    row = make_one_of_everything(1)
    for part in ("lines/", "neighbour/next/"):
        assert client.get(f"{QUEUE}{row.pk}/{part}").status_code == 302, "to the login page"
    client.force_login(make_person("stranger"))
    for part in ("lines/", "neighbour/next/"):
        assert client.get(f"{QUEUE}{row.pk}/{part}").status_code == 403
    client.force_login(make_person("viewer", "Viewers"))
    assert client.get(f"{QUEUE}{row.pk}/lines/").status_code == 200
    assert client.get(f"{QUEUE}{row.pk}/neighbour/sideways/").status_code == 403
    assert client.get(f"{QUEUE}{row.pk + 1}/lines/").status_code == 404
