"""Production's way from a journal to a discrepancy: a Celery worker in a process of its own, over a real Redis."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crmpos.celery import app
from crmpos.consumer import LastingConsumer
from reconciliation.models import Discrepancy
from tests.processes import ROOT, Environment, share_database

WAIT_SECONDS = 180

# A bill over two lines, of which the register was paid the delivery alone. Newest first, as the log is written.
JOURNAL = """\
| 2026-03-02 12:05:01 | 7 | Ответ (RECEIPT) | |
| 2026-03-02 12:05:00 | 7 | Запрос (RECEIPT) | {
"get": {
"q": "/api/v2/receipts"
},
"body": {
"id": "e-1",
"data": {
"id": "r-1",
"type": "SELL",
"items": [
{
"id": "2",
"tax": 0,
"name": "Доставка",
"price": 300,
"discount": 0,
"itemType": "SERVICE",
"quantity": 1,
"sumPrice": 300,
"costPrice": 0,
"taxPercent": 0,
"measureName": "шт"
}
],
"extras": {
"date": "2026-03-02 11:00:00",
"billId": "501",
"number": "501",
"customer": {
"inn": "",
"kpp": "",
"reg": "",
"name": "Полина Вымышленная ",
"okpo": "",
"fullname": "Полина Вымышленная ",
"legalentity": false
},
"prepayment": 0,
"contentModified": false,
"settlementMethod": "FullSettlement"
},
"shiftId": "1",
"storeId": "store-7",
"dateTime": "2026-03-02T09:04:58.000+0000",
"deviceId": "device-7",
"totalTax": 0,
"infoCheck": false,
"employeeId": "employee-7",
"totalAmount": 300,
"paymentSource": "PAY_CARD",
"totalDiscount": 0
},
"type": "ReceiptCreated",
"userId": "01-000000000000007",
"version": 2,
"timestamp": 1772442300000
},
"post": [],
"headers": {
"vary": [
"Accept"
]
}
} |
| 2026-03-02 12:00:01 | 7 | Ответ (BILL) | {
"id": 501,
"date": "2026-03-02 11:00:00",
"summ": 2300,
"number": "501",
"customer": {
"id": 9,
"inn": "",
"kpp": "",
"reg": "",
"name": "Полина Вымышленная ",
"okpo": "",
"fullname": "Полина Вымышленная ",
"legalentity": false
},
"products": [
{
"id": 1,
"type": "NORMAL",
"price": 2000,
"taxrate": "0%",
"itemType": 1,
"prodname": "Лампа",
"quantity": 1,
"unitname": "шт"
},
{
"id": 2,
"price": 300,
"taxrate": "0%",
"itemType": 3,
"prodname": "Доставка",
"quantity": 1,
"unitname": "шт"
}
],
"prepayment": 0,
"prepaymentEnable": false
} |
| 2026-03-02 12:00:00 | 7 | Запрос (BILL) | {
"get": {
"q": "/api/v2/bills/501",
"id": "501"
},
"body": [],
"post": [],
"headers": {
"vary": [
"Accept"
]
}
} |"""


@pytest.fixture
def production(redis_url: str, transactional_db: None) -> Environment:
    """The variables of a process that shares this test's database, and a part of Redis that nobody else uses."""
    return share_database(CELERY_BROKER_URL=urlsplit(redis_url)._replace(path="/1").geturl())


@pytest.fixture
def worker(production: Environment, tmp_path: Path) -> Iterator[Path]:
    """A worker as an administrator starts it; gives its log."""
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "crmpos.celery", "worker", "--concurrency", "1"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=production, stdout=output, stderr=output)
    try:
        wait_until(lambda: "ready." in log.read_text(encoding="utf-8"), log)
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 0, log.read_text(encoding="utf-8")


def wait_until(happened: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"in vain; the worker says:\n{log.read_text(encoding='utf-8')}"
        time.sleep(0.1)


def run(production: Environment, *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=production, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_worker_finds_what_an_imported_journal_hides(production: Environment, worker: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.txt"
    journal.write_text(JOURNAL, encoding="utf-8")
    run(production, "manage.py", "import_exchange_log", str(journal))
    run(production, "-m", "celery", "-A", "crmpos.celery", "call", "reconciliation.tasks.reconcile_unjudged")
    wait_until(Discrepancy.objects.exists, worker)
    found = Discrepancy.objects.values_list("case__bill__external_id", "kind", "amount")
    assert [(bill, kind, str(amount)) for bill, kind, amount in found] == [("501", "partial_receipt", "-2000.00")]


def test_every_periodic_task_is_known() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


class Loop:
    """An event loop that calls at once."""

    def call_soon(self, call: Callable[[], Any]) -> Any:
        return call()


def make_consumer() -> Any:
    consumer: Any = LastingConsumer.__new__(LastingConsumer)
    consumer.hub = Loop()
    return consumer


def test_a_task_that_ends_after_its_connection_to_the_broker_is_no_end_of_the_worker() -> None:
    consumer = make_consumer()
    told: list[object] = []

    def acknowledge_without_connection(logger: object, errors: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'hostname'")

    consumer.call_soon_ack(acknowledge_without_connection, "logger", ())
    consumer.call_soon_ack(told.append, "acknowledged")
    assert told == ["acknowledged"]


def test_other_failures_of_acknowledging_stay_what_they_are() -> None:
    consumer = make_consumer()
    with pytest.raises(ZeroDivisionError):
        consumer.call_soon_ack(lambda: 1 / 0)
