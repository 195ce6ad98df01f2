"""Messages reach a CRM that is slow, broken or dead for a while: each at least once, with one id, none forgotten."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from django.db import connections
from pytest_django import Settings

from shops import outgoing, webhook_sending
from shops.models import CrmWebhook, Shop, WebhookMessage
from shops.outgoing import is_public, post
from shops.webhook_sending import claim_due, delay_after, record_reply
from shops.webhooks import BOTH_SECRETS_WORK_FOR, RETRIED_FOR, rotate_secret, send_again, write_headers
from tests.webhooks.conftest import Clock, ListeningCrm, answer, make_webhook, send, write_message

Fault = WebhookMessage.Fault


def read(message: WebhookMessage) -> WebhookMessage:
    message.refresh_from_db()
    return message


def test_a_message_is_delivered_once_and_its_signature_holds(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    message = write_message(shop, clock)
    assert (send(clock), send(clock)) == (1, 0)
    (heard,) = listening.heard
    assert heard.path == "/hooks?from=crmpos"
    assert (heard.message_id, heard.body) == (message.message_id, message.body.encode())
    assert heard.headers["webhook-timestamp"] == str(int(clock.now.timestamp()))
    assert heard.headers["content-type"] == "application/json"
    assert heard.is_signed_with(webhook.secret)
    assert not heard.is_signed_with("whsec_" + "A" * 44)
    assert set(heard.event) == {"type", "timestamp", "data"}
    message = read(message)
    assert (message.attempts, message.last_status, message.delivered_at) == (1, 204, clock.now)
    assert message.next_attempt_at is None


def test_the_signature_is_that_of_the_specification() -> None:
    """The example by which libraries of Standard Webhooks prove themselves."""
    webhook = CrmWebhook(secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message = WebhookMessage(message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", body='{"test": 2432232314}')
    headers = write_headers(webhook, message, now=datetime.fromtimestamp(1614265330, UTC))
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_after_a_rotation_both_secrets_hold_for_a_day(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    former = webhook.secret
    new = rotate_secret(webhook, now=clock.now)
    write_message(shop, clock)
    send(clock)
    assert [listening.heard[0].is_signed_with(secret) for secret in (former, new)] == [True, True]
    clock.move(BOTH_SECRETS_WORK_FOR)
    write_message(shop, clock)
    send(clock)
    assert [listening.heard[1].is_signed_with(secret) for secret in (former, new)] == [False, True]


@pytest.mark.parametrize("status", [301, 400, 404, 410, 429, 500, 503])
def test_anything_but_a_success_is_tried_again_with_the_same_id(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, other_listening: ListeningCrm, clock: Clock, status: int
) -> None:
    listening.behave = lambda handler: answer(handler, status, b"not now \0", Location=other_listening.url)
    message = write_message(shop, clock)
    send(clock)
    message = read(message)
    assert (message.last_status, message.last_answer, message.last_fault) == (status, "not now \ufffd", "")
    assert send(clock) == 0, "not before its time"
    listening.behave = None
    clock.move_to_next_attempt()
    assert send(clock) == 1
    first, second = listening.heard
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert second.is_signed_with(webhook.secret)
    assert (read(message).delivered_at, message.attempts) == (clock.now, 2)
    assert other_listening.heard == [], "no redirect is followed"


def test_retries_grow_and_end_after_three_days(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    listening.behave = lambda handler: answer(handler, 500)
    message, begun = write_message(shop, clock), clock.now
    steps = []
    while read(message).given_up_at is None:
        steps.append(clock.move_to_next_attempt())
        assert send(clock) == 1
    steps = steps[1:]
    assert all(later > earlier for earlier, later in zip(steps[:6], steps[1:7], strict=True))
    assert steps[0] < timedelta(seconds=10)
    assert RETRIED_FOR - timedelta(hours=15) < clock.now - begun <= RETRIED_FOR
    assert (message.next_attempt_at, message.attempts, message.last_status) == (None, len(listening.heard), 500)
    assert {heard.message_id for heard in listening.heard} == {message.message_id}


def test_delays_differ_from_message_to_message() -> None:
    assert len({delay_after(5) for _ in range(20)}) > 1
    assert delay_after(1000) <= webhook_sending.LONGEST_DELAY * (1 + webhook_sending.JITTER)


def test_what_was_given_up_is_sent_again_when_a_person_says_so(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    message = write_message(shop, clock)
    WebhookMessage.objects.update(retry_until=clock.now)
    listening.behave = lambda handler: answer(handler, 500)
    send(clock)
    assert read(message).given_up_at is not None
    listening.behave = None
    clock.move(timedelta(days=9))
    send_again(message, now=clock.now)
    send(clock)
    assert (read(message).delivered_at, message.given_up_at) == (clock.now, None)
    assert len({heard.message_id for heard in listening.heard}) == 1


def test_a_crm_that_dies_gets_everything_when_it_comes_back(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    listening.stop()
    messages = [write_message(shop, clock, number) for number in range(30)]
    assert send(clock) == 1, "one attempt shows that nobody is there; the others wait"
    assert read(messages[0]).last_fault == Fault.UNREACHABLE
    for _ in range(5):
        clock.move_to_next_attempt()
        assert send(clock) == 1
    listening.start()
    clock.move(webhook_sending.LONGEST_SILENCE * 2)
    send(clock)
    while WebhookMessage.objects.exclude(next_attempt_at=None):
        clock.move_to_next_attempt()
        send(clock)
    assert sorted(heard.message_id for heard in listening.heard) == sorted(message.message_id for message in messages)
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.silent_until) == (0, None)


def test_a_silence_is_never_so_long_that_a_crm_that_is_back_goes_unnoticed(
    shop: Shop, webhook: CrmWebhook, clock: Clock, listening: ListeningCrm
) -> None:
    listening.stop()
    CrmWebhook.objects.update(failures=500)
    write_message(shop, clock)
    send(clock)
    webhook.refresh_from_db()
    assert webhook.silent_until is not None
    assert webhook.silent_until - clock.now <= webhook_sending.LONGEST_SILENCE * (1 + webhook_sending.JITTER)


def test_a_message_that_the_crm_refuses_holds_up_no_other(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    refused = write_message(shop, clock)

    def behave(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, 500 if handler.headers["webhook-id"] == refused.message_id else 200)

    listening.behave = behave
    others = [write_message(shop, clock, number) for number in range(5)]
    assert send(clock) == 6
    assert read(refused).delivered_at is None
    assert all(read(other).delivered_at for other in others)


def test_messages_of_a_shop_go_out_in_their_order(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    messages = [write_message(shop, clock, number) for number in range(10)]
    send(clock)
    assert [heard.message_id for heard in listening.heard] == [message.message_id for message in messages]


def test_a_crm_that_hangs_keeps_no_other_waiting(
    shop: Shop,
    other_shop: Shop,
    webhook: CrmWebhook,
    listening: ListeningCrm,
    other_listening: ListeningCrm,
    clock: Clock,
) -> None:
    make_webhook(other_shop, other_listening)
    others = [write_message(other_shop, clock, number) for number in range(3)]
    all_heard = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        assert all_heard.wait(60)
        answer(handler, 200)

    def count(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, 200)
        if len(other_listening.heard) == len(others):
            all_heard.set()

    listening.behave, other_listening.behave = hang, count
    message = write_message(shop, clock)
    assert send(clock) == 4, "the first is answered only after all messages of the other shop have come"
    assert all(read(other).delivered_at for other in [*others, message])


def test_a_crm_that_does_not_answer_in_time_is_left(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_sending, "TIMEOUT_SECONDS", 1)
    is_over = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> None:
        is_over.wait(60)

    listening.behave = hang
    message = write_message(shop, clock)
    send(clock)
    is_over.set()
    assert (read(message).last_fault, message.last_status) == (Fault.TIMEOUT, None)
    assert message.next_attempt_at is not None


def test_an_answer_that_drips_is_held_to_the_same_limit(listening: ListeningCrm) -> None:
    """Every byte comes in time, and the whole never."""
    is_over = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not is_over.wait(0.05):
            handler.wfile.write(b"H")
            handler.wfile.flush()

    listening.behave = drip
    reply = post(listening.url, b"{}", {}, timeout_seconds=1, allow_private=True)
    is_over.set()
    assert (reply.fault, reply.status) == (Fault.TIMEOUT, None)


def test_what_is_no_http_is_said_to_be_none(listening: ListeningCrm) -> None:
    def greet(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example ESMTP\r\n\r\n")

    listening.behave = greet
    assert post(listening.url, b"{}", {}, timeout_seconds=5, allow_private=True).fault == Fault.NOT_HTTP


def test_a_long_answer_is_kept_in_part(listening: ListeningCrm) -> None:
    listening.behave = lambda handler: answer(handler, 400, b"x" * 1_000_000)
    reply = post(listening.url, b"{}", {}, timeout_seconds=5, allow_private=True)
    assert (reply.status, reply.text) == (400, "x" * outgoing.ANSWER_BYTES)


def test_private_addresses_are_refused_where_the_settings_say_so(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock, settings: Settings
) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE_ADDRESSES = False
    message = write_message(shop, clock)
    send(clock)
    assert read(message).last_fault == Fault.FORBIDDEN_ADDRESS
    assert listening.heard == []
    by_name = post(f"http://localhost:{listening.port}/", b"", {}, timeout_seconds=5, allow_private=False)
    assert by_name.fault == Fault.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    ("host", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.5.5", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
    ],
)
def test_what_is_public(host: str, public: bool) -> None:
    assert is_public(host) is public


def test_nothing_is_sent_where_nobody_listens(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    write_message(shop, clock)
    CrmWebhook.objects.update(active=False)
    assert send(clock) == 0
    CrmWebhook.objects.update(active=True)
    assert send(clock) == 1


def test_a_message_whose_sender_died_is_sent_by_another(
    shop: Shop, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    message = write_message(shop, clock)
    (lost,) = claim_due(clock=clock)
    assert send(clock) == 0
    clock.move(webhook_sending.LEASE)
    assert send(clock) == 1
    record_reply(lost, outgoing.Reply(500, "too late"), now=clock.now)
    assert (read(message).last_status, message.delivered_at) == (204, clock.now)


@pytest.mark.django_db(transaction=True)
def test_senders_side_by_side_send_nothing_twice(listening: ListeningCrm, clock: Clock) -> None:
    shops = [Shop.objects.create(number=number) for number in (1, 2, 3)]
    for shop in shops:
        make_webhook(shop, listening)
    messages = {write_message(shop, clock, number).message_id for shop in shops for number in range(10)}
    begin = threading.Barrier(4)

    def run(_: int) -> int:
        begin.wait(60)
        try:
            return send(clock)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        attempts = sum(pool.map(run, range(4)))
    assert attempts == 30
    assert sorted(heard.message_id for heard in listening.heard) == sorted(messages)
