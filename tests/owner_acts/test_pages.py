"""What an owner names and sets: names, the shop itself, keys, notifications; and that nobody else does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from reconciliation import questions
from reconciliation.letters.digests import write_due_digests
from reconciliation.letters.readers import find_reader
from reconciliation.models import Discrepancy, Letter, Subscription
from shops.access import recognise_key
from shops.models import ApiKey, Shop, Store
from tests.factories import NOON, make_bill, make_receipt
from tests.owner_acts.conftest import log_in

pytestmark = pytest.mark.django_db
SET = {
    "name": "Чайная лавка",
    "opened_not_paid_after": "48",
    "late_receipt_after": "2",
    "alert_threshold": "5000",
    "two_step_required": "on",
    "write_off_limit": "999999",
}


def test_an_owner_names_and_the_registers_own_name_stays_beside(owner: User, shop: Shop) -> None:
    make_receipt(make_bill(shop))
    store = Store.objects.get(shop=shop)
    Store.objects.filter(pk=store.pk).update(evotor_name="Магазин 1")
    client, key = log_in(owner), f"store-{store.pk}"
    client.post("/shops/7/names/", {key: "На Ленина", f"initial-{key}": ""})
    store.refresh_from_db()
    assert (store.name, store.evotor_name) == ("На Ленина", "Магазин 1")
    page = client.get("/shops/7/names/").content.decode()
    assert "Магазин 1" in page
    assert "last named by owner" in page
    entry = LogEntry.objects.get(object_id=str(store.pk))
    assert (entry.user, "На Ленина" in entry.change_message) == (owner, True)


def test_a_name_that_was_not_touched_is_not_written_over(owner: User, shop: Shop) -> None:
    make_receipt(make_bill(shop))
    store = Store.objects.get(shop=shop)
    Store.objects.filter(pk=store.pk).update(name="Новое")
    log_in(owner).post("/shops/7/names/", {f"store-{store.pk}": "Старое", f"initial-store-{store.pk}": "Старое"})
    store.refresh_from_db()
    assert store.name == "Новое"


def test_viewers_and_neighbours_name_nothing(viewer: User, neighbour: User, shop: Shop) -> None:
    make_receipt(make_bill(shop))
    store = Store.objects.get(shop=shop)
    for person, status in ((viewer, 200), (neighbour, 404)):
        answer = log_in(person).post("/shops/7/names/", {f"store-{store.pk}": "Чужое"}, follow=True)
        assert answer.status_code == status
    theirs = log_in(neighbour).post("/shops/8/names/", {f"store-{store.pk}": "Чужое"}, follow=True)
    assert theirs.status_code == 200
    store.refresh_from_db()
    assert store.name == ""


def test_an_owner_sets_the_shop_and_not_its_limit_of_writing_off(owner: User, shop: Shop) -> None:
    limit = shop.write_off_limit
    assert log_in(owner).post("/shops/7/settings/", SET).status_code == 302
    shop.refresh_from_db()
    assert (shop.name, shop.opened_not_paid_after) == ("Чайная лавка", timedelta(hours=48))
    assert (shop.late_receipt_after, shop.alert_threshold) == (timedelta(hours=2), Decimal(5000))
    assert (shop.write_off_limit, shop.two_step_required) == (limit, True)
    Shop.objects.update(two_step_required=False)
    page = log_in(owner).post("/shops/7/settings/", SET | {"late_receipt_after": "0"})
    assert page.context["form"].errors["late_receipt_after"]


def test_others_set_nothing(viewer: User, accountant: User, neighbour: User, shop: Shop) -> None:
    for person, status in ((viewer, 200), (accountant, 200), (neighbour, 404)):
        assert log_in(person).post("/shops/7/settings/", SET).status_code == status
    shop.refresh_from_db()
    assert shop.name == "Чай"


def test_a_key_is_shown_once_replaced_and_revoked(owner: User, shop: Shop) -> None:
    client = log_in(owner)
    answer = client.post("/shops/7/keys/", {"key-role": "office", "key-name": "Отчёты"})
    assert answer["Cache-Control"] == "no-store"
    (made,) = answer.context["created"]
    assert made.secret in answer.content.decode()
    assert made.secret not in client.get("/shops/7/keys/").content.decode()
    answer = client.post(f"/shops/7/keys/{made.key.pk}/rotate/", {"rotate-overlap_hours": "24"})
    (successor,) = answer.context["created"]
    now = successor.key.created_at
    assert recognise_key(made.secret, now=now) is not None
    assert recognise_key(made.secret, now=now + timedelta(hours=25)) is None
    assert "stops working at once" in client.get(f"/shops/7/keys/{successor.key.pk}/revoke/").content.decode()
    client.post(f"/shops/7/keys/{successor.key.pk}/revoke/")
    assert recognise_key(successor.secret, now=now) is None
    assert client.post(f"/shops/7/keys/{successor.key.pk}/rotate/", {"rotate-overlap_hours": "24"}).status_code == 404
    assert LogEntry.objects.filter(user=owner).count() == 4


def test_keys_are_the_owners_alone(owner: User, viewer: User, accountant: User, neighbour: User, shop: Shop) -> None:
    log_in(owner).post("/shops/7/keys/", {"key-role": "crm"})
    key = ApiKey.objects.get()
    for person in (viewer, accountant, neighbour):
        client = log_in(person)
        assert client.get("/shops/7/keys/").status_code == 404
        assert client.post("/shops/7/keys/", {"key-role": "crm"}).status_code == 404
        for step in ("rotate", "revoke"):
            assert client.post(f"/shops/7/keys/{key.pk}/{step}/", {"rotate-overlap_hours": "0"}).status_code == 404
    for step in ("rotate", "revoke"):
        assert log_in(neighbour).post(f"/shops/8/keys/{key.pk}/{step}/").status_code == 404
    key.refresh_from_db()
    assert (ApiKey.objects.count(), key.revoked_at, key.expires_at) == (1, None, None)


def test_an_owner_gets_a_digest_and_a_viewer_nothing(
    owner: User, viewer: User, accountant: User, admin_user: User
) -> None:
    usual = {}
    for person in (owner, viewer, accountant):
        reader = find_reader(person)
        assert reader is not None
        usual[person.username] = (reader.subscription.digest, reader.subscription.at_once)
    assert usual == {"owner": (True, False), "viewer": (False, False), "accountant": (True, True)}


def test_everybody_sets_the_own_notifications_outside_the_admin(owner: User, viewer: User, shop: Shop) -> None:
    client = log_in(owner)
    page = client.get("/account/notifications/").content.decode()
    assert "owner@books.example" in page
    form = {"digest_hour": "9", "time_zone": "Europe/Moscow", "weekdays": ["1", "2"], "language": "en", "at_once": "on"}
    assert client.post("/account/notifications/", form).status_code == 200, "of which shops?"
    assert client.post("/account/notifications/", form | {"shops": [str(shop.pk)]}).status_code == 302
    held = Subscription.objects.get()
    assert (held.person, held.digest, held.at_once, held.weekdays) == (owner, False, True, "12")
    assert client.post("/account/notifications/sample/", follow=True).status_code == 200
    assert Letter.objects.get().person == owner


def test_a_digest_tells_an_owner_of_questions_and_leads_to_the_owners_page(
    owner: User, accountant: User, row: Discrepancy, settings: object
) -> None:
    settings.SITE_URL = "https://books.example"  # type: ignore[attr-defined]
    Subscription.objects.create(person=owner, language="en", weekdays="1234567", at_once=False)
    questions.ask(row, actor=accountant, comment="Как?", now=NOON)
    write_due_digests(now=NOON + timedelta(days=1))
    text = Letter.objects.get(person=owner).text
    assert "You are asked: 1" in text
    assert "https://books.example/shops/7/questions/" in text
    assert f"https://books.example/shops/7/discrepancies/{row.pk}/" in text
    assert "https://books.example/account/notifications/" in text
    assert "/admin/" not in text
    questions.answer(row, actor=owner, comment="Так", now=NOON + timedelta(days=1))
    Subscription.objects.create(person=accountant, language="en", weekdays="1234567", at_once=False)
    write_due_digests(now=NOON + timedelta(days=2))
    text = Letter.objects.filter(person=accountant, kind="digest").latest("pk").text
    assert "Answers to your questions" in text
