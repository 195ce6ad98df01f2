"""LIST and BILL of a shop that keeps its CRM: what the CRM says, less what has been paid."""

import json
import socket
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from shops.models import Bill, ExchangeEvent, Shop, Upstream
from shops.wire_writer import read_json, write_json
from tests.logs import export_log, import_log, line, make_bill, make_receipt, run
from tests.protocol.conftest import Till, judge_later, make_caller
from tests.protocol.test_offers import read_sample_answers
from tests.relay.conftest import TOKEN, OldCrm, Seen, be_impatient, keep_crm

TEA, CUP, DELIVERY = line("101", 7600), line("102", 7920), line("delivery-uuid", 650)
BILL = make_bill("1", [TEA, CUP])
OTHER = make_bill("2", [DELIVERY])


def read_remark() -> str:
    answers = ExchangeEvent.journal_order().filter(origin="served", direction="answer")
    return answers.last().remark  # type: ignore[union-attr]


def list_upstream(kind: str = "") -> list[ExchangeEvent]:
    events = ExchangeEvent.journal_order().filter(origin="upstream")
    return list(events.filter(kind=kind) if kind else events)


def test_the_first_list_works_for_a_shop_of_which_nothing_is_known(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL, OTHER]
    assert till.list_ids() == [1, 2]
    assert till.list_ids(number="2-CRM") == [2]
    assert till.bill("1")["summ"] == 15520
    assert {bill.external_id: bill.total for bill in Bill.objects.all()} == {"1": 15520, "2": 650}


@pytest.mark.parametrize(
    "body", [*read_sample_answers("LIST"), b"[]", b'[{"id":1,"summ":1.50 , "x":"\\u0041/\\/"} ]\n']
)
def test_a_list_of_unpaid_bills_is_passed_on_byte_for_byte(till: Till, old_crm: OldCrm, body: bytes) -> None:
    old_crm.list_body = body
    for _ in range(2):
        assert till.get("/api/v2/list").content == body
    assert read_remark() == ""


@pytest.mark.parametrize("body", read_sample_answers("BILL"))
def test_an_unpaid_bill_is_passed_on_byte_for_byte(till: Till, old_crm: OldCrm, body: bytes) -> None:
    spaced = body.replace(b'"summ": ', b'"summ" :  ') + b"\n"
    old_crm.respond = lambda seen: (200, spaced)
    assert till.get(f"/api/v2/bill/byid/{json.loads(body)['id']}").content == spaced


def test_a_paid_bill_is_taken_off_the_crms_list_and_the_rest_stays_to_the_byte(till: Till, old_crm: OldCrm) -> None:
    rows = [b'{"id":3, "summ":10.0,"number" :"\\u0033"}', b'{ "id" : 1,"summ":15520 }', b'{"summ": 1e2, "id": "x-4"}']
    old_crm.list_body = b"[ " + b" ,\n".join(rows) + b"]"
    old_crm.bills = [BILL]
    till.bill("1")
    till.sell("r-1", [TEA, CUP], BILL)
    assert till.get("/api/v2/list").content == b"[ " + rows[0] + b" ,\n" + rows[2] + b"]"
    assert read_remark() == "What has been paid was taken off the CRM's answer."
    assert till.get("/api/v2/bill/byid/1").status_code == 404
    old_crm.list_body = b"[" + rows[1] + b"]"
    assert till.get("/api/v2/list").content == b"[]"


def test_what_remains_of_a_bill_is_offered_in_the_crms_own_words(till: Till, old_crm: OldCrm) -> None:
    bill = make_bill("1", [TEA, CUP, line("103", "10.50", 3)], odd={"nested": [Decimal("1.5")]})
    old_crm.bills = [bill]
    till.bill("1")
    till.sell("r-1", [TEA, line("103", "10.50", 1)], bill)
    [row] = till.offers()
    assert row["summ"] == 7941
    offered = till.bill("1")
    assert offered == bill | {
        "summ": 7941,
        "products": [bill["products"][1], bill["products"][2] | {"quantity": 2}],
    }
    till.sell("r-2", [CUP, line("103", "10.50", 2)], bill)
    assert till.list_ids() == []


