"""Keys and shops in the admin: made, shown once, rotated, revoked, by who may."""

from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.test import Client

from shops.access import digest_of
from shops.models import ApiKey, Shop
from tests.factories import make_person
from tests.protocol.conftest import Till

KEYS = "/admin/shops/apikey/"


@pytest.fixture
def keeper(db: None) -> Client:
    """Somebody who may do what the administration of keys needs, and nothing else."""
    return log_in("view_apikey", "add_apikey", "change_apikey", "add_shop", "view_shop")


def log_in(*codenames: str) -> Client:
    person = make_person("-".join(codenames)[:100] or "nobody")
    person.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client


def make_key(client: Client, shop: Shop, role: str = "register", name: str = "Касса 1") -> str:
    """The key that the page shows."""
    response = client.post(KEYS + "add/", {"key-shop": shop.pk, "key-role": role, "key-name": name})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    [secret] = read_secrets(response)
    return secret


def read_secrets(response: Any) -> list[str]:
    return [made.secret for made in response.context["created"] if made.secret in response.content.decode()]


def act(client: Client, action: str, *keys: ApiKey, **answers: str) -> Any:
    form = {"action": action, "_selected_action": [key.pk for key in keys]} | answers
    return client.post(KEYS, form, follow=True)


def test_a_key_is_made_and_shown_once(keeper: Client, shop: Shop) -> None:
    assert 'name="key-role"' in keeper.get(KEYS + "add/").content.decode()
    secret = make_key(keeper, shop)
    assert Till(secret, Client()).offers() == []
    key = ApiKey.objects.get()
    assert (key.shop, key.role, key.name, key.digest) == (shop, "register", "Касса 1", digest_of(secret))
    for page in (KEYS, f"{KEYS}{key.pk}/change/", KEYS + "add/"):
        assert secret not in keeper.get(page).content.decode()
    log = LogEntry.objects.get()
    assert (log.object_id, log.action_flag) == (str(key.pk), ADDITION)
    assert secret not in f"{log.object_repr} {log.change_message}"
    assert all(secret not in str(session.get_decoded()) for session in Session.objects.all())
    assert all(secret not in str(cookie) for cookie in keeper.cookies.values())


def test_a_form_with_mistakes_makes_no_key(keeper: Client, shop: Shop) -> None:
    for answers in ({}, {"key-shop": 99, "key-role": "register"}, {"key-shop": shop.pk, "key-role": "boss"}):
        assert keeper.post(KEYS + "add/", answers).status_code == 200
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(("hours", "old_works"), [("24", True), ("0", False)])
def test_a_key_is_rotated_with_an_overlap(keeper: Client, shop: Shop, hours: str, old_works: bool) -> None:
    old_secret = make_key(keeper, shop)
    old = ApiKey.objects.get()
    asked = act(keeper, "rotate_selected", old)
    assert 'name="rotate-overlap_hours"' in asked.content.decode()
    assert ApiKey.objects.count() == 1
    shown = act(keeper, "rotate_selected", old, **{"confirmed": "1", "rotate-overlap_hours": hours})
    [secret] = read_secrets(shown)
    new = ApiKey.objects.exclude(pk=old.pk).get()
    assert (new.shop, new.role, new.name, new.expires_at) == (shop, "register", "Касса 1", None)
    assert Till(secret, Client()).offers() == []
    assert (Till(old_secret, Client()).get("/api/v2/list").status_code == 200) == old_works
    assert LogEntry.objects.filter(object_id__in=[old.pk, new.pk]).count() == 3
    assert not any(secret in entry.change_message for entry in LogEntry.objects.all())


def test_several_keys_are_rotated_at_once(keeper: Client, shop: Shop, other_shop: Shop) -> None:
    make_key(keeper, shop)
    make_key(keeper, other_shop, "crm", "")
    shown = act(keeper, "rotate_selected", *ApiKey.objects.all(), **{"confirmed": "1", "rotate-overlap_hours": "168"})
    assert len(read_secrets(shown)) == 2


def test_a_key_is_revoked_after_a_question(keeper: Client, shop: Shop) -> None:
    secret = make_key(keeper, shop)
    key = ApiKey.objects.get()
    assert str(key) in act(keeper, "revoke_selected", key).content.decode()
    assert Till(secret, Client()).offers() == []
    act(keeper, "revoke_selected", key, confirmed="1")
    assert Till(secret, Client()).get("/api/v2/list").status_code == 401
    assert LogEntry.objects.filter(object_id=key.pk).count() == 2
    act(keeper, "rotate_selected", key, **{"confirmed": "1", "rotate-overlap_hours": "24"})
    assert ApiKey.objects.count() == 1


def test_the_digest_is_neither_shown_nor_changed(keeper: Client, shop: Shop) -> None:
    make_key(keeper, shop)
    key = ApiKey.objects.get()
    page = f"{KEYS}{key.pk}/change/"
    assert key.digest not in keeper.get(page).content.decode()
    assert keeper.post(page, {"name": "x", "digest": "y"}).status_code == 403
    assert keeper.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403


def test_who_may_only_look_makes_rotates_and_revokes_nothing(keeper: Client, shop: Shop) -> None:
    secret = make_key(keeper, shop)
    key = ApiKey.objects.get()
    reader = log_in("view_apikey")
    assert reader.get(KEYS).status_code == 200
    assert reader.get(KEYS + "add/").status_code == 403
    assert reader.post(KEYS + "add/", {"key-shop": shop.pk, "key-role": "crm"}).status_code == 403
    act(reader, "revoke_selected", key, confirmed="1")
    act(reader, "rotate_selected", key, **{"confirmed": "1", "rotate-overlap_hours": "0"})
    assert ApiKey.objects.count() == 1
    assert Till(secret, Client()).offers() == []
    assert log_in().get(KEYS).status_code == 403


def test_a_shop_is_added_by_who_may(keeper: Client) -> None:
    answers = {
        "number": "9",
        "name": "Цветы",
        "time_zone": "Asia/Omsk",
        "after_partial": "remaining",
        "opened_not_paid_after": "24:00:00",
        "late_receipt_after": "1:00:00",
        "write_off_limit": "1000",
    }
    assert 'name="number"' in keeper.get("/admin/shops/shop/add/").content.decode()
    assert log_in("view_shop").post("/admin/shops/shop/add/", answers).status_code == 403
    management = {
        name: value
        for name, value in keeper.get("/admin/shops/shop/add/").context["adminform"].form.initial.items()
        if isinstance(value, str)
    }
    response = keeper.post("/admin/shops/shop/add/", management | answers)
    assert response.status_code == 302, response.context["errors"]
    shop = Shop.objects.get()
    assert (shop.number, shop.name, shop.time_zone) == (9, "Цветы", "Asia/Omsk")
    assert make_key(keeper, shop)


def test_a_shop_keeps_its_number(shop: Shop) -> None:
    client = log_in("view_shop", "change_shop", "add_shop")
    page = client.get(f"/admin/shops/shop/{shop.pk}/change/").content.decode()
    assert 'name="name"' in page
    assert 'name="number"' not in page
