"""The second step: set up, asked for, used up, lost, turned off; and required by a shop."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from crmpos.accounts import two_step
from shops.access import create_key
from shops.models import ApiKey, Membership, Shop
from tests.accounts.conftest import PASSWORD, Travel, code_of, is_in, log_in, turn_on
from tests.factories import NOON, make_shop

SETUP = "/account/two-step/setup/"
CODE = "/account/login/code/"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def strict_shop(db: None) -> Shop:
    shop = make_shop(7)
    shop.two_step_required = True
    shop.save(update_fields=["two_step_required"])
    return shop


def test_it_is_set_up_with_a_code_of_the_app(client: Client, person: User) -> None:
    client.force_login(person)
    elsewhere = Client()
    elsewhere.force_login(person)
    page = client.get(SETUP).content.decode()
    assert "<svg" in page
    assert "style=" not in page
    assert not two_step.has_two_steps(person)
    former = client.cookies["sessionid"].value

    assert "recovery-codes" not in client.post(SETUP, {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_timestamp=None)
    done = client.post(SETUP, {"code": code_of(person)})
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", done.content.decode())
    assert len(set(codes)) == two_step.RECOVERY_CODES
    assert "no-store" in done.headers["Cache-Control"]
    assert two_step.has_two_steps(person)
    assert is_in(client)
    assert client.cookies["sessionid"].value != former
    assert not is_in(elsewhere), "what a password alone had opened is closed"
    assert client.get(SETUP).headers["Location"] == "/account/two-step/", "the secret is shown no more"


def test_the_password_alone_opens_nothing(client: Client, person: User, travel: Travel) -> None:
    turn_on(person)
    assert log_in(client, next="/account/sessions/").headers["Location"] == CODE
    assert not is_in(client)
    assert client.get("/admin/").status_code == 302
    travel(timedelta(minutes=2))
    answer = client.post(CODE, {"code": f" {code_of(person)[:3]} {code_of(person)[3:]} "})
    assert answer.headers["Location"] == "/account/sessions/"
    assert is_in(client)


def test_a_code_counts_once(client: Client, person: User) -> None:
    turn_on(person)
    code = code_of(person)
    log_in(client)
    assert client.post(CODE, {"code": code}).status_code == 302
    thief = Client()
    log_in(thief)
    assert thief.post(CODE, {"code": code}).status_code == 200
    assert not is_in(thief)


def test_after_wrong_codes_the_next_waits(client: Client, person: User, travel: Travel) -> None:
    turn_on(person)
    log_in(client)
    client.post(CODE, {"code": "000000"})
    page = client.post(CODE, {"code": code_of(person)}, headers=ENGLISH)
    assert "After wrong codes the next one has to wait" in page.content.decode()
    assert not is_in(client)
    travel(timedelta(seconds=5))
    assert client.post(CODE, {"code": code_of(person)}).status_code == 302


def test_a_recovery_code_opens_once(client: Client, person: User) -> None:
    codes = turn_on(person)
    for number, status in ((0, 302), (0, 200), (1, 200)):
        log_in(client)
        assert client.post(CODE, {"code": codes[number].upper()}).status_code == status
    assert two_step.count_recovery_codes(person) == len(codes) - 1


def test_of_recovery_codes_only_hashes_are_stored(person: User) -> None:
    codes = {code.replace("-", "") for code in turn_on(person)}
    assert codes.isdisjoint(StaticToken.objects.values_list("token", flat=True))


def test_the_second_step_waits_ten_minutes_and_for_this_password(client: Client, person: User, travel: Travel) -> None:
    turn_on(person)
    log_in(client)
    travel(timedelta(minutes=11))
    assert client.post(CODE, {"code": code_of(person)}).headers["Location"] == "/account/login/"
    log_in(client)
    person.set_password("quite another word")
    person.save(update_fields=["password"])
    assert client.post(CODE, {"code": code_of(person)}).headers["Location"] == "/account/login/"
    assert not is_in(client)


def test_without_a_password_the_second_step_is_no_door(client: Client, person: User) -> None:
    turn_on(person)
    assert client.post(CODE, {"code": code_of(person)}).headers["Location"] == "/account/login/"


def test_a_forged_code_is_refused(person: User) -> None:
    turn_on(person)
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(CODE, {"code": code_of(person)}).status_code == 403


def test_it_is_turned_off_by_who_knows_the_password(client: Client, person: User) -> None:
    turn_on(person)
    log_in(client)
    client.post(CODE, {"code": code_of(person)})
    assert client.get("/account/two-step/off/").status_code == 405
    page = client.post("/account/two-step/off/", {"ending-password": "wrong"}, headers=ENGLISH)
    assert "This is not your password." in page.content.decode()
    assert two_step.has_two_steps(person)
    client.post("/account/two-step/off/", {"ending-password": PASSWORD})
    assert not two_step.has_two_steps(person)
    assert not StaticToken.objects.exists()
    assert is_in(client)


def test_new_recovery_codes_end_the_former(client: Client, person: User) -> None:
    former = turn_on(person)
    log_in(client)
    client.post(CODE, {"code": former[0]})
    page = client.post("/account/two-step/codes/", {"renewal-password": PASSWORD}).content.decode()
    new = re.findall(r"<code>([a-z2-7-]{19})</code>", page)
    assert len(new) == two_step.RECOVERY_CODES
    assert client.get("/account/two-step/").status_code == 200, "logged in by a code that is no more, and still in"
    log_in(client)
    assert client.post(CODE, {"code": former[1]}).status_code == 200


def test_an_administrator_turns_it_off_for_who_has_lost_the_phone(
    client: Client, person: User, admin_client: Client
) -> None:
    turn_on(person)
    log_in(client)
    client.post(CODE, {"code": code_of(person)})
    assert "/two-step-off/" in admin_client.get(f"/admin/auth/user/{person.pk}/change/").content.decode()
    admin_client.post(f"/admin/auth/user/{person.pk}/two-step-off/")
    assert not is_in(client)
    assert log_in(client).headers["Location"] == "/admin/"


def test_nobody_reads_the_secrets_of_apps_in_the_admin(person: User, admin_client: Client) -> None:
    turn_on(person)
    for address in ("otp_totp/totpdevice/", "otp_static/staticdevice/"):
        assert admin_client.get(f"/admin/{address}").status_code == 404


def test_only_a_superuser_touches_a_superuser(client: Client, person: User, admin_user: User) -> None:
    from django.contrib.auth.models import Permission

    turn_on(admin_user)
    person.user_permissions.set(Permission.objects.filter(codename__in=("change_user", "view_user")))
    Membership.objects.create(person=person, shop=None, role=Membership.Role.OWN_GROUPS)
    client.force_login(person)
    assert client.post(f"/admin/auth/user/{admin_user.pk}/two-step-off/").status_code == 403
    assert two_step.has_two_steps(admin_user)


def test_secrets_are_not_logged(client: Client, person: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        codes = turn_on(person)
        log_in(client)
        client.post(CODE, {"code": codes[0]})
    assert TOTPDevice.objects.get().key not in caplog.text
    assert codes[0] not in caplog.text
    assert codes[0].replace("-", "") not in caplog.text


# --- required by a shop ---


@pytest.mark.parametrize("every_shop", [False, True])
def test_who_belongs_to_a_strict_shop_sees_nothing_before(
    client: Client, person: User, strict_shop: Shop, every_shop: bool
) -> None:
    shop = None if every_shop else strict_shop
    Membership.objects.create(person=person, shop=shop, role=Membership.Role.ACCOUNTANT)
    assert log_in(client).headers["Location"] == "/admin/"
    for address in ("/admin/", "/admin/shops/bill/", "/account/", "/account/sessions/", "/shops/7/", "/"):
        answer = client.get(address)
        if answer.status_code != 404:
            assert answer.headers["Location"].startswith(SETUP), address
    assert client.get("/api/office/bills/").status_code == 403
    assert client.get("/api/office/bills/", headers={"Authorization": "Basic eA=="}).status_code in (401, 403)
    done = client.post(SETUP, {"code": code_of_new(client, person), "next": "/admin/shops/bill/"})
    assert 'href="/admin/shops/bill/"' in done.content.decode()
    assert client.get("/admin/shops/bill/").status_code == 200
    assert client.get("/api/office/bills/").status_code == 200


def code_of_new(client: Client, person: User) -> str:
    client.get(SETUP)
    return code_of(person)


def test_a_requirement_holds_at_once(client: Client, person: User, strict_shop: Shop) -> None:
    strict_shop.two_step_required = False
    strict_shop.save(update_fields=["two_step_required"])
    Membership.objects.create(person=person, shop=strict_shop, role=Membership.Role.ACCOUNTANT)
    client.force_login(person)
    assert client.get("/admin/").status_code == 200
    Shop.objects.update(two_step_required=True)
    assert client.get("/admin/").status_code == 302


def test_others_are_not_asked(client: Client, person: User, strict_shop: Shop) -> None:
    Membership.objects.create(person=person, shop=make_shop(8), role=Membership.Role.ACCOUNTANT)
    client.force_login(person)
    assert client.get("/admin/").status_code == 200


def test_a_superuser_sees_every_shop_and_is_asked(admin_client: Client, strict_shop: Shop) -> None:
    assert admin_client.get("/admin/").headers["Location"].startswith(SETUP)


def test_the_installation_can_require_it_of_its_staff(client: Client, person: User, settings: Settings) -> None:
    settings.TWO_STEP_REQUIRED_FOR_STAFF = True
    client.force_login(person)
    assert client.get("/admin/").headers["Location"].startswith(SETUP)


def test_where_it_is_turned_off_though_required_the_set_up_comes_again(
    client: Client, person: User, strict_shop: Shop
) -> None:
    Membership.objects.create(person=person, shop=strict_shop, role=Membership.Role.ACCOUNTANT)
    turn_on(person)
    log_in(client)
    client.post(CODE, {"code": code_of(person)})
    client.post("/account/two-step/off/", {"ending-password": PASSWORD})
    assert client.get("/admin/").headers["Location"].startswith(SETUP)


def test_keys_are_not_asked_even_beside_a_session(client: Client, person: User, strict_shop: Shop) -> None:
    Membership.objects.create(person=person, shop=strict_shop, role=Membership.Role.ACCOUNTANT)
    client.force_login(person)
    secret = create_key(strict_shop, ApiKey.Role.OFFICE, now=NOON).secret
    assert client.get("/api/office/bills/", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_the_set_up_leads_to_no_other_site(client: Client, person: User) -> None:
    client.force_login(person)
    done = client.post(SETUP, {"code": code_of_new(client, person), "next": "https://evil.example/"})
    assert "evil.example" not in done.content.decode()


def test_asking_costs_no_query(client: Client, person: User) -> None:
    from django.db import connection

    client.force_login(person)
    with CaptureQueriesContext(connection) as queries:
        client.get("/account/password/")
    plain = len(queries)
    turn_on(person)
    log_in(client)
    client.post(CODE, {"code": code_of(person)})
    with CaptureQueriesContext(connection) as queries:
        client.get("/account/password/")
    assert plain == 2, "session, person"
    assert len(queries) == 3, "session, person, device"