def test_a_receipt_that_came_before_its_bill_keeps_it_off_the_list(till: Till, old_crm: OldCrm) -> None:
    till.sell("r-1", [TEA, CUP], BILL)
    old_crm.bills = [BILL, OTHER]
    assert till.bill("2")["id"] == 2
    assert till.get("/api/v2/bill/byid/1").status_code == 404
    assert till.list_ids() == [2]


def test_a_bill_that_left_the_list_and_was_paid_stays_off_it(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL, OTHER]
    till.bill("1")
    old_crm.bills = [OTHER]
    assert till.list_ids() == [2]
    till.sell("r-1", [TEA, CUP], BILL)
    old_crm.bills = [BILL, OTHER]
    assert till.list_ids() == [2]


def test_a_bill_that_the_crm_has_not_is_answered_as_the_crm_answers_it(till: Till, old_crm: OldCrm) -> None:
    response = till.get("/api/v2/bill/byid/9")
    assert (response.status_code, response.content) == old_crm.answer(old_crm.seen[-1])
    old_crm.respond = lambda seen: (200, b"null")
    response = till.get("/api/v2/bill/byid/9")
    assert (response.status_code, response.content) == (200, b"null")


def test_a_list_with_a_bill_that_cannot_be_understood_is_passed_on_less_what_was_paid(
    till: Till, old_crm: OldCrm
) -> None:
    odd = b'{"id": 5, "summ": "many", "date": "0000-00-00 00:00:00"}'
    old_crm.bills = [BILL]
    till.bill("1")
    till.sell("r-1", [TEA, CUP], BILL)
    old_crm.list_body = b"[" + odd + b', {"id": 1, "summ": 15520}, {"id": 2, "summ": 650}]'
    assert till.get("/api/v2/list").content == b"[" + odd + b', {"id": 2, "summ": 650}]'
    assert Bill.objects.get(external_id="2").total == 650


def test_both_sides_of_the_exchange_are_journaled_verbatim(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL]
    till.offers(number="1-CRM", page="2")
    till.bill("1")
    asked = [(event.kind, event.direction) for event in list_upstream()]
    assert asked == [("LIST", "request"), ("LIST", "answer"), ("BILL", "request"), ("BILL", "answer")]
    listing, listed, opening, opened = list_upstream()
    assert read_json(listing.body)["get"] == {"q": "/api/v2/list", "number": "1-CRM", "page": "2"}  # type: ignore[index,call-overload]
    assert old_crm.seen[0].query == {"number": "1-CRM", "page": "2"}
    assert (listing.bill_number, listing.answer, opening.answer) == ("1-CRM", listed, opened)
    assert opened.body.encode() == write_json(BILL)
    served = ExchangeEvent.objects.filter(origin="served")
    assert sorted(served.values_list("kind", "direction")) == sorted(asked)


def test_what_the_crm_lists_is_not_what_a_register_was_offered(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL, OTHER]
    till.bill("1")
    till.sell("r-1", [TEA, CUP], BILL)
    for _ in range(2):
        till.offers()
    assert Bill.objects.get(external_id="1").listed_total == 15520
    assert judge_later() == set()
    run("audit")


def test_facts_of_the_crm_are_judged(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL, OTHER]
    till.offers()
    till.bill("1")
    till.bill("2")
    old_crm.list_body = b'[{"id": 2, "summ": 651}]'
    till.offers()
    till.sell("r-1", [CUP], BILL, extras={"contentModified": True})
    assert judge_later() == {
        ("1", None, "partial_receipt", "-7600.00"),
        ("2", None, "list_total_mismatch", None),
        ("2", None, "opened_not_paid", None),
    }


def test_a_poll_that_brings_nothing_new_writes_no_bill(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL, OTHER]
    till.offers()
    till.bill("1")
    till.offers()
    Bill.objects.update(unjudged_since=None)
    till.offers()
    assert not Bill.objects.exclude(unjudged_since=None).exists()


