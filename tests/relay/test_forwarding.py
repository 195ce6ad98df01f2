"""Every receipt reaches the CRM that a shop keeps, once and exactly as it came, whatever happens to it meanwhile."""

import json
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from shops.models import ExchangeBody, ExchangeEvent, Forward, Receipt, ReceiptDelivery, Shop, Upstream
from shops.relay.forwarding import LONGEST_DELAY, find_delay, forward_due
from shops.serving import accept_receipts
from shops.tasks import forward_receipts
from shops.wire_writer import write_json
from tests.logs import line, make_bill, make_receipt, run
from tests.protocol.conftest import Till, judge_later, make_caller, make_event
from tests.relay.conftest import HANGS_SECONDS, TOKEN, OldCrm, Seen, be_impatient, forward_now, keep_crm

TEA, CUP = line("101", 7600), line("102", 7920)
BILL = make_bill("1", [TEA, CUP])


def make_body(receipt_id: str, **fields: Any) -> bytes:
    printed_at = timezone.now().isoformat()
    return write_json(make_event(make_receipt(receipt_id, [TEA], BILL, dateTime=printed_at, **fields)))


def deliver(till: Till, body: bytes) -> None:
    response = till.send("POST", "/api/v2/receipts", body)
    assert (response.status_code, response.content) == (200, b"")


def test_a_receipt_is_forwarded_exactly_as_it_came(till: Till, old_crm: OldCrm, settings: Any) -> None:
    settings.TASKS_RUN_IN_PROCESS = True
    body = b' \n{"id" :"e-1", "data": {"id": "r-1", "type":"SELL","totalAmount": 1.50, "odd":"\\u001d\\/|"} }\t\n'
    deliver(till, body)
    assert old_crm.receipts == []
    forward_receipts()
    assert old_crm.receipts == [body]
    [seen] = old_crm.seen
    assert (seen.method, seen.path, seen.headers["Content-Type"]) == ("POST", "/api/v2/receipts", "application/json")
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
    forward = Forward.objects.get()
    assert (forward.attempts, forward.last_status, forward.accepted_at is not None) == (1, 200, True)
    forward_now()
    assert len(old_crm.receipts) == 1


def test_a_front_controller_gets_its_receipts_by_its_query(shop: Shop, old_crm: OldCrm) -> None:
    keep_crm(shop, old_crm, address=f"{old_crm.address}index.php")
    deliver(make_caller(Till, shop, "register"), make_body("r-1"))
    forward_due()
    assert (old_crm.seen[0].path, old_crm.seen[0].query) == ("/index.php", {"q": "/api/v2/receipts"})
    assert old_crm.receipt_ids() == ["r-1"]


def test_both_sides_are_journaled_and_bring_no_second_delivery(till: Till, old_crm: OldCrm) -> None:
    old_crm.respond = lambda seen: (201, b'{"ok": true}') if seen.method == "POST" else None
    body = make_body("r-1")
    deliver(till, body)
    forward_due()
    request, answer = ExchangeEvent.journal_order().filter(origin="upstream")
    assert (request.kind, request.answer, request.bill_external_id) == ("RECEIPT", answer, "1")
    assert body.decode() in request.body
    assert answer.body == '{"ok": true}'
    assert (Receipt.objects.count(), ReceiptDelivery.objects.count()) == (1, 1)
    assert judge_later() == {(None, "r-1", "unknown_bill", "7600.00")}
    run("audit")


def test_a_redelivered_receipt_is_forwarded_once(till: Till, old_crm: OldCrm) -> None:
    body = make_body("r-1")
    deliver(till, body)
    deliver(till, body)
    forward_due()
    deliver(till, body.replace(b"event-1", b"event-2"))
    forward_due()
    assert old_crm.receipts == [body]
    other = body.replace(b"7600", b"7601")
    deliver(till, other)
    forward_due()
    assert old_crm.receipts == [body, other]


