"""Two people decide about one receipt at the same moment: one decision counts, and the other person is told."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connections

from reconciliation import linking
from shops.allocations import AllocationRefused
from shops.models import Allocation, Bill, Receipt
from tests.allocations.conftest import find_bill, find_receipt
from tests.factories import make_accountant
from tests.logs import Log, judge, line, make_bill, make_receipt, read_discrepancies, run

NOW = datetime(2026, 3, 25, 9, tzinfo=UTC)
DRESS = line("dress", 3100)


@pytest.mark.django_db(transaction=True)
def test_one_of_two_decisions_counts() -> None:
    log = Log()
    for bill_id in ("501", "502"):
        log.ask_bill(make_bill(bill_id, [DRESS]))
    log.deliver(make_receipt("r-1", [DRESS]))
    judge(log)
    people = [make_accountant(name) for name in ("anna", "boris")]
    receipts: list[Receipt] = [find_receipt("r-1") for _ in people]
    bills: list[Bill] = [find_bill("501"), find_bill("502")]
    together = Barrier(len(people))

    def decide(place: int) -> str:
        together.wait()
        try:
            linking.link(receipts[place], bills[place], actor=people[place], now=NOW, seen_id=0)
        except AllocationRefused:
            return "told"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(people)) as pool:
        outcomes = sorted(pool.map(decide, range(len(people))))
    assert outcomes == ["done", "told"]
    part = Allocation.objects.get().parts.get()
    assert part.bill is not None
    assert sum(bill.on_offer for bill in Bill.objects.all()) == 1
    assert not Bill.objects.get(pk=part.bill.pk).on_offer
    assert read_discrepancies() == []
    run("audit", "--as-of=2026-03-25T12:00:00+03:00")
