"""A database that fails: callers are asked to try again, and what was journaled is recorded all the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, InternalError, OperationalError
from django.test import Client
from django.utils import timezone

from reconciliation.services import reconcile
from shops import serving
from shops.models import Bill, ExchangeEvent, Receipt
from shops.quick import receipt as quick
from shops.serving import accept_receipts
from shops.wire_writer import read_json, write_json
from tests.logs import line, make_bill, make_receipt
from tests.protocol.conftest import Crm, Till, make_event

pytestmark = pytest.mark.django_db

BILL = make_bill("1", [line("tea", 100)])
RECEIPT = make_receipt("r-1", [line("tea", 100)], BILL)
LATER = timedelta(minutes=2)


class Fault(Exception):
    """What kills a process in the middle of its work."""


def fail_with(error: Exception) -> Any:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("error", [OperationalError("disk full"), InternalError("cannot execute in a read-only one")])
def test_a_register_is_asked_to_try_again(till: Till, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(serving, "store_request", fail_with(error))
    response = till.deliver(RECEIPT)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    answer: Any = read_json(response.content)
    assert answer["errors"][0]["code"] == 2004


def test_so_is_a_caller_whose_key_cannot_be_looked_up(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shops.statements.fetch_first", fail_with(OperationalError("refused")))
    assert till.get("/api/v2/list").status_code == 503


def test_what_the_message_itself_breaks_is_no_failure_of_the_database(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    till.client.raise_request_exception = False
    monkeypatch.setattr(serving, "store_request", fail_with(IntegrityError("twice")))
    assert till.deliver(RECEIPT).status_code == 500


@pytest.mark.parametrize("address", ["/admin/login/", "/api/office/receipts"])
def test_a_page_and_the_office_api_ask_to_try_again(
    client: Client, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail_with(OperationalError("refused")))
    client.cookies["sessionid"] = "x" * 32
    client.raise_request_exception = False
    response = client.get(address)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")


def test_what_was_journaled_by_a_process_that_died_is_recorded(
    till: Till, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.put(BILL)
    with monkeypatch.context() as patched, pytest.raises(Fault):
        patched.setattr(serving, "_accept", fail_with(Fault()))
        till.deliver(RECEIPT)
    assert not Receipt.objects.exists()
    now = timezone.now()
    reconcile(as_of=now, now=now)
    assert not Receipt.objects.exists(), "it may still be under way"
    reconcile(as_of=now + LATER, now=now + LATER)
    assert Receipt.objects.get().bill == Bill.objects.get()
    call_command("audit", f"--as-of={(now + LATER).isoformat()}")


def test_the_repetition_of_what_was_recorded_so_is_no_second_receipt(
    till: Till, crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.put(BILL)
    with monkeypatch.context() as patched, pytest.raises(Fault):
        patched.setattr(serving, "_accept", fail_with(Fault()))
        till.deliver(RECEIPT)
    now = timezone.now()
    reconcile(as_of=now + LATER, now=now + LATER)
    assert till.deliver(RECEIPT).status_code == 200
    reconcile(as_of=now + LATER, now=now + LATER)
    assert Receipt.objects.count() == 1
    call_command("audit", f"--as-of={(now + LATER).isoformat()}")


def test_a_bill_of_a_process_that_died_is_recorded(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched, pytest.raises(Fault):
        patched.setattr(serving, "_state_bill", fail_with(Fault()))
        crm.put(BILL)
    now = timezone.now() + LATER
    reconcile(as_of=now, now=now)
    assert Bill.objects.get().external_id == "1"
    call_command("audit", f"--as-of={now.isoformat()}")


def break_at_the_commit(work: Any) -> Any:
    """The work is done and committed, and its connection breaks before that is known."""

    def work_unheard(*arguments: Any, **options: Any) -> Any:
        work(*arguments, **options)
        raise OperationalError("the connection broke")

    return work_unheard


@pytest.mark.parametrize("is_plain", [True, False])
def test_an_answer_that_was_committed_unheard_is_not_given_twice(
    till: Till, crm: Crm, monkeypatch: pytest.MonkeyPatch, is_plain: bool
) -> None:
    crm.put(BILL)
    attempts: list[object] = []

    def commit_unheard(work: Any, *, find_outcome: Any, is_repetition: bool) -> Any:
        attempts.append(find_outcome() if is_repetition else work())
        return find_outcome() or work()

    monkeypatch.setattr(serving, "commit", commit_unheard)
    if is_plain:
        monkeypatch.setattr(serving, "is_postgresql", lambda: False)
    monkeypatch.setattr(quick, "record", break_at_the_commit(quick.record))
    answer = accept_receipts(
        Bill.objects.get().shop, write_json(make_event(RECEIPT)), query={"q": "/api/v2/receipts"}, now=timezone.now()
    )
    assert (answer.status, answer.body) == (200, b"")
    assert len(attempts) == 1
    assert ExchangeEvent.objects.filter(kind="RECEIPT", direction="answer").count() == 1
    call_command("audit")
