"""Who may, erases a customer in the admin: it is counted first, and done when that is confirmed."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from shops.models import Bill, Erasure, ExchangeEvent, RetentionRun, Shop
from tests.factories import NOON, join_shop, make_person, make_shop
from tests.journal.test_erasure import NAME, write_log
from tests.logs import import_log, reconcile

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/shops/erasure/erase/"
SAID = {"shop": "7", "names": f"{NAME}\n", "before": "2026-03-28", "reference": "№ 5", "comment": ""}


def enter(*permissions: str) -> Client:
    person = make_person("somebody")
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(headers={"accept-language": "en"})
    client.force_login(person)
    return client


@pytest.fixture(autouse=True)
def _books() -> None:
    import_log(write_log())
    reconcile()


def test_it_is_counted_and_then_erased() -> None:
    client = enter("erase_customer", "view_erasure", "view_exchangeevent")
    assert ADDRESS.removeprefix("/admin") in client.get("/admin/shops/erasure/").content.decode()
    assert client.get(ADDRESS).status_code == 200
    page = client.post(ADDRESS, SAID).content.decode()
    assert "Erase them" in page and "Bills" in page
    assert Bill.objects.filter(customer_name=NAME).exists()

    answer = client.post(ADDRESS, SAID | {"confirmed": "1"})

    erasure = Erasure.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/shops/erasure/{erasure.pk}/change/")
    assert erasure.made_by is not None and erasure.reference == "№ 5"
    assert not Bill.objects.filter(customer_name=NAME).exists()
    assert NAME not in client.get(answer["Location"]).content.decode()
    entry = erasure.erased_entries.all()[0].event_id
    assert (
        "erased from it on request: № 5" in client.get(f"/admin/shops/exchangeevent/{entry}/change/").content.decode()
    )


@pytest.mark.parametrize(
    "said",
    [
        {"names": "Ян"},
        {"names": ""},
        {"reference": ""},
        {"before": "2999-01-01"},
        {"names": "Никто Никогда"},
        {"shop": "1"},
    ],
)
def test_what_cannot_be_erased_is_said_and_changes_nothing(said: dict[str, str]) -> None:
    client = enter("erase_customer")
    assert "Erase them" not in client.post(ADDRESS, SAID | said).content.decode()
    assert Erasure.objects.count() == 0


def test_nobody_else_may() -> None:
    client = enter("view_erasure", "change_erasure")
    assert "Erase a customer" not in client.get("/admin/shops/erasure/").content.decode()
    assert client.post(ADDRESS, SAID | {"confirmed": "1"}).status_code == 403
    assert Erasure.objects.count() == 0


def test_an_owner_erases_in_the_own_shop_and_in_no_other() -> None:
    owner = make_person("owner", "Owners", shop=Shop.objects.get(number=7))
    other = make_shop(8)
    join_shop(owner, "Viewers", other)
    client = Client(headers={"accept-language": "en"})
    client.force_login(owner)
    page = client.get(ADDRESS).content.decode()
    assert 'value="7"' in page
    assert 'value="8"' not in page
    assert client.post(ADDRESS, SAID | {"shop": "8", "confirmed": "1"}).status_code == 200
    assert Erasure.objects.count() == 0
    answer = client.post(ADDRESS, SAID | {"confirmed": "1"})
    erasure = Erasure.objects.get()
    assert (erasure.shop.number, erasure.made_by) == (7, owner)
    assert client.get(answer["Location"]).status_code == 200


def test_what_retention_removed_is_shown() -> None:
    shop = Shop.objects.get(number=7)
    run = RetentionRun.objects.create(shop=shop, month=NOON.date(), at=NOON, entries=5, size_bytes=2048, digest="0")
    client = enter("view_retentionrun", "view_exchangeevent")
    assert "2.0" in client.get("/admin/shops/retentionrun/").content.decode()
    assert client.get(f"/admin/shops/retentionrun/{run.pk}/change/").status_code == 200
    event = ExchangeEvent.objects.filter(size_bytes__gt=0)[0]
    event.text_row.delete()
    assert (
        "retention has removed the text"
        in client.get(f"/admin/shops/exchangeevent/{event.pk}/change/").content.decode()
    )
