"""A CRM is told what becomes of its bills and of the differences found: everything, and nothing twice."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from reconciliation import decisions
from reconciliation.models import Discrepancy
from reconciliation.notices import Event
from reconciliation.write_offs import write_off
from shops.models import CrmWebhook, Shop, WebhookMessage
from shops.wire_writer import read_json
from tests.factories import make_account, make_accountant
from tests.logs import line, make_bill, make_receipt, run
from tests.protocol.conftest import Crm, Till, judge_later
from tests.webhooks.conftest import Clock, ListeningCrm, send

TEA, CUP = line("tea", "489.6"), line("cup", 300)
BILL = make_bill("1", [TEA, CUP])
DUE = Decimal("789.6")


@pytest.fixture
def accountant(db: None) -> User:
    return make_accountant()


def list_told() -> list[Any]:
    """What stands in the outbox and was not looked at before."""
    messages = list(WebhookMessage.objects.order_by("pk"))
    WebhookMessage.objects.all().delete()
    return [read_json(message.body) for message in messages]


def list_types() -> list[str]:
    return [event["type"] for event in list_told()]


def decide(decision: Callable[..., object], actor: User, **answers: Any) -> None:
    decision(Discrepancy.objects.get(), actor=actor, now=timezone.now(), **answers)


def test_a_paid_bill_is_told_with_its_sums(till: Till, crm: Crm, webhook: CrmWebhook) -> None:
    crm.put(BILL)
    run("reconcile")
    assert list_told() == [], "nothing has happened yet"
    till.sell("r-1", [TEA, CUP], BILL)
    run("reconcile")
    (event,) = list_told()
    assert event.pop("timestamp").endswith("Z")
    bill = {"id": 1, "number": "1-CRM", "due": DUE, "received": DUE, "remaining": 0, "fully_paid": True}
    assert event == {"type": "bill.paid", "data": {"shop": 7, "bill": bill}}


def test_a_partial_payment_is_told_and_its_completion(till: Till, crm: Crm, webhook: CrmWebhook) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    paid, opened = list_told()
    assert (paid["type"], opened["type"]) == (Event.BILL_PARTLY_PAID, Event.DISCREPANCY_OPENED)
    assert (paid["data"]["bill"]["received"], paid["data"]["bill"]["remaining"]) == (300, Decimal("489.6"))
    assert opened["data"]["bill"] == paid["data"]["bill"]
    assert opened["data"]["discrepancy"] == {
        "kind": "partial_receipt",
        "amount": Decimal("-489.6"),
        "status": "open",
        "reason": None,
    }
    till.sell("r-2", [TEA], BILL)
    run("reconcile")
    paid, resolved = list_told()
    assert (paid["type"], resolved["type"]) == (Event.BILL_PAID, Event.DISCREPANCY_RESOLVED)
    assert resolved["data"]["discrepancy"]["reason"] == "later_documents"


def test_a_further_part_is_told(till: Till, crm: Crm, webhook: CrmWebhook) -> None:
    bill = make_bill("1", [TEA, CUP, line("pot", 100)])
    crm.put(bill)
    till.sell("r-1", [CUP], bill)
    run("reconcile")
    list_told()
    till.deliver(make_receipt("r-2", [line("pot", 100)], bill))
    run("reconcile")
    (event,) = list_told()
    assert (event["type"], event["data"]["bill"]["received"]) == (Event.BILL_PARTLY_PAID, 400)


def test_money_given_back_is_told(till: Till, crm: Crm, webhook: CrmWebhook) -> None:
    crm.put(BILL)
    till.sell("r-1", [TEA, CUP], BILL)
    run("reconcile")
    list_told()
    till.deliver(make_receipt("r-2", [CUP], BILL, type="PAYBACK"))
    run("reconcile")
    assert list_types() == [Event.BILL_PARTLY_PAID, Event.DISCREPANCY_OPENED]
    till.deliver(make_receipt("r-3", [TEA], BILL, type="PAYBACK"))
    run("reconcile")
    (unpaid, *others) = list_told()
    assert (unpaid["type"], unpaid["data"]["bill"]["received"]) == (Event.BILL_UNPAID, 0)
    assert others == [], "a change of the amount of what is open already is no news"


def test_judging_again_tells_nothing_again(till: Till, crm: Crm, webhook: CrmWebhook) -> None:
    crm.put(BILL)
    receipt = make_receipt("r-1", [CUP], BILL, dateTime=timezone.now().isoformat())
    till.deliver(receipt)
    judge_later()
    assert list_types() == [Event.BILL_PARTLY_PAID, Event.DISCREPANCY_OPENED]
    run("reconcile", "--all", "--as-of=2100-01-01T00:00:00+00:00")
    till.deliver(receipt)
    judge_later()
    assert list_types() == []


def test_a_receipt_delivered_twice_is_told_once(till: Till, crm: Crm, webhook: CrmWebhook) -> None:
    crm.put(BILL)
    for _ in range(3):
        till.deliver(make_receipt("r-1", [TEA, CUP], BILL, dateTime="2026-03-25T14:24:52.000Z"))
        run("reconcile")
    assert list_types().count(Event.BILL_PAID) == 1


def test_decisions_are_told_as_they_are_made(till: Till, crm: Crm, webhook: CrmWebhook, accountant: User) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    list_told()
    decide(decisions.take, accountant)
    decide(decisions.comment, accountant, comment="Позвонить")
    assert list_types() == []
    decide(write_off, accountant, account=make_account(), comment="")
    (resolved,) = list_told()
    assert resolved["type"] == Event.DISCREPANCY_RESOLVED
    assert resolved["data"]["discrepancy"] == {
        "kind": "partial_receipt",
        "amount": Decimal("-489.6"),
        "status": "resolved",
        "reason": "written_off",
    }
    decide(decisions.reopen, accountant, comment="")
    decide(decisions.undo, accountant)
    assert list_types() == [Event.DISCREPANCY_REOPENED, Event.DISCREPANCY_RESOLVED]


def test_documents_that_open_a_matter_again_are_told(
    till: Till, crm: Crm, webhook: CrmWebhook, accountant: User
) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    decide(write_off, accountant, account=make_account(), comment="")
    list_told()
    crm.put(make_bill("1", [TEA, CUP, line("pot", 100)]))
    run("reconcile")
    assert list_types() == [Event.DISCREPANCY_REOPENED]


def test_a_receipt_without_a_bill_is_told_by_its_own_id(till: Till, webhook: CrmWebhook) -> None:
    till.sell("r-1", [CUP], None)
    run("reconcile")
    (event,) = list_told()
    assert (event["data"]["bill"], event["data"]["receipt"]) == (None, {"id": "r-1", "total": 300})
    assert event["data"]["discrepancy"]["kind"] == "no_bill"


def test_a_decision_that_is_rolled_back_is_not_told(
    till: Till, crm: Crm, webhook: CrmWebhook, accountant: User
) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    list_told()
    with transaction.atomic():
        decide(write_off, accountant, account=make_account(), comment="")
        transaction.set_rollback(True)
    assert list_types() == []


def test_a_shop_whose_crm_does_not_listen_is_told_nothing(
    till: Till, crm: Crm, other_shop: Shop, webhook: CrmWebhook
) -> None:
    CrmWebhook.objects.update(active=False)
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    assert list_types() == []


def test_what_is_told_reaches_the_crm(
    till: Till, crm: Crm, webhook: CrmWebhook, listening: ListeningCrm, clock: Clock
) -> None:
    crm.put(BILL)
    till.sell("r-1", [CUP], BILL)
    run("reconcile")
    clock.now = timezone.now()
    send(clock)
    assert listening.types == [Event.BILL_PARTLY_PAID, Event.DISCREPANCY_OPENED]
    assert b'"remaining": 489.6' in listening.heard[0].body
    assert all(heard.is_signed_with(webhook.secret) for heard in listening.heard)