def test_an_older_log_overwrites_nothing_that_the_crm_said_since(till: Till, old_crm: OldCrm) -> None:
    old_crm.list_body = b'[{"id": 2, "summ": 700, "number": "2-CRM"}]'
    till.offers()
    import_log(
        '| 2026-03-25 10:00:01 | 7 | Ответ (LIST) | [\n{\n"id": 2,\n"summ": 650,\n"number": "old"\n}\n] |'.encode()
    )
    bill = Bill.objects.get()
    assert [bill.total, bill.listed_total, bill.number] == [700, 700, "2-CRM"]
    assert bill.listed_by is not None


# --- a CRM that fails --------------------------------------------------------------------------------------


FAILURES: dict[str, tuple[Callable[[Seen], Any], str]] = {
    "an error": (lambda seen: (503, b"<h1>down</h1>"), "The CRM answered with an error."),
    "no right to ask": (lambda seen: (401, b'{"errors": []}'), "The CRM answered with an error."),
    "a redirect": (lambda seen: (302, b""), "The CRM answered with an error."),
    "a page": (lambda seen: (200, b"<html>"), "The CRM's answer cannot be understood."),
    "no text": (lambda seen: (200, b"\xff\x00\xfe"), "The CRM's answer cannot be understood."),
    "a cut": (lambda seen: (200, b'[{"id": 1, "summ"'), "The CRM's answer cannot be understood."),
    "numbers": (lambda seen: (200, b"[1, 2]"), "The CRM's answer cannot be understood."),
    "bills without an id": (lambda seen: (200, b'[{"summ": 1}]'), "The CRM's answer cannot be understood."),
    "depth": (lambda seen: (200, b"[" * 10_000 + b"]" * 10_000), "The CRM's answer cannot be understood."),
    "an error of its own": (lambda seen: (200, b'{"error": "no database"}'), "The CRM's answer cannot be understood."),
}


@pytest.mark.parametrize(("respond", "reason"), FAILURES.values(), ids=FAILURES.keys())
def test_a_crm_that_fails_is_replaced_by_what_is_known(
    till: Till, old_crm: OldCrm, respond: Callable[[Seen], Any], reason: str
) -> None:
    old_crm.bills = [BILL, OTHER]
    assert till.list_ids() == [1, 2]
    till.bill("1")
    till.sell("r-1", [TEA], BILL)
    old_crm.respond = respond
    assert {row["id"]: row["summ"] for row in till.offers()} == {1: 7920, 2: 650}
    assert read_remark() == f"Answered from what is known.\n{reason}"
    assert till.bill("1")["products"] == [BILL["products"][1]]
    assert till.get("/api/v2/bill/byid/2").status_code == 503, "nobody has said what is on it"
    assert judge_later() >= {("1", None, "partial_receipt", "-7920.00")}
    assert "unreadable" not in {kind for _, _, kind, _ in judge_later()}
    assert "unanswered" not in {kind for _, _, kind, _ in judge_later()}
    run("audit")


def test_a_dead_crm_is_replaced_by_what_is_known(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL, OTHER]
    till.bill("1")
    till.offers()
    old_crm.bills = [OTHER]
    till.offers()
    old_crm.stop()
    assert till.list_ids() == [2], "the CRM had taken the other bill off its list"
    assert read_remark() == "Answered from what is known.\nThe CRM cannot be reached."
    assert till.get("/api/v2/bill/byid/1").status_code == 404
    old_crm.start()
    old_crm.bills = [BILL, OTHER]
    assert till.list_ids() == [1, 2]
    assert read_remark() == ""


def test_a_crm_that_hangs_is_replaced_by_what_is_known_before_the_register_gives_up(
    till: Till, old_crm: OldCrm
) -> None:
    old_crm.bills = [BILL, OTHER]
    till.bill("1")
    till.offers()
    old_crm.hangs = True
    be_impatient()
    assert till.list_ids() == [2, 1]
    assert read_remark() == "Answered from what is known.\nThe CRM did not answer in time."
    assert till.bill("1")["summ"] == 15520
    assert not old_crm.released.is_set(), "it hangs still"


