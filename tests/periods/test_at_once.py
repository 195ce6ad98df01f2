"""Two people close at once; a month is closed while an import is at work. In real processes."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from reconciliation.models import Period, PeriodEntry
from reconciliation.period_protocol import OUTSTANDING, read_figures
from reconciliation.periods import ClosingRefused, close_period
from shops.models import Bill, Receipt
from shops.money import ZERO
from tests.factories import make_shop
from tests.logs import Log, line, make_bill, make_receipt, run
from tests.periods.books import JANUARY, MARCH, Books, make_chief, sum_entries
from tests.processes import ROOT, finish, share_database, start_command, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

BILLS = 150


def start_closing(month: str) -> "subprocess.Popen[str]":
    return start_command("close_period", "7", month, "--by", "chief")


def test_of_two_who_close_a_month_at_once_one_is_told_that_it_is_closed() -> None:
    books = Books(make_shop(7), make_chief())
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.receipt("60.00", "2026-01-10 11:00", bill=bill)
    ends = [finish(process) for process in [start_closing("2026-01") for _ in range(3)]]
    assert sorted(code for code, _, _ in ends) == [0, 1, 1], ends
    assert [errors for code, _, errors in ends if code] == ["CommandError: The month 2026-01 is closed already.\n"] * 2
    assert Period.objects.count() == 1
    assert str(sum_entries(bill=bill)) == "100.00"


def write_log(path: Path) -> None:
    """A log of one shop, long enough that an import is still at work when its first batch can be seen."""
    log = Log()
    for number in range(1, BILLS + 1):
        bill = make_bill(str(number), [line("tea", 100)])
        log.ask_bill(bill)
        log.deliver(make_receipt(f"r-{number}", [line("tea", 100)], bill))
    path.write_bytes(log.write())


def test_a_month_is_not_closed_while_documents_are_loaded(tmp_path: Path) -> None:
    """Whenever it is tried, half a log is no month; when all was compared, nothing of it is left out."""
    shop, chief = make_shop(7), make_chief()
    write_log(tmp_path / "log.txt")
    loading = start_command("import_exchange_log", str(tmp_path / "log.txt"))
    wait_until(lambda: loading.poll() is not None or Bill.objects.exists())
    now = datetime(2026, 4, 2, tzinfo=UTC)
    while loading.poll() is None:
        with pytest.raises(ClosingRefused):
            close_period(shop=shop, month=MARCH, actor=chief, now=now)
    code, _, errors = finish(loading)
    assert code == 0, errors
    with pytest.raises(ClosingRefused):  # loaded, and not compared yet
        close_period(shop=shop, month=MARCH, actor=chief, now=now)
    run("reconcile", "--as-of=2026-04-02T03:00:00+03:00")
    march = close_period(shop=shop, month=MARCH, actor=chief, now=now)
    assert Receipt.objects.count() == BILLS
    assert read_figures(march.protocol).closing == ZERO
    assert sum_entries(what="billed") == 100 * BILLS
    assert sum_entries(what__in=OUTSTANDING) == ZERO


CLOSE_SLOWLY = """
import django, sys, time
django.setup()
from datetime import date, datetime, UTC
from django.contrib.auth.models import User
from reconciliation import periods
from shops.models import Shop

count_month = periods.count_month

def count_slowly(span):
    entries = list(count_month(span))
    print("counted", flush=True)
    sys.stdin.readline()
    return entries

periods.count_month = count_slowly
shop, chief = Shop.objects.get(pk=7), User.objects.get(username="chief")
periods.close_period(shop=shop, month=date(2026, 1, 1), actor=chief, now=datetime(2027, 1, 1, tzinfo=UTC))
"""


DELIVER = """
import django
django.setup()
from datetime import datetime, UTC
from shops.models import Receipt
moment = datetime(2026, 1, 10, 12, tzinfo=UTC)
Receipt.objects.create(shop_id=7, receipt_id="late", type="SELL", printed_at=moment, received_at=moment, total="60.00",
    tax=0, discount=0, informational=False, bill_id={bill})
"""


def test_a_receipt_that_comes_between_counting_and_saving_is_an_adjustment() -> None:
    """SQLite lets one write at a time, PostgreSQL lets the receipt in: either way it is counted once."""
    books = Books(make_shop(7), make_chief())
    bill = books.bill("100.00", "2026-01-10 10:00")
    closing = subprocess.Popen(
        [sys.executable, "-c", CLOSE_SLOWLY],
        cwd=ROOT,
        env=share_database(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert closing.stdout is not None
    assert closing.stdin is not None
    assert closing.stdout.readline() == "counted\n"
    delivering = subprocess.Popen(
        [sys.executable, "-c", DELIVER.format(bill=bill.pk)], cwd=ROOT, env=share_database(), text=True
    )
    if connection.vendor == "postgresql":
        assert delivering.wait(60) == 0, "a register waits for no closing"
    closing.stdin.write("\n")
    closing.stdin.flush()
    assert finish(closing)[0] == 0
    assert delivering.wait(60) == 0
    (january,) = Period.objects.all()
    assert str(read_figures(january.protocol).closing) == "100.00"
    february = books.close(JANUARY.replace(month=2))
    assert (str(february.adjustments), str(february.closing)) == ("-60.00", "40.00")
    assert PeriodEntry.objects.filter(receipt__isnull=False).count() == 1
