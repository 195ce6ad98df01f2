"""Too many failures lock out for a while: from one address early, from many late; and what is counted."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from crmpos.accounts.client import find_address, find_counted_address
from crmpos.accounts.lockout import release_time
from shops.access import create_key
from shops.models import ApiKey
from tests.accounts.conftest import PASSWORD, Travel, code_of, is_in, log_in, turn_on
from tests.factories import NOON, make_shop

MINUTE = timedelta(minutes=1)
WRONG = "wrong password"


def fail(client: Client, times: int, **more: Any) -> Any:
    for _ in range(times):
        answer = log_in(client, password=WRONG, **more)
    return answer


def test_the_fifth_failure_locks_out_and_time_opens_again(client: Client, person: User, travel: Travel) -> None:
    assert fail(client, 4).status_code == 200
    answer = client.post("/account/login/", {"username": "nina", "password": WRONG}, headers={"Accept-Language": "en"})
    assert answer.status_code == 429
    assert 14 * 60 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert "Try again in 15 minutes" in answer.content.decode()
    assert log_in(client).status_code == 429, "the right password opens nothing now"

    travel(14 * MINUTE)
    later = log_in(client)
    assert (later.status_code, int(later.headers["Retry-After"]) <= 60) == (429, True), "trying has not made it longer"
    travel(2 * MINUTE)
    assert log_in(client).status_code == 302
    assert is_in(client)


def test_logging_in_clears_the_own_failures(client: Client, person: User) -> None:
    for _ in range(3):
        fail(client, 4)
        assert log_in(client).status_code == 302


def test_another_address_and_another_name_are_free(client: Client, person: User) -> None:
    User.objects.create_user("other", password=PASSWORD)
    fail(client, 5)
    assert log_in(Client(), "other").status_code == 302
    assert log_in(Client(), address="10.0.0.9").status_code == 302


def test_many_addresses_together_lock_the_name(client: Client, person: User, settings: Settings) -> None:
    settings.LOGIN_FAILURE_LIMIT_BY_NAME = 8
    for number in range(8):
        answer = log_in(client, password=WRONG, address=f"10.0.0.{number}")
    assert answer.status_code == 429
    assert log_in(Client(), address="10.0.1.1").status_code == 429


def test_a_name_that_nobody_has_is_locked_too(client: Client, person: User) -> None:
    assert fail(client, 5, name="nobody").status_code == 429


def test_wrong_codes_count_as_well(client: Client, person: User, travel: Travel) -> None:
    turn_on(person)
    fail(client, 3)
    log_in(client)
    client.post("/account/login/code/", {"code": "000000"})
    travel(3 * MINUTE)
    assert client.post("/account/login/code/", {"code": "000000"}).status_code == 429
    assert client.post("/account/login/code/", {"code": code_of(person)}).status_code == 429
    assert log_in(Client()).status_code == 429


def test_guessing_the_password_on_an_open_page_counts(client: Client, person: User) -> None:
    client.force_login(person)
    new = {"new_password1": "quite another word", "new_password2": "quite another word"}
    for _ in range(5):
        answer = client.post("/account/password/", new | {"old_password": WRONG})
    assert answer.status_code == 429
    assert client.post("/account/password/", new | {"old_password": PASSWORD}).status_code == 429


def test_an_administrator_sees_and_unlocks(client: Client, person: User, admin_client: Client) -> None:
    fail(client, 5)
    page = admin_client.get("/admin/crmpos/failedlogin/").content.decode()
    assert "nina" in page
    attempt = AccessAttempt.objects.get()
    assert "flag-bad" in admin_client.get(f"/admin/crmpos/failedlogin/{attempt.pk}/change/").content.decode()
    admin_client.post("/admin/crmpos/failedlogin/", {"action": "unlock_selected", "_selected_action": [attempt.pk]})
    assert log_in(client).status_code == 302


def test_an_administrator_unlocks_on_the_page_of_the_person(client: Client, person: User, admin_client: Client) -> None:
    fail(client, 5)
    page = f"/admin/auth/user/{person.pk}/"
    assert f"{page}unlock/" in admin_client.get(f"{page}change/").content.decode()
    assert admin_client.get(f"{page}unlock/").status_code == 405
    admin_client.post(f"{page}unlock/")
    assert log_in(client).status_code == 302
    assert f"{page}unlock/" not in admin_client.get(f"{page}change/").content.decode()


def test_who_may_only_look_unlocks_nothing(client: Client, person: User) -> None:
    fail(client, 5, name="other")
    client.force_login(person)
    assert client.get("/admin/crmpos/failedlogin/").status_code == 403
    assert client.post(f"/admin/auth/user/{person.pk}/unlock/").status_code in (403, 404)
    assert AccessAttempt.objects.exists()


def test_nothing_of_what_was_typed_is_kept(client: Client, person: User) -> None:
    fail(client, 2)
    attempt = AccessAttempt.objects.get()
    assert WRONG not in attempt.post_data
    turn_on(person)
    log_in(client)
    client.post("/account/login/code/", {"code": "123123"})
    assert not AccessAttempt.objects.filter(post_data__contains="123123").exists()


def test_keys_of_shops_know_no_lock_out(client: Client, person: User) -> None:
    fail(client, 6)
    secret = create_key(make_shop(7), ApiKey.Role.OFFICE, now=NOON).secret
    answer = client.get("/api/office/bills/", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("failures", "release"),
    [
        ([], None),
        ([(0, 4)], None),
        ([(0, 5)], 15),
        ([(0, 9)], 15),
        ([(0, 2), (6, 2)], None),
        ([(0, 2), (6, 3)], 15),
        ([(6, 5), (0, 2)], 21),
        ([(0, 3), (4, 3), (8, 3)], 19),
    ],
)
def test_it_opens_when_enough_has_cooled_off(failures: list[tuple[int, int]], release: int | None) -> None:
    found = release_time([(NOON + minute * MINUTE, count) for minute, count in failures], limit=5, cool_off=15 * MINUTE)
    assert found == (None if release is None else NOON + release * MINUTE)


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.7", "127.0.0.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 198.51.100.1, 203.0.113.7", "198.51.100.1"),
        (2, "203.0.113.7", "127.0.0.1"),
        (1, "", None),
        (1, "rubbish", None),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_what_our_proxies_wrote_is_believed(
    rf: RequestFactory, settings: Settings, proxies: int, header: str, address: str | None
) -> None:
    settings.PROXY_COUNT = proxies
    assert find_address(rf.get("/", headers={"X-Forwarded-For": header})) == address


def test_of_ipv6_the_network_is_counted(rf: RequestFactory, settings: Settings) -> None:
    settings.PROXY_COUNT = 1
    request = rf.get("/", headers={"X-Forwarded-For": "2001:db8:1:2:aaaa::17"})
    assert find_counted_address(request) == "2001:db8:1:2::"
