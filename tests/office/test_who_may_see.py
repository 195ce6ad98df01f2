"""A key sees its own shop and nothing of another; people see what they have the permission for; others see nothing."""

import csv

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import Client
from django.utils import timezone

from reconciliation.models import Discrepancy
from shops.access import revoke_key
from shops.models import ApiKey, Bill, ExchangeEvent, Receipt
from shops.visibility import visible_shops
from tests.factories import make_person
from tests.office.conftest import call_with_key, download, list_ids, log_in, read

LISTS = ("bills", "receipts", "exchange-events", "discrepancies")
DECISIONS = ("take", "assign", "comment", "resolve", "reopen", "undo")

pytestmark = pytest.mark.django_db


def list_objects(discrepancy: Discrepancy) -> list[str]:
    """The addresses of the rows of a discrepancy's shop."""
    shop = discrepancy.case.shop
    rows = {
        "bills": Bill.objects.filter(shop=shop),
        "receipts": Receipt.objects.filter(shop=shop),
        "exchange-events": ExchangeEvent.objects.filter(shop=shop),
        "discrepancies": Discrepancy.objects.filter(case__shop=shop),
    }
    assert tuple(rows) == LISTS
    return [f"/api/office/{name}/{row.pk}/" for name, found in rows.items() for row in found]


def test_a_key_sees_every_row_of_its_own_shop(office: Client, ours: Discrepancy) -> None:
    assert {office.get(address).status_code for address in list_objects(ours)} == {200}


def test_a_key_finds_nothing_of_another_shop(office: Client, neighbour: Client, ours: Discrepancy) -> None:
    for address in list_objects(ours):
        assert neighbour.get(address).status_code == 404, address
    for name in LISTS:
        assert {row["shop"] for row in read(neighbour, name)["results"]} == {2}
        assert list_ids(neighbour, name, shop=1) == []
        rows = list(csv.DictReader(download(neighbour, name, format="csv").decode().splitlines()))
        assert {row["shop"] for row in rows} == {"2"}


def test_what_stands_in_an_object_is_of_its_own_shop(office: Client, ours: Discrepancy, theirs: Discrepancy) -> None:
    bill = read(office, f"bills/{ours.case.bill_id}")
    assert [row["shop"] for row in (*bill["receipts"], *bill["discrepancies"])] == [1, 1]


def test_somebody_who_has_logged_in_sees_all_shops(
    accountant: Client, viewer: Client, ours: Discrepancy, theirs: Discrepancy
) -> None:
    for client in (accountant, viewer):
        assert {client.get(address).status_code for address in list_objects(ours) + list_objects(theirs)} == {200}
        for name in LISTS:
            assert {row["shop"] for row in read(client, name)["results"]} == {1, 2}
            assert {row["shop"] for row in read(client, name, shop=2)["results"]} == {2}


def test_each_list_has_a_permission_of_its_own(ours: Discrepancy) -> None:
    for name, model in zip(LISTS, ("bill", "receipt", "exchangeevent", "discrepancy"), strict=True):
        person = make_person(f"reader of {name}")
        person.user_permissions.add(Permission.objects.get(codename=f"view_{model}"))
        client = log_in(person)
        answers = {other: client.get(f"/api/office/{other}/").status_code for other in LISTS}
        assert answers == {other: 200 if other == name else 403 for other in LISTS}


@pytest.mark.parametrize("role", ["register", "crm"])
def test_a_key_of_another_role_is_told_which_it_needs(ours: Discrepancy, role: str) -> None:
    client = call_with_key(ours.case.shop, role)
    for address in (*(f"/api/office/{name}/" for name in LISTS), *list_objects(ours)):
        answer = client.get(address)
        assert answer.status_code == 403
        assert answer.json() == {
            "detail": "This key has another role: the office API needs a key of the role “office”."
        }


def test_a_stranger_is_asked_who_it_is(client: Client, ours: Discrepancy) -> None:
    strangers = (client, Client(headers={"Authorization": "Bearer office_of_nobody"}))
    addresses = [*(f"/api/office/{name}/" for name in LISTS), *list_objects(ours)]
    for stranger in strangers:
        for address in addresses:
            answer = stranger.get(address)
            assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        for step in DECISIONS:
            answer = stranger.post(f"/api/office/discrepancies/{ours.pk}/{step}/", {}, "application/json")
            assert answer.status_code == 401


def test_a_revoked_key_opens_nothing(office: Client, ours: Discrepancy) -> None:
    revoke_key(ApiKey.objects.get(), now=timezone.now())
    assert office.get("/api/office/bills/").status_code == 401


def test_who_may_not_enter_any_more_sees_nothing(accountant: Client) -> None:
    User.objects.update(is_active=False)
    assert accountant.get("/api/office/bills/").status_code == 401


def test_nobody_sees_no_shop(ours: Discrepancy) -> None:
    assert not visible_shops(AnonymousUser()).exists()


def test_answers_are_kept_by_nobody(office: Client) -> None:
    for address in ("bills", "bills/0", "bills?format=csv", "bills?nothing=1"):
        assert office.get(f"/api/office/{address}")["Cache-Control"] == "no-store"
