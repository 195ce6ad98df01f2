"""The admin of what CRMs are told: a secret is shown once, and every message can be looked at and sent again."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shops.models import CrmWebhook, Shop, WebhookMessage
from tests.factories import make_person
from tests.webhooks.conftest import Clock, ListeningCrm, answer, send, write_message

ADDRESSES, OUTBOX = "/admin/shops/crmwebhook/", "/admin/shops/webhookmessage/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


def list_secrets(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return SECRET.findall(answer.content.decode())


def test_a_new_address_shows_its_secret_once(admin_client: Client, shop: Shop) -> None:
    form = {"shop": "7", "url": "https://crm.example/hooks", "active": "on"}
    page = admin_client.post(f"{ADDRESSES}add/", form)
    webhook = CrmWebhook.objects.get()
    assert (webhook.shop, webhook.url, webhook.active) == (shop, "https://crm.example/hooks", True)
    assert SECRET.findall(page.content.decode()) == [webhook.secret]
    for address in (ADDRESSES, f"{ADDRESSES}{webhook.pk}/change/", f"{ADDRESSES}{webhook.pk}/rotate/"):
        assert list_secrets(admin_client, address) == []


def test_a_secret_is_rotated_after_a_confirmation(admin_client: Client, webhook: CrmWebhook) -> None:
    former = webhook.secret
    address = f"{ADDRESSES}{webhook.pk}/rotate/"
    assert list_secrets(admin_client, address) == []
    webhook.refresh_from_db()
    assert webhook.secret == former, "looking changes nothing"
    shown = SECRET.findall(admin_client.post(address).content.decode())
    webhook.refresh_from_db()
    assert shown == [webhook.secret] != [former]
    assert webhook.former_secret == former
    assert LogEntry.objects.get().get_change_message()


def test_a_changed_address_is_tried_at_once_and_keeps_its_secret(admin_client: Client, webhook: CrmWebhook) -> None:
    CrmWebhook.objects.update(failures=9, silent_until="2100-01-01T00:00:00Z")
    answer = admin_client.post(f"{ADDRESSES}{webhook.pk}/change/", {"url": "http://crm:8000/new", "active": "on"})
    assert answer.status_code == 302
    changed = CrmWebhook.objects.get()
    assert (changed.url, changed.failures, changed.silent_until) == ("http://crm:8000/new", 0, None)
    assert changed.secret == webhook.secret


@pytest.mark.parametrize(
    "url",
    [
        "crm.example/hooks",
        "ftp://crm.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:word@crm.example/",
        "https://crm.example/#part",
        "https://crm.example:port/",
        "https://crm.example:0/",
        "https://crm.example/a b",
    ],
)
def test_what_is_no_address_is_refused(admin_client: Client, shop: Shop, url: str) -> None:
    page = admin_client.post(f"{ADDRESSES}add/", {"shop": "7", "url": url, "active": "on"})
    assert page.context["adminform"].form.errors["url"]
    assert not CrmWebhook.objects.exists()


def test_a_message_shows_what_the_crm_answered(
    admin_client: Client, shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    listening.behave = lambda handler: answer(handler, 500, "<b>нет</b>".encode())
    message = write_message(shop, clock)
    send(clock)
    page = admin_client.get(OUTBOX).content.decode()
    assert "500 &lt;b&gt;нет&lt;/b&gt;" in page
    page = admin_client.get(f"{OUTBOX}{message.pk}/change/").content.decode()
    assert "&lt;b&gt;нет&lt;/b&gt;" in page
    assert "test.written" in page


def test_a_message_that_nobody_took_says_why(
    admin_client: Client, shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    listening.stop()
    write_message(shop, clock)
    send(clock)
    assert "недоступен" in admin_client.get(OUTBOX).content.decode()
    assert "не отвечает" in admin_client.get(ADDRESSES).content.decode()


def test_a_message_is_sent_again_after_a_confirmation(
    admin_client: Client, shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    message = write_message(shop, clock)
    send(clock)
    choice = {"action": "send_again_selected", "_selected_action": [str(message.pk)]}
    page = admin_client.post(OUTBOX, choice)
    assert message.message_id in page.content.decode()
    message.refresh_from_db()
    assert message.next_attempt_at is None, "nobody has confirmed it yet"
    admin_client.post(OUTBOX, choice | {"confirmed": "1"})
    assert send(Clock()) == 1
    assert [heard.message_id for heard in listening.heard] == [message.message_id] * 2
    assert LogEntry.objects.filter(object_id=str(message.pk)).count() == 1


def test_the_page_of_a_message_has_a_button_that_asks(
    admin_client: Client, shop: Shop, webhook: CrmWebhook, clock: Clock
) -> None:
    message = write_message(shop, clock)
    page = admin_client.get(f"{OUTBOX}{message.pk}/change/").content.decode()
    assert f'name="_selected_action" value="{message.pk}"' in page
    assert 'value="send_again_selected"' in page


def test_who_may_only_look_sends_and_rotates_nothing(
    client: Client, shop: Shop, webhook: CrmWebhook, clock: Clock
) -> None:
    person = make_person("viewer")
    names = ("view_crmwebhook", "view_webhookmessage")
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    message = write_message(shop, clock)
    WebhookMessage.objects.update(next_attempt_at=None, delivered_at=clock.now)
    assert client.get(OUTBOX).status_code == 200
    assert "send_again_selected" not in client.get(f"{OUTBOX}{message.pk}/change/").content.decode()
    choice = {"action": "send_again_selected", "_selected_action": [str(message.pk)], "confirmed": "1"}
    client.post(OUTBOX, choice)
    message.refresh_from_db()
    assert message.next_attempt_at is None
    assert client.post(f"{ADDRESSES}{webhook.pk}/rotate/").status_code == 403
    assert client.post(f"{OUTBOX}{message.pk}/change/", {"event_type": "other"}).status_code == 403


@pytest.mark.parametrize(("state", "count"), [("waiting", 1), ("delivered", 1), ("given_up", 1), ("", 3)])
def test_messages_are_found_by_their_state(
    admin_client: Client, shop: Shop, webhook: CrmWebhook, clock: Clock, state: str, count: int
) -> None:
    keys = [write_message(shop, clock, number).pk for number in range(3)]
    WebhookMessage.objects.filter(pk=keys[1]).update(next_attempt_at=None, delivered_at=clock.now)
    WebhookMessage.objects.filter(pk=keys[2]).update(next_attempt_at=None, given_up_at=clock.now)
    assert admin_client.get(OUTBOX, {"state": state} if state else {}).context["cl"].result_count == count


def test_a_long_outbox_costs_no_more_queries(
    admin_client: Client, shop: Shop, webhook: CrmWebhook, clock: Clock
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(OUTBOX).status_code == 200
        return len(queries)

    write_message(shop, clock)
    few = count()
    for number in range(20):
        write_message(shop, clock, number)
    assert count() == few