def test_a_dead_crm_is_not_waited_for_every_time(till: Till, old_crm: OldCrm) -> None:
    old_crm.hangs = True
    be_impatient()
    for _ in range(3):
        till.offers()
    before = len(old_crm.seen)
    for _ in range(10):
        assert till.offers() == []
    assert len(old_crm.seen) == before
    assert "not asked for some seconds" in read_remark()


def test_an_answer_that_drips_in_is_cut_off_by_the_time_limit(till: Till, old_crm: OldCrm, shop: Shop) -> None:
    given_up = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not given_up.wait(0.1):
                connection.sendall(b".")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        Upstream.objects.update(address=f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_seconds=1)
        assert till.offers() == []
        given_up.set()
        thread.join()
    assert "did not answer in time" in read_remark()


# --- how it is asked ---------------------------------------------------------------------------------------


def test_a_front_controller_is_asked_by_its_query(shop: Shop, old_crm: OldCrm) -> None:
    keep_crm(shop, old_crm, address=f"{old_crm.address}index.php")
    till = make_caller(Till, shop, "register")
    old_crm.bills = [BILL]
    assert till.list_ids(number="1-CRM") == [1]
    assert till.bill("1")["id"] == 1
    assert [(seen.path, seen.query) for seen in old_crm.seen] == [
        ("/index.php", {"q": "/api/v2/list", "number": "1-CRM"}),
        ("/index.php", {"q": "/api/v2/bill/byid/1"}),
    ]


def test_connections_are_used_again(till: Till, old_crm: OldCrm) -> None:
    for _ in range(5):
        till.offers()
    assert len({seen.connection for seen in old_crm.seen}) == 1


def test_the_crm_gets_its_token_and_nobody_sees_it(
    till: Till, old_crm: OldCrm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    till.offers()
    till.sell("r-1", [TEA], BILL)
    old_crm.stop()
    till.offers()
    assert old_crm.seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    journal = " ".join(f"{event.body} {event.remark} {event.fault}" for event in ExchangeEvent.objects.all())
    assert TOKEN not in journal
    assert TOKEN.encode() not in export_log()
    assert TOKEN not in "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("shops"))


def test_a_token_of_ours_is_not_told_to_the_crm(shop: Shop, old_crm: OldCrm) -> None:
    keep_crm(shop, old_crm, token="")
    till = make_caller(Till, shop, "register")
    till.offers()
    assert "Authorization" not in old_crm.seen[0].headers


def test_what_evotor_says_of_the_register_is_passed_on(till: Till, old_crm: OldCrm) -> None:
    headers = {"Authorization": f"Bearer {till.secret}", "X-Evotor-Store-Uuid": "store-1", "Cookie": "a=b"}
    assert Client().get("/api/v2/list", headers=headers).status_code == 200
    seen = {name.lower(): value for name, value in old_crm.seen[0].headers.items()}
    assert seen["x-evotor-store-uuid"] == "store-1"
    assert "cookie" not in seen


def test_the_exported_log_holds_what_registers_said_and_were_told(till: Till, old_crm: OldCrm) -> None:
    old_crm.bills = [BILL]
    till.offers()
    till.sell("r-1", [CUP], BILL)
    log = export_log()
    assert log.count(b"(LIST)") == 2
    count = ExchangeEvent.objects.count()
    import_log(log)
    assert ExchangeEvent.objects.count() == count
    assert export_log() == log


def test_a_shop_without_a_crm_of_its_own_asks_nobody(shop: Shop, old_crm: OldCrm) -> None:
    till = make_caller(Till, shop, "register")
    assert till.offers() == []
    assert old_crm.seen == []
    assert not till.deliver(make_receipt("r-1", [TEA], BILL)).content