def test_a_receipt_that_only_the_crm_understands_reaches_it_once(till: Till, old_crm: OldCrm) -> None:
    for _ in range(2):
        assert till.send("POST", "/api/v2/receipts", {"data": {"id": "r-1", "kind": "new"}}).status_code == 400
    till.send("POST", "/api/v2/receipts", b"rubbish")
    forward_due()
    assert [json.loads(body)["data"] for body in old_crm.receipts] == [{"id": "r-1", "kind": "new"}]


def test_a_receipt_never_waits_for_the_crm(till: Till, old_crm: OldCrm) -> None:
    old_crm.hangs = True
    for number in range(5):
        deliver(till, make_body(f"r-{number}"))
    assert old_crm.seen == []
    assert Forward.objects.filter(attempts=0).count() == 5


def test_none_is_lost_while_the_crm_is_dead_and_all_arrive_in_their_order(till: Till, old_crm: OldCrm) -> None:
    expected: list[str] = []
    for round_number in range(3):
        old_crm.stop()
        for number in range(4):
            expected.append(f"r-{round_number}-{number}")
            deliver(till, make_body(expected[-1]))
            forward_now()
        old_crm.start()
        while Forward.objects.filter(accepted_at=None).exists():
            forward_now()
        assert old_crm.receipt_ids() == expected
    assert not Forward.objects.exclude(last_status=200).exists()
    assert judge_later() >= {(None, "r-0-0", "unknown_bill", "7600.00")}
    assert "unanswered" not in {kind for _, _, kind, _ in judge_later()}


def test_the_queue_of_a_dead_crm_waits_as_a_whole(till: Till, old_crm: OldCrm) -> None:
    old_crm.stop()
    for number in range(20):
        deliver(till, make_body(f"r-{number}"))
        forward_due()
    assert Forward.objects.exclude(attempts=0).count() == 1
    upstream = Upstream.objects.get()
    assert upstream.next_attempt_at is not None and upstream.next_attempt_at > timezone.now()
    assert ExchangeEvent.objects.filter(origin="upstream").count() == upstream.failures
    assert Forward.objects.order_by("pk")[0].last_answer == "The CRM cannot be reached."


def test_pauses_grow_and_have_an_end() -> None:
    delays = [find_delay(failures) for failures in (1, 2, 3, 5, 50)]
    assert timedelta(seconds=1) <= delays[0] <= timedelta(seconds=2)
    assert all(later > earlier / 2 for earlier, later in zip(delays, delays[1:], strict=False))
    assert LONGEST_DELAY / 2 <= delays[-1] <= LONGEST_DELAY


@pytest.mark.parametrize("status", [500, 503, 302, 429])
def test_a_receipt_that_the_crm_fails_at_does_not_hold_up_the_others(till: Till, old_crm: OldCrm, status: int) -> None:
    old_crm.respond = lambda seen: (status, b"<h1>\xff\x00</h1>") if b'"r-0"' in seen.body else None
    for number in range(3):
        deliver(till, make_body(f"r-{number}"))
    forward_due()
    Upstream.objects.update(next_attempt_at=None)
    forward_due()
    assert old_crm.receipt_ids() == ["r-1", "r-2"]
    old_crm.respond = None
    forward_now()
    assert old_crm.receipt_ids() == ["r-1", "r-2", "r-0"]
    assert not Forward.objects.filter(accepted_at=None).exists()


def test_a_refused_receipt_is_kept_and_tried_again_seldom(till: Till, old_crm: OldCrm) -> None:
    old_crm.respond = lambda seen: (422, "не тот чек".encode()) if b'"r-0"' in seen.body else None
    for number in range(3):
        deliver(till, make_body(f"r-{number}"))
    forward_due()
    assert old_crm.receipt_ids() == ["r-1", "r-2"]
    refused = Forward.objects.get(accepted_at=None)
    assert (refused.last_status, refused.last_answer) == (422, "не тот чек")
    assert refused.next_attempt_at > timezone.now() + timedelta(hours=5)


