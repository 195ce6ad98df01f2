"""Everybody sets what they are told, for themselves; letters are looked at, and sent again by who may."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from reconciliation.letters.outbox import put_into_outbox
from reconciliation.letters.wording import Content
from reconciliation.models import Letter, Subscription
from shops.models import Shop
from tests.factories import NOON, make_person
from tests.notifications.conftest import Clock, MailServer, make_reader, open_beyond, plain, send

MINE = "/admin/reconciliation/subscription/mine/"
SAMPLE = f"{MINE}sample/"
SUBSCRIPTIONS = "/admin/reconciliation/subscription/"
LETTERS = "/admin/reconciliation/letter/"
CHOSEN = {
    "digest": "on",
    "digest_hour": "9",
    "time_zone": "Asia/Vladivostok",
    "weekdays": ["5", "1"],
    "every_shop": "on",
    "language": "en",
}
MOST_QUERIES = 15

pytestmark = pytest.mark.django_db


def write_letter(person: User, key: str = "1") -> Letter:
    return put_into_outbox(person, Letter.Kind.DIGEST, key, Content("Сводка", "Не закрыто: <1>", []), now=NOON)


def let(person: User, *names: str) -> None:
    person.user_permissions.add(*Permission.objects.filter(codename__in=names))


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def person(client: Client, shop: Shop) -> User:
    person = make_reader()
    client.force_login(person)
    return person


def test_a_person_finds_the_page_and_sets_it(client: Client, person: User) -> None:
    assert f'href="{MINE}"' in client.get("/admin/").content.decode()
    page = client.get(MINE)
    assert page.context["form"].initial["digest_hour"] == 8
    assert "ada@books.example" in page.content.decode()
    assert not Subscription.objects.exists(), "looking stores nothing"
    answer = client.post(MINE, CHOSEN, follow=True)
    assert [str(message) for message in answer.context["messages"]] == ["Уведомления настроены."]
    stored = Subscription.objects.get()
    assert (stored.person, stored.digest_hour, stored.time_zone) == (person, 9, "Asia/Vladivostok")
    assert (stored.weekdays, stored.digest, stored.at_once, stored.language) == ("15", True, False, "en")
    client.post(MINE, CHOSEN | {"at_once": "on"})
    stored.refresh_from_db()
    assert stored.at_once
    assert LogEntry.objects.filter(user=person).count() == 2


def test_shops_are_chosen_or_all_of_them(client: Client, person: User, shop: Shop, other_shop: Shop) -> None:
    some = {name: value for name, value in CHOSEN.items() if name != "every_shop"}
    page = client.post(MINE, some)
    assert "Выберите хотя бы один магазин или все магазины." in page.content.decode()
    assert not Subscription.objects.exists()
    client.post(MINE, some | {"shops": ["7"]})
    assert list(Subscription.objects.get().shops.all()) == [shop]


@pytest.mark.parametrize(
    ("name", "value"), [("digest_hour", "24"), ("time_zone", "Mars"), ("weekdays", ["8"]), ("language", "de")]
)
def test_what_cannot_be_is_refused(client: Client, person: User, name: str, value: Any) -> None:
    page = client.post(MINE, CHOSEN | {name: value})
    assert page.context["form"].errors[name]
    assert not Subscription.objects.exists()


def test_nobody_sets_it_for_another(client: Client, person: User) -> None:
    other = make_reader("grace", language="ru")
    client.post(MINE, CHOSEN | {"person": str(other.pk)})
    subscription = Subscription.objects.get(person=other)
    assert subscription.language == "ru"
    address = f"{SUBSCRIPTIONS}{subscription.pk}/change/"
    assert client.get(address).status_code == 403
    assert client.post(address, CHOSEN).status_code == 403
    assert client.get(SUBSCRIPTIONS).status_code == 403


def test_the_page_needs_a_login_and_a_token_of_the_form(person: User) -> None:
    assert Client().get(MINE).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert strict.post(MINE, CHOSEN).status_code == 403
    assert strict.post(SAMPLE).status_code == 403
    assert not Subscription.objects.exists()


def test_a_sample_is_sent_once_a_minute(client: Client, person: User, shop: Shop, mail: MailServer) -> None:
    open_beyond(shop, "-60.00")
    assert client.get(SAMPLE).status_code == 405
    for _ in range(2):
        client.post(SAMPLE)
    letters = Letter.objects.filter(kind=Letter.Kind.SAMPLE, person=person)
    assert letters.count() <= 2, "two only where a minute ended between them"
    assert plain(letters[0].subject).startswith("Образец: Расхождения на ")
    assert send(Clock(timezone.now())) == letters.count()
    assert mail.list_receivers()[0] == "ada@books.example"


def test_without_an_address_there_is_no_sample(client: Client, shop: Shop) -> None:
    nobody = make_person("nobody", "Viewers")
    client.force_login(nobody)
    assert SAMPLE not in client.get(MINE).content.decode()
    client.post(SAMPLE)
    assert not Letter.objects.exists()


def test_an_administrator_sets_it_for_others(admin_client: Client, shop: Shop) -> None:
    owner = make_person("owner", "Viewers")
    answer = admin_client.post(f"{SUBSCRIPTIONS}add/", CHOSEN | {"person": str(owner.pk), "weekdays": ["6", "7"]})
    assert answer.status_code == 302
    subscription = Subscription.objects.get()
    assert (subscription.person, subscription.weekdays) == (owner, "67")
    page = admin_client.get(f"{SUBSCRIPTIONS}{subscription.pk}/change/")
    assert page.context["adminform"].form["weekdays"].value() == ["6", "7"]
    assert admin_client.get(SUBSCRIPTIONS).status_code == 200


def test_a_person_sees_the_own_letters_and_a_chief_accountant_all(client: Client, person: User) -> None:
    mine, others = write_letter(person), write_letter(make_reader("grace"), "2")
    assert client.get(LETTERS).context["cl"].result_count == 1
    assert "Не закрыто: &lt;1&gt;" in client.get(f"{LETTERS}{mine.pk}/change/").content.decode()
    assert client.get(f"{LETTERS}{others.pk}/change/").status_code == 302
    person.groups.add(Group.objects.get(name="Chief accountants"))
    assert client.get(LETTERS).context["cl"].result_count == 2
    assert client.post(f"{LETTERS}{mine.pk}/change/", {"subject": "other"}).status_code == 403


def test_without_a_mail_server_the_pages_say_so(client: Client, person: User, settings: Settings) -> None:
    letter = write_letter(person)
    addresses = (MINE, LETTERS, f"{LETTERS}{letter.pk}/change/")
    for is_set in (False, True):
        settings.MAIL_SERVER_IS_SET = is_set
        said = ["Почтовый сервер не задан" in client.get(address).content.decode() for address in addresses]
        assert said == [not is_set] * 3


def test_who_may_has_a_letter_sent_again_after_a_confirmation(client: Client, person: User) -> None:
    letter = write_letter(person)
    Letter.objects.update(next_attempt_at=None, sent_at=NOON)
    choice = {"action": "send_again_selected", "_selected_action": [str(letter.pk)]}
    assert "send_again_selected" not in client.get(f"{LETTERS}{letter.pk}/change/").content.decode()
    client.post(LETTERS, choice | {"confirmed": "1"})
    letter.refresh_from_db()
    assert letter.next_attempt_at is None, "a forged request does nothing"
    let(person, "send_letter")
    assert "send_again_selected" in client.get(f"{LETTERS}{letter.pk}/change/").content.decode()
    assert "Сводка" in client.post(LETTERS, choice).content.decode()
    letter.refresh_from_db()
    assert letter.next_attempt_at is None, "nobody has confirmed it yet"
    client.post(LETTERS, choice | {"confirmed": "1"})
    letter.refresh_from_db()
    assert letter.next_attempt_at is not None
    assert LogEntry.objects.get(object_id=str(letter.pk)).user == person


@pytest.mark.parametrize(("state", "count"), [("waiting", 1), ("sent", 1), ("failed", 1), ("", 3)])
def test_letters_are_found_by_their_state(client: Client, person: User, state: str, count: int) -> None:
    keys = [write_letter(person, str(number)).pk for number in range(3)]
    Letter.objects.filter(pk=keys[1]).update(next_attempt_at=None, sent_at=NOON)
    Letter.objects.filter(pk=keys[2]).update(next_attempt_at=None, failed_at=NOON)
    assert client.get(LETTERS, {"state": state} if state else {}).context["cl"].result_count == count


def test_many_rows_cost_no_more_queries(client: Client, person: User) -> None:
    let(person, "send_letter", "view_subscription")
    write_letter(person)
    make_reader("reader", language="en")
    addresses = (LETTERS, SUBSCRIPTIONS, MINE)
    few = [count_queries(client, address) for address in addresses]
    for number in range(20):
        write_letter(person, f"more {number}")
        make_reader(f"reader {number}", language="en")
        Shop.objects.create(number=100 + number)
    assert [count_queries(client, address) for address in addresses] == few
    assert max(few) <= MOST_QUERIES


def test_the_threshold_of_a_shop_is_set_on_its_page(admin_client: Client, client: Client, person: User) -> None:
    form = {
        "name": "Чай",
        "time_zone": "Europe/Moscow",
        "after_partial": "remaining",
        "opened_not_paid_after": "24:00:00",
        "late_receipt_after": "1:00:00",
        "write_off_limit": "1000",
    }
    page = admin_client.post("/admin/shops/shop/7/change/", form | {"alert_threshold": "-1"})
    assert page.status_code == 200, "no amount"
    assert admin_client.post("/admin/shops/shop/7/change/", form | {"alert_threshold": "500.50"}).status_code == 302
    assert str(Shop.objects.get().alert_threshold) == "500.50"
    assert "500,50" in client.get("/admin/shops/shop/7/change/").content.decode()
    admin_client.post("/admin/shops/shop/7/change/", form)
    assert Shop.objects.get().alert_threshold is None
