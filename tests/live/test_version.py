"""Open pages are told that something has happened, by questions that cost next to nothing."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reconciliation import decisions
from reconciliation.freshness import find_version
from reconciliation.models import Discrepancy
from shops.models import Shop
from shops.roles import EVERYWHERE, Scope
from shops.serving import put_bill
from tests.factories import make_accountant, make_bill, make_one_of_everything, make_person, make_receipt, make_shop

pytestmark = pytest.mark.django_db

QUEUE_VERSION = "/admin/reconciliation/discrepancy/version/"


def scopes(shop: Shop) -> tuple[Scope, Scope]:
    return EVERYWHERE, Scope(False, frozenset((shop.pk,)))


def versions(shop: Shop) -> list[str]:
    return [find_version(scope) for scope in scopes(shop)]


def test_a_receipt_a_bill_and_a_decision_each_make_another_version() -> None:
    row = Discrepancy.objects.get(pk=make_one_of_everything(1).pk)
    shop, ada = row.shop, make_accountant("ada")
    seen = [versions(shop)]
    assert versions(shop) == seen[0]
    make_receipt(make_bill(shop))
    seen.append(versions(shop))
    bill = '{"id": 900001, "date": "2030-01-01 00:00:00", "summ": 1, "number": "9", "customer": {}, "products": []}'
    put_bill(shop, "900001", bill.encode(), query={"id": "900001"}, now=timezone.now())
    seen.append(versions(shop))
    decisions.take(row, actor=ada, now=timezone.now())
    seen.append(versions(shop))
    for of_scope in zip(*seen, strict=True):
        assert len(set(of_scope)) == len(seen)


def test_what_happens_elsewhere_is_no_news() -> None:
    shop, other = make_shop(1), make_shop(2)
    before = versions(shop)
    make_receipt(make_bill(other))
    after = versions(shop)
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_question_costs_one_query() -> None:
    for number in (1, 2, 3):
        make_one_of_everything(number)
    for scope in (EVERYWHERE, Scope(False, frozenset((1, 2, 3)))):
        with CaptureQueriesContext(connection) as queries:
            find_version(scope)
        assert len(queries) == 1


def test_nobody_asks_about_a_shop_of_others(client: Client) -> None:
    make_one_of_everything(1)
    make_shop(2)
    client.force_login(make_person("ada", "Owners", shop=Shop.objects.get(pk=2)))
    assert client.get("/shops/1/version/").status_code == 404
    answer = client.get("/shops/2/version/")
    assert answer.json() == {"version": find_version(Scope(False, frozenset((2,))))}
    assert answer["Cache-Control"] == "no-store"


def test_the_queue_is_asked_about_by_who_sees_it(client: Client) -> None:
    make_shop(1)
    assert client.get(QUEUE_VERSION).status_code == 302
    client.force_login(make_person("nobody"))
    assert client.get(QUEUE_VERSION).status_code == 403
    client.force_login(make_accountant())
    assert client.get(QUEUE_VERSION).json() == {"version": find_version(EVERYWHERE)}


def test_the_pages_say_which_version_they_are(client: Client, admin_user: User) -> None:
    make_one_of_everything(1)
    client.force_login(admin_user)
    for address, scope in (
        ("/admin/reconciliation/discrepancy/", EVERYWHERE),
        ("/shops/1/", Scope(False, frozenset((1,)))),
    ):
        assert f'data-version="{find_version(scope)}"' in client.get(address).content.decode()
