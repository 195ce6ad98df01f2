"""`/metrics`: who may scrape, what is told, what it costs, and that several processes are added up."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from crmpos.operating import metrics
from crmpos.operating.metrics import Remembered, State, read_state
from crmpos.operating.metrics_files import name_process, retire_ended_processes
from crmpos.operating.request_kinds import name_kind, name_method
from reconciliation.services import reconcile
from shops.models import Bill
from tests.factories import import_sample
from tests.processes import ROOT

TOKEN = "a token of Prometheus"

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def scraped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_TOKEN, settings.TASKS_RUN_IN_PROCESS = TOKEN, True
    monkeypatch.setattr(metrics, "REMEMBERED", Remembered())


def read_figures(text: str) -> Figures:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(client: Client) -> Figures:
    response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 200
    return read_figures(response.content.decode())


def figure(figures: Figures, name: str, **labels: str) -> float:
    return figures.get((name, tuple(sorted(labels.items()))), 0)


def test_without_a_token_in_the_settings_there_is_no_such_address(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer é"])
def test_nobody_scrapes_without_the_token(client: Client, given: str) -> None:
    response = client.get("/metrics", headers={"Authorization": given})
    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.django_db(transaction=True)
def test_the_state_of_the_books_is_told(client: Client) -> None:
    import_sample()
    Bill.objects.filter(pk=Bill.objects.earliest("pk").pk).update(unjudged_since=timezone.now() - timedelta(hours=1))
    figures = scrape(client)
    assert figure(figures, "crmpos_state_known") == 1
    assert figure(figures, "crmpos_discrepancies", kind="partial_receipt", status="open") == 1
    assert figure(figures, "crmpos_discrepancies", kind="listed_after_receipt", status="open") == 1
    assert figure(figures, "crmpos_waiting_rows", what="unjudged_bills") == 1
    assert figure(figures, "crmpos_waiting_rows", what="letters") == 0
    assert 3600 <= figure(figures, "crmpos_oldest_unjudged_seconds") < 3700


@pytest.mark.django_db(transaction=True)
def test_requests_are_counted_by_kind_and_outcome(client: Client) -> None:
    before = scrape(client)
    client.get("/api/v2/list")
    client.get("/index.php", {"q": "/api/v2/bill/byid/7"})
    client.get("/admin/")
    after = scrape(client)

    def more(kind: str, status: str) -> float:
        labels = {"kind": kind, "method": "GET", "status": status}
        return figure(after, "crmpos_requests_total", **labels) - figure(before, "crmpos_requests_total", **labels)

    assert (more("LIST", "401"), more("BILL", "401"), more("admin", "302"), more("LIST", "200")) == (1, 1, 1, 0)
    assert figure(after, "crmpos_request_seconds_count", kind="LIST") >= 1


@pytest.mark.django_db(transaction=True)
def test_the_time_until_judgement_is_measured(client: Client) -> None:
    import_sample()
    before = scrape(client)
    now = timezone.now()
    Bill.objects.filter(pk=Bill.objects.earliest("pk").pk).update(unjudged_since=now - timedelta(seconds=20))
    reconcile(as_of=now, now=now)
    after = scrape(client)

    def more(name: str, **labels: str) -> float:
        return figure(after, name, subject="bill", **labels) - figure(before, name, subject="bill", **labels)

    name = "crmpos_judgement_delay_seconds"
    assert (more(f"{name}_count"), more(f"{name}_bucket", le="10.0"), more(f"{name}_bucket", le="60.0")) == (1, 0, 1)
    assert 20 <= more(f"{name}_sum") < 60


@pytest.mark.django_db
def test_what_the_state_costs(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(13):
        read_state()


def test_whoever_scrapes_often_asks_the_database_seldom() -> None:
    asked = []

    def read() -> State:
        asked.append(1)
        return State({}, 0, {}, {})

    remembered = Remembered(read)
    assert [remembered.get() for _ in range(5)] == [State({}, 0, {}, {})] * 5
    assert len(asked) == 1


def test_a_database_that_is_down_leaves_the_rest(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> State:
        raise OSError("no database")

    monkeypatch.setattr(metrics, "REMEMBERED", Remembered(fail))
    figures = scrape(client)
    assert ("crmpos_state_known", ()) in figures
    assert figure(figures, "crmpos_state_known") == 0
    assert any(name == "crmpos_requests_total" for name, _ in figures)


def test_the_queues_of_a_broker_are_counted(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_READ_URL", redis_url)
    counted = metrics.count_tasks()
    assert {"judging", "forwarding", "notifying", "reports", "taken"} <= set(counted)
    assert all(count >= 0 for count in counted.values())


@pytest.mark.parametrize(
    ("method", "path", "inner", "kind"),
    [
        ("GET", "/api/v2/list", "", "LIST"),
        ("GET", "/index.php", "/api/v2/list", "LIST"),
        ("GET", "/index.php", "api/v2/receipts/", "RECEIPT"),
        ("POST", "/api/v2/receipts", "", "RECEIPT"),
        ("GET", "/api/v2/bill/byid/7", "", "BILL"),
        ("PUT", "/api/v2/bill/byid/7", "", "PUT_BILL"),
        ("DELETE", "/api/v2/bill/byid/7", "", "DELETE_BILL"),
        ("PATCH", "/api/v2/bill/byid/7", "", "other"),
        ("POST", "/api/v2/bills", "", "PUT_BILLS"),
        ("GET", "/api/v2/bills/7/status", "", "STATUS"),
        ("POST", "/api/v1/user/create", "", "evotor"),
        ("POST", "/api/v2/installation/event", "", "evotor"),
        ("GET", "/api/office/bills/", "", "office"),
        ("GET", "/admin/shops/bill/", "", "admin"),
        ("GET", "/shops/7/", "", "owner"),
        ("GET", "/static/crmpos/admin.css", "", "static"),
        ("GET", "/healthz", "", "probe"),
        ("GET", "/wp-login.php", "", "other"),
    ],
)
def test_a_request_is_of_a_kind(method: str, path: str, inner: str, kind: str) -> None:
    assert name_kind(method, path, inner) == kind


def test_an_invented_method_makes_no_new_figure() -> None:
    assert (name_method("GET"), name_method("BREW")) == ("GET", "other")


COUNT = """
from crmpos.operating.metrics_files import share_metrics
import sys
share_metrics(sys.argv[1])
from prometheus_client import Counter, Histogram
Counter("told", "Told.", ["by"]).labels("all").inc(2)
Histogram("took", "Took.").observe(1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "metrics"
    for _ in range(3):
        subprocess.run([sys.executable, "-c", COUNT, str(path)], cwd=ROOT, check=True)
    yield path


def test_processes_are_added_up_and_those_that_ended_leave_one_file(
    client: Client, folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "REMEMBERED", Remembered(lambda: State({}, 0, {}, {})))
    settings.METRICS_DIR = folder
    assert len(list(folder.glob("counter_*.db"))) == 3
    before = scrape(client)
    assert figure(before, "told_total", by="all") == 6
    assert retire_ended_processes(folder) == 6
    assert len(list(folder.glob("*.db"))) == 2
    assert scrape(client) == before
    assert retire_ended_processes(folder) == 0


def test_the_files_of_a_running_process_stay(folder: Path) -> None:
    (folder / f"counter_{name_process()}.db").write_bytes(next(folder.glob("counter_*.db")).read_bytes())
    retire_ended_processes(folder)
    assert (folder / f"counter_{name_process()}.db").exists()
    assert str(os.getpid()) in name_process()
