"""The protocol served as in production: gunicorn with two workers, and many registers at once."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from shops.access import create_key
from shops.models import ExchangeEvent, Receipt, Shop
from shops.wire_writer import write_json
from tests.conftest import find_free_port
from tests.logs import line, make_bill, make_receipt
from tests.processes import ROOT, share_database
from tests.protocol.conftest import judge_later, make_event

WAIT_SECONDS = 120
CALLERS = 8

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def port(transactional_db: None, tmp_path: Path) -> Iterator[int]:
    """Where gunicorn serves this test's database."""
    port = find_free_port()
    # A broker that nobody reads: no task may be needed for what a register is answered.
    environment = share_database(CELERY_BROKER_URL="redis://127.0.0.1:1/0")
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--workers", "2", "--threads", "4"]
    log = tmp_path / "gunicorn.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}", "crmpos.wsgi"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(port, log)
        yield port
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            call(port, "GET", "/api/v2/list", "nobody")
            return
        except OSError:
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)


def call(port: int, method: str, path: str, secret: str, body: object = None) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
    raw = None if body is None else write_json(body)  # type: ignore[arg-type]
    connection.request(method, path, raw, {"Authorization": f"Bearer {secret}"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, json.loads(content) if content else None


@pytest.fixture
def till(port: int) -> Call:
    shop, _ = Shop.objects.get_or_create(number=7)
    secret = create_key(shop, "register", now=timezone.now()).secret
    return lambda method, path, body=None: call(port, method, path, secret, body)


@pytest.fixture
def crm(port: int) -> Call:
    shop, _ = Shop.objects.get_or_create(number=7)
    secret = create_key(shop, "crm", now=timezone.now()).secret
    return lambda method, path, body=None: call(port, method, path, secret, body)


def at_once(work: Callable[[Any], Any], items: Any) -> list[Any]:
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(work, items))


def test_the_same_receipt_at_the_same_instant_is_one_receipt(till: Call, crm: Call) -> None:
    bill = make_bill("1", [line("tea", 100)])
    crm("PUT", "/api/v2/bill/byid/1", bill)
    event = make_event(make_receipt("r-1", [line("tea", 100)], bill))
    answers = at_once(lambda _: till("POST", "/api/v2/receipts", event), range(32))
    assert answers == [(200, None)] * 32
    assert Receipt.objects.count() == 1
    assert ExchangeEvent.objects.filter(kind="RECEIPT", direction="request", answer__isnull=False).count() == 32
    assert judge_later() == set()


def test_two_receipts_for_one_bill_at_the_same_instant_both_count(till: Call, crm: Call) -> None:
    bills = [make_bill(str(number), [line("tea", 100), line("cup", 50)]) for number in range(1, 21)]
    status, results = crm("POST", "/api/v2/bills", bills)
    assert {result["code"] for result in results} == {201}
    halves = [
        make_event(make_receipt(f"{bill['id']}-{part.product}", [part], bill))
        for bill in bills
        for part in (line("tea", 100), line("cup", 50))
    ]
    answers = at_once(lambda event: till("POST", "/api/v2/receipts", event), halves)
    assert {status for status, _ in answers} == {200}
    assert till("GET", "/api/v2/list") == (200, [])
    assert judge_later() == set()


def test_no_list_begun_after_a_receipt_was_answered_offers_its_bill(till: Call, crm: Call) -> None:
    bills = [make_bill(str(number), [line("tea", 100)]) for number in range(1, 41)]
    crm("POST", "/api/v2/bills", bills)

    def pay(bill: Any) -> bool:
        event = make_event(make_receipt(f"r-{bill['id']}", [line("tea", 100)], bill))
        assert till("POST", "/api/v2/receipts", event)[0] == 200
        _, offered = till("GET", "/api/v2/list")
        opened, _ = till("GET", f"/api/v2/bill/byid/{bill['id']}")
        return bill["id"] in {row["id"] for row in offered} or opened != 404

    assert not any(at_once(pay, bills))


def test_a_bill_stated_by_many_at_once_is_one_bill(till: Call, crm: Call) -> None:
    bill = make_bill("1", [line("tea", 100)])
    answers = at_once(lambda _: crm("PUT", "/api/v2/bill/byid/1", bill), range(24))
    assert {status for status, _ in answers} <= {200, 201}
    assert [row["id"] for row in till("GET", "/api/v2/list")[1]] == [1]
