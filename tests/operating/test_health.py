"""`/healthz` and `/readyz`: what they ask, what they tell, and what they keep to themselves."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from crmpos.operating import doors, health
from shops.live_journal import journal_request
from shops.models import Bill, ExchangeEvent, Shop
from tests.conftest import find_free_port


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    shop, _ = Shop.objects.get_or_create(number=7)
    return shop


@pytest.fixture(autouse=True)
def without_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TASKS_RUN_IN_PROCESS = True
    # A busy machine is no illness.
    monkeypatch.setattr(doors, "check_all", lambda checks: health.check_all(checks, limit_seconds=60))


def ask(client: Client) -> tuple[int, Any]:
    response = client.get("/readyz")
    return response.status_code, response.json()


def test_being_alive_asks_nobody(client: Client) -> None:
    # Without a mark for the database: a query would fail this test.
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.cookies == {}


def test_a_probe_calls_by_address_and_without_tls(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["books.example"], True
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_nothing_is_posted_to_a_probe(client: Client) -> None:
    response = client.post("/healthz")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


def test_all_is_well(client: Client, shop: Shop) -> None:
    status, told = ask(client)
    assert (status, told["status"]) == (200, "ok")
    assert {name: check["status"] for name, check in told["checks"].items()} == {
        "database": "ok",
        "migrations": "ok",
        "judgement": "ok",
    }
    assert told["checks"]["judgement"]["oldest_seconds"] == 0


def test_a_case_that_waits_too_long_is_told(client: Client, shop: Shop, settings: Settings) -> None:
    now = timezone.now()
    bill = Bill.objects.create(shop=shop, external_id="1", total=1, unjudged_since=now - timedelta(seconds=200))
    status, told = ask(client)
    assert status == 200
    assert 200 <= told["checks"]["judgement"]["oldest_seconds"] < 230
    settings.READY_UNJUDGED_LIMIT_SECONDS = 100
    status, told = ask(client)
    assert (status, told["status"]) == (503, "failed")
    assert told["checks"]["judgement"]["fault"] == "cases wait too long for judgement"
    Bill.objects.filter(pk=bill.pk).update(unjudged_since=None)
    assert ask(client)[0] == 200


def test_a_request_that_is_being_answered_does_not_wait(client: Client, shop: Shop, settings: Settings) -> None:
    settings.READY_UNJUDGED_LIMIT_SECONDS = 30
    request = journal_request(shop, "LIST", query={}, now=timezone.now())
    ExchangeEvent.objects.filter(pk=request.pk).update(unjudged_since=timezone.now() - timedelta(seconds=40))
    assert ask(client)[0] == 200


def test_a_migration_that_was_not_run_is_told(client: Client, shop: Shop) -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("shops", "0013_shifts_known")
    try:
        status, told = ask(client)
    finally:
        recorder.record_applied("shops", "0013_shifts_known")
    assert status == 503
    assert told["checks"]["migrations"] | {"milliseconds": 0} == {
        "status": "failed",
        "fault": "run manage.py migrate",
        "unapplied": 1,
        "milliseconds": 0,
    }


def test_a_broker_that_is_down_is_told_without_its_address(
    client: Client, shop: Shop, settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TASKS_RUN_IN_PROCESS = False
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", f"redis://:word@127.0.0.1:{find_free_port()}/0")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["checks"]["broker"]["fault"] == "failed"
    assert b"127.0.0.1" not in response.content and b"word" not in response.content
    assert "The check broker failed" in caplog.text
    assert "word" not in caplog.text


def test_a_broker_that_answers_is_well(shop: Shop, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", redis_url)
    assert health.check_broker() == {}


def test_what_hangs_is_told_in_time_and_asked_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, release = [], threading.Event()

    def hang() -> health.Details:
        asked.append(1)
        release.wait(60)
        return {}

    check = health.Check("database", hang)
    monkeypatch.setattr(doors, "list_checks", lambda: [check])
    monkeypatch.setattr(doors, "check_all", lambda checks: health.check_all(checks, limit_seconds=0.2))
    began = time.monotonic()
    answers = [ask(client) for _ in range(5)]
    release.set()
    assert time.monotonic() - began < 10
    assert [(status, told["checks"]["database"]["fault"]) for status, told in answers] == [(503, health.NO_ANSWER)] * 5
    assert len(asked) == 1


def test_what_the_checks_cost(shop: Shop, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    health.check_migrations()
    with django_assert_num_queries(7):
        health.check_database()
        health.check_migrations()
        health.check_judgement()