def test_an_answer_that_is_lost_is_asked_for_again(till: Till, old_crm: OldCrm) -> None:
    """The CRM has the receipt, but its answer came too late: it is sent again, and the CRM knows it by its id."""

    def answer_late(seen: Seen) -> tuple[int, bytes] | None:
        answer = old_crm.answer(seen)
        old_crm.released.wait(HANGS_SECONDS)
        return answer

    old_crm.respond = answer_late
    be_impatient()
    deliver(till, make_body("r-1"))
    forward_now()
    assert old_crm.receipt_ids() == ["r-1"]
    assert Forward.objects.get().accepted_at is None
    old_crm.released.set()
    forward_now()
    assert Forward.objects.get().accepted_at is not None
    assert set(old_crm.receipt_ids()) == {"r-1"}


def test_the_registers_own_authorization_reaches_the_crm_and_is_forgotten_then(
    till: Till, old_crm: OldCrm, shop: Shop
) -> None:
    upstream = Upstream.objects.get()
    upstream.token = ""
    upstream.save(update_fields=["token"])
    shop.refresh_from_db()
    headers = {"Authorization": "Bearer of-the-old-crm", "X-Evotor-Store-Uuid": "s-1"}
    query = {"q": "/api/v2/receipts"}
    accept_receipts(shop, make_body("r-1"), query=query, headers=headers, now=timezone.now())
    forward_due()
    assert old_crm.seen[0].headers["Authorization"] == "Bearer of-the-old-crm"
    assert old_crm.seen[0].headers["X-Evotor-Store-Uuid"] == "s-1"
    assert Forward.objects.get().headers == {}
    assert "of-the-old-crm" not in " ".join(ExchangeBody.objects.values_list("body", flat=True))


def test_a_shop_that_keeps_no_crm_queues_nothing(shop: Shop) -> None:
    deliver(make_caller(Till, shop, "register"), make_body("r-1"))
    assert not Forward.objects.exists()


def run_in_threads(count: int, work: Any) -> None:
    def run_one(number: int) -> None:
        try:
            work(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run_one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_receipt_once_and_in_order(
    transactional_db: None, till: Till, old_crm: OldCrm
) -> None:
    expected = [f"r-{number}" for number in range(15)]
    for receipt_id in expected:
        deliver(till, make_body(receipt_id))
    run_in_threads(4, lambda number: forward_due())
    assert old_crm.receipt_ids() == expected
    assert Upstream.objects.get().held_until is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_died_frees_the_queue_after_a_while(transactional_db: None, till: Till, old_crm: OldCrm) -> None:
    deliver(till, make_body("r-1"))
    Upstream.objects.update(held_until=timezone.now() + timedelta(seconds=30))
    assert forward_due() == 0
    Upstream.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert forward_due() == 1


@pytest.mark.django_db(transaction=True)
def test_one_receipt_delivered_many_times_at_once_is_one_and_is_forwarded_once(
    transactional_db: None, till: Till, old_crm: OldCrm
) -> None:
    body = make_body("r-1")
    run_in_threads(6, lambda number: deliver(Till(till.secret, type(till.client)()), body))
    assert (Receipt.objects.count(), ReceiptDelivery.objects.count(), Forward.objects.count()) == (1, 6, 1)
    forward_due()
    assert old_crm.receipts == [body]


@pytest.mark.django_db(transaction=True)
def test_everything_arrives_while_the_crm_dies_and_comes_back_under_two_workers(
    transactional_db: None, till: Till, old_crm: OldCrm
) -> None:
    stop = threading.Event()

    def work(number: int) -> None:
        deadline = time.monotonic() + HANGS_SECONDS
        while not stop.is_set() or Forward.objects.filter(accepted_at=None).exists() and time.monotonic() < deadline:
            forward_now()
            time.sleep(0.01)

    workers = threading.Thread(target=run_in_threads, args=(2, work))
    workers.start()
    expected = [f"r-{number}" for number in range(12)]
    try:
        for number, receipt_id in enumerate(expected):
            deliver(till, make_body(receipt_id))
            if number % 4 == 1:
                old_crm.stop()
            elif number % 4 == 3:
                old_crm.start()
    finally:
        stop.set()
        workers.join()
    assert sorted(set(old_crm.receipt_ids()), key=expected.index) == expected
    assert sorted(old_crm.receipt_ids()) == sorted(expected)
