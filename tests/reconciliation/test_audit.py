"""The audit finds whatever is stored otherwise than the journal and the rules give it, and names it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError
from django.db.models import F
from django.utils.translation import override
from pytest_django import DjangoDbBlocker

from reconciliation.models import Case, CaseReceipt, CaseText, Discrepancy, DiscrepancyStep
from shops.models import (
    Bill,
    BillLine,
    BillVersion,
    ExchangeBody,
    ExchangeEvent,
    Receipt,
    ReceiptDelivery,
    ReceiptLine,
)
from tests.factories import NOON
from tests.logs import Log, import_log, judge, line, make_bill, make_listed, make_receipt, run
from tests.standing import standing

pytestmark = pytest.mark.django_db

AS_OF = "--as-of=2026-03-25T12:00:00+03:00"
BILL = make_bill("501", [line("tea", 100, 2), line("cup", 300)])


@pytest.fixture(scope="module", autouse=True)
def _books(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    log = Log()
    log.ask_list(make_listed(BILL))
    log.ask_bill(BILL)
    log.deliver(make_receipt("r-1", [line("tea", 100, 2)], BILL))
    log.deliver(make_receipt("r-2", [line("pot", 40)]))
    log.say("LIST", "Запрос", "{")
    with standing(django_db_blocker):
        judge(log)
        yield


def audit() -> str:
    """What it says against the books; nothing where they are right."""
    with override("en"):
        try:
            run("audit", AS_OF)
        except CommandError as error:
            return str(error)
    return ""


def test_books_that_agree_pass() -> None:
    with override("en"):
        output, errors = run("audit", AS_OF)

    assert (output, errors) == ("the books agree with the facts\n", "")


def change(model: Any, **values: Any) -> Callable[[], None]:
    return lambda: model._default_manager.update(**values)


def remove(*models: Any) -> Callable[[], None]:
    def delete() -> None:
        for model in models:
            model._default_manager.all()._raw_delete("default")

    return delete


def resolve_silently() -> None:
    row = Discrepancy.objects.filter(kind="partial_receipt")
    row.update(status="resolved", reason="false_alarm", resolved_at=NOON)


def rewrite_message() -> None:
    event = ExchangeEvent.objects.get(kind="BILL", direction="answer")
    ExchangeBody.objects.filter(entry_id=event.pk).update(body=event.body.replace('"price": 300', '"price": 200'))


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(change(ReceiptLine, price=F("price") + 1), id="price on a receipt"),
        pytest.param(change(ReceiptLine, quantity=Decimal("1.5")), id="quantity on a receipt"),
        pytest.param(change(ReceiptLine, tax=0), id="tax on a receipt"),
        pytest.param(remove(ReceiptLine), id="lines of receipts"),
        pytest.param(change(Receipt, total=F("total") + 1), id="total of a receipt"),
        pytest.param(change(Receipt, informational=True), id="receipt made informational"),
        pytest.param(change(Receipt, printed_at=None), id="time of a receipt"),
        pytest.param(change(Receipt, received_at=F("printed_at")), id="arrival of a receipt"),
        pytest.param(change(Receipt, bill=None, unjudged_since=None), id="bill of a receipt"),
        pytest.param(change(Receipt, bill_external_id="9"), id="bill id on a receipt"),
        pytest.param(change(Receipt, customer_name="Somebody"), id="customer on a receipt"),
        pytest.param(change(Receipt, settlement_method="Lend"), id="settlement of a receipt"),
        pytest.param(remove(ReceiptDelivery), id="deliveries"),
        pytest.param(change(Bill, total=F("total") + 1), id="total of a bill"),
        pytest.param(change(Bill, prepayment=10), id="prepayment of a bill"),
        pytest.param(change(Bill, number="9"), id="number of a bill"),
        pytest.param(change(Bill, customer_name="Somebody"), id="customer of a bill"),
        pytest.param(change(Bill, issued_at=None), id="date of a bill"),
        pytest.param(change(Bill, version=0), id="version of a bill"),
        pytest.param(change(Bill, listed_total=1), id="total in the list"),
        pytest.param(change(Bill, listed_by=None), id="last list of a bill"),
        pytest.param(change(Bill, opened_by=None), id="opening of a bill"),
        pytest.param(change(BillVersion, total=F("total") + 1), id="total of a version"),
        pytest.param(change(BillLine, price=F("price") + 1), id="price on a bill"),
        pytest.param(change(BillLine, mark="x"), id="mark on a bill"),
        pytest.param(change(BillLine, marked_item="x"), id="marked item on a bill"),
        pytest.param(remove(BillLine), id="lines of bills"),
        pytest.param(rewrite_message, id="a message of the journal"),
        pytest.param(change(Case, gap=0), id="difference of a case"),
        pytest.param(change(Case, received=0), id="received of a case"),
        pytest.param(change(Case, due=0), id="due of a case"),
        pytest.param(change(Case, fully_paid=True), id="payment of a case"),
        pytest.param(lambda: Discrepancy.objects.filter(amount__lt=0).update(amount=-1), id="amount"),
        pytest.param(change(Discrepancy, evidence={}), id="evidence"),
        pytest.param(change(Discrepancy, status="in_review"), id="status"),
        pytest.param(resolve_silently, id="resolved without a step"),
        pytest.param(change(DiscrepancyStep, to_status="in_review"), id="history"),
        pytest.param(remove(DiscrepancyStep), id="no history"),
        pytest.param(remove(DiscrepancyStep, Discrepancy), id="discrepancies"),
        pytest.param(change(CaseText, words=""), id="words that a case is found by"),
        pytest.param(change(CaseText, amounts=""), id="amounts that a case is found by"),
        pytest.param(change(CaseReceipt, payment_source="x"), id="payment that a case is found by"),
        pytest.param(remove(CaseReceipt), id="receipts that a case is found by"),
        pytest.param(remove(DiscrepancyStep, Discrepancy, CaseText, CaseReceipt, Case), id="cases"),
    ],
)
def test_what_was_tampered_with_is_named(tamper: Callable[[], None]) -> None:
    tamper()

    assert "differences between the books and the facts" in audit()


def test_what_was_tampered_with_in_another_shop_is_not_asked_for() -> None:
    Case.objects.update(gap=0)
    other = Log(shop=8)
    other.ask_bill(make_bill("601", [line("tea", 100)]))
    judge(other)

    run("audit", "--shop=8", AS_OF)
    with pytest.raises(CommandError):
        run("audit", "--shop=7", AS_OF)


def test_what_waits_is_counted_and_no_difference() -> None:
    log = Log(shop=8)
    log.ask_bill(make_bill("601", [line("tea", 100)]))
    import_log(log)
    with override("en"):
        output, _ = run("audit", AS_OF)

    assert output == "waiting to be judged: 1\nthe books agree with the facts\n"
