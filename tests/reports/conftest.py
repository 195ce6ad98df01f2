"""Books of three shops whose clocks differ, with discrepancies found around their midnights."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from crmpos.history import DEFAULT_END, generate_history, write_log
from reconciliation.decisions import resolve
from reconciliation.models import Discrepancy, Reason
from reconciliation.reports.values import ReportQuery
from shops.models import Shop
from tests.factories import make_accountant
from tests.logs import MOSCOW, run
from tests.standing import standing

ZONES = {501: "Europe/Moscow", 502: "Asia/Vladivostok", 503: "Europe/Kaliningrad"}
END = DEFAULT_END.date()
WHOLE = ReportQuery(END - timedelta(days=20), END + timedelta(days=1))
PERIODS = (
    WHOLE,
    ReportQuery(END - timedelta(days=7), END - timedelta(days=7)),
    ReportQuery(END - timedelta(days=9), END - timedelta(days=4), shops=(502, 503)),
    ReportQuery(date(2020, 1, 1), date(2020, 1, 31)),
)


@pytest.fixture(scope="module")
def books(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    with standing(django_db_blocker):
        fill_books(tmp_path_factory.mktemp("books"))
        yield


def fill_books(folder: Path) -> None:
    log = folder / "log.txt"
    with log.open("wb") as file:
        write_log(generate_history(bills=150, seed=5, shops=3, days=20), file)
    run("import_exchange_log", str(log))
    run("reconcile", f"--as-of={DEFAULT_END.isoformat()}{MOSCOW}")
    for number, zone in ZONES.items():
        Shop.objects.filter(number=number).update(time_zone=zone)
    accountant = make_accountant()
    # Half past every hour of two days, so that each shop's midnight has some on both of its sides.
    begin = datetime(END.year, END.month, END.day, 0, 30, tzinfo=UTC) - timedelta(days=8)
    for number, discrepancy in enumerate(Discrepancy.objects.order_by("pk")):
        opened_at = begin + timedelta(hours=number * 5 % 48)
        Discrepancy.objects.filter(pk=discrepancy.pk).update(opened_at=opened_at)
        if number % 3 == 0:
            closed_at = opened_at + timedelta(hours=number % 50, minutes=number)
            resolve(discrepancy, actor=accountant, reason=Reason.FALSE_ALARM, comment="", now=closed_at)
