"""`GET /api/v2/bills/<id>/status`: the CRM learns what became of its bill, whether it has been judged yet or not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from reconciliation.models import Discrepancy
from reconciliation.write_offs import write_off
from shops.models import Shop
from shops.wire_writer import read_json
from tests.factories import make_account, make_accountant
from tests.logs import line, make_bill, make_receipt, run
from tests.protocol.conftest import Crm, Till, judge_later

TEA, CUP = line("tea", "489.6"), line("cup", 300)
BILL = make_bill("1", [TEA, CUP])
PRINTED_AT = "2026-03-25T14:24:52.000+0000"


def ask(crm: Crm, bill_id: str = "1") -> Any:
    response = crm.get(f"/api/v2/bills/{bill_id}/status")
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/json"
    return read_json(response.content)


def pick(status: Any, *names: str) -> list[Any]:
    return [status[name] for name in names]


def read_money(status: Any) -> list[Any]:
    """Due, received and remaining as the wire writes them; whether it is paid, on offer, and for how much."""
    written = json.loads(json.dumps(status, default=str))
    return pick(written, "due", "received", "remaining", "fully_paid", "on_offer", "offered")


def test_a_bill_that_nobody_has_paid(crm: Crm) -> None:
    crm.put(BILL)
    status = ask(crm)
    assert read_money(status) == ["789.6", 0, "789.6", False, True, "789.6"]
    assert pick(status, "id", "number", "cancelled_at", "closed_at") == [1, "1-CRM", None, None]
    assert pick(status, "receipts", "discrepancies", "judged_at", "up_to_date") == [[], [], None, False]


def test_figures_are_right_before_anything_is_judged(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL, dateTime=PRINTED_AT)
    status = ask(crm)
    assert read_money(status) == ["789.6", 300, "489.6", False, True, "489.6"]
    (receipt,) = status["receipts"]
    assert receipt.pop("received_at").endswith("Z")
    assert receipt == {
        "id": "r-1",
        "type": "SELL",
        "total": 300,
        "printed_at": "2026-03-25T14:24:52Z",
        "informational": False,
    }
    assert pick(status, "discrepancies", "up_to_date") == [[], False]


def test_amounts_are_numbers_of_the_wire(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    text = crm.get("/api/v2/bills/1/status").content.decode()
    assert '"due": 789.6,\n"received": 300,\n"remaining": 489.6,' in text
    assert '"amount": -489.6,' in text


def test_what_was_judged_is_told_with_its_reason(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    status = ask(crm)
    (found,) = status["discrepancies"]
    assert pick(found, "kind", "status", "reason") == ["partial_receipt", "open", None]
    assert found["explanation"].startswith("получено 300,00 из 789,60")
    assert status["up_to_date"] is True
    discrepancy = Discrepancy.objects.get()
    resolved_at = datetime(2026, 3, 26, 9, tzinfo=UTC)
    write_off(discrepancy, actor=make_accountant(), account=make_account(), comment="", now=resolved_at)
    status = ask(crm)
    assert pick(status["discrepancies"][0], "status", "reason") == ["resolved", "written_off"]
    assert pick(status, "on_offer", "offered", "closed_at") == [False, None, "2026-03-26T09:00:00Z"]


def test_new_facts_make_the_judgement_old(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    till.sell("r-2", [TEA], BILL)
    status = ask(crm)
    assert read_money(status) == ["789.6", "789.6", 0, True, False, None]
    assert [(row["kind"], row["status"]) for row in status["discrepancies"]] == [("partial_receipt", "open")]
    assert status["up_to_date"] is False
    run("reconcile")
    status = ask(crm)
    assert [(row["status"], row["reason"]) for row in status["discrepancies"]] == [("resolved", "later_documents")]
    assert status["up_to_date"] is True


def test_a_deadline_that_has_passed_makes_the_judgement_old(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.bill("1")
    run("reconcile", "--as-of=2020-01-01T00:00:00+00:00")
    assert ask(crm)["up_to_date"] is True, "a day is left to pay"
    Shop.objects.update(opened_not_paid_after=timedelta(microseconds=1))
    run("reconcile", "--all", "--as-of=2020-01-01T00:00:00+00:00")
    assert ask(crm)["up_to_date"] is False
    judge_later()
    assert [row["kind"] for row in ask(crm)["discrepancies"]] == ["opened_not_paid"]


def test_money_that_was_given_back_is_not_received(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    till.sell("r-1", [TEA, CUP], BILL)
    till.deliver(make_receipt("r-2", [CUP], BILL, type="PAYBACK"))
    status = ask(crm)
    assert read_money(status) == ["789.6", "489.6", 300, False, True, 300]
    assert [(row["id"], row["type"]) for row in status["receipts"]] == [("r-1", "SELL"), ("r-2", "PAYBACK")]


def test_what_was_paid_before_is_not_due(till: Till, crm: Crm) -> None:
    crm.put(make_bill("1", [TEA, CUP], prepayment=100))
    assert pick(ask(crm), "summ", "prepayment", "due") == pick(ask(crm), "offered", "prepayment", "remaining")


def test_a_withdrawn_bill_says_so(crm: Crm) -> None:
    crm.put(BILL)
    crm.delete("1")
    status = ask(crm)
    assert status["cancelled_at"] is not None
    assert pick(status, "on_offer", "offered") == [False, None]


def test_an_unknown_bill_is_answered_in_the_form_of_evotor(crm: Crm) -> None:
    response = crm.get("/api/v2/bills/1/status")
    assert response.status_code == 404
    assert read_json(response.content) == {"errors": [{"code": 2003, "reason": "no such bill", "subject": "id"}]}


def test_an_id_that_can_name_nothing_is_refused(crm: Crm) -> None:
    assert crm.get("/api/v2/bills/%00/status").status_code == 400
    assert crm.get(f"/api/v2/bills/{'9' * 300}/status").status_code == 400


def test_another_shops_bill_is_unknown(crm: Crm, other_crm: Crm) -> None:
    crm.put(BILL)
    assert other_crm.get("/api/v2/bills/1/status").status_code == 404
    other_crm.put(make_bill("1", [CUP]))
    assert (ask(crm)["summ"], ask(other_crm)["summ"]) == (read_json(b"789.6"), 300)


def test_only_a_crm_may_ask(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    assert till.get("/api/v2/bills/1/status").status_code == 403
    assert crm.get("/api/v2/bills/1/status").status_code == 200
    assert Client().get("/api/v2/bills/1/status").status_code == 401
    assert crm.send("POST", "/api/v2/bills/1/status").status_code == 405


def test_asking_changes_nothing(till: Till, crm: Crm) -> None:
    crm.put(BILL)
    before = till.offers()
    ask(crm)
    assert till.offers() == before
