"""Told to end, a process finishes what it has begun: no caller is cut off, no task is torn."""

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.utils import timezone

from shops.access import create_key
from shops.models import CrmWebhook, ExchangeEvent, Shop, WebhookMessage
from shops.webhooks import make_secret
from tests.conftest import find_free_port
from tests.faults.servers import Server
from tests.processes import Environment, share_database, wait_until

# How processes end is the same whatever they keep their rows in.
pytestmark = pytest.mark.once
CONFIGURATION = "crmpos/deploy/gunicorn.conf.py"


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    shop, _ = Shop.objects.get_or_create(number=7)
    return shop


# The production configuration, and a first worker told to end as soon as it is born.
EARLY_SIGNAL = f"""
import os, runpy, signal
globals().update(runpy.run_path({CONFIGURATION!r}))
remember = post_fork

def post_fork(server, worker):
    remember(server, worker)
    if worker.age == 1:
        os.kill(os.getpid(), signal.SIGTERM)
"""


def start_gunicorn(port: int, folder: Path, configuration: str = CONFIGURATION, workers: int = 2) -> Server:
    environment = share_database(
        CELERY_BROKER_URL="redis://127.0.0.1:1/0",
        GUNICORN_BIND=f"127.0.0.1:{port}",
        WEB_CONCURRENCY=str(workers),
        LOG_FORMAT="json",
        LOG_REQUESTS="true",
        METRICS_DIR=str(folder / "metrics"),
        METRICS_TOKEN="token-of-prometheus",
    )
    command = [sys.executable, "-m", "gunicorn", "-c", configuration, "crmpos.wsgi"]
    server = Server(command, folder / "web.log", environment=environment)
    server.start()
    wait_until(lambda: is_alive(port))
    return server


def is_alive(port: int) -> bool:
    try:
        return ask(port, "/healthz").startswith("HTTP/1.1 200")
    except OSError:
        return False


def ask(port: int, path: str, **headers: str) -> str:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n".encode())
        return read_all(caller)


def read_all(caller: socket.socket) -> str:
    parts = []
    while part := caller.recv(65536):
        parts.append(part)
    return b"".join(parts).decode()


@pytest.fixture
def port() -> int:
    return find_free_port()


@pytest.fixture
def web(shop: Shop, port: int, tmp_path: Path) -> Iterator[Server]:
    server = start_gunicorn(port, tmp_path)
    yield server
    if server.process is not None:
        server.kill()


def test_a_request_in_flight_is_answered(web: Server, port: int, shop: Shop) -> None:
    secret = create_key(shop, "register", now=timezone.now()).secret
    body = b'{"not": "a receipt"}'
    head = (
        f"POST /api/v2/receipts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-Request-ID: in-flight-1\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as caller:
        caller.sendall(head + body[:5])
        time.sleep(1)  # a worker has it now, and waits for the rest
        assert web.process is not None
        web.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        caller.sendall(body[5:])
        answer = read_all(caller)
    assert answer.startswith("HTTP/1.1 400"), answer + web.read_log()
    assert "in-flight-1" in answer
    assert web.process.wait(30) == 0
    web.process = None
    journaled = ExchangeEvent.objects.filter(request_id="in-flight-1")
    assert sorted(journaled.values_list("direction", flat=True)) == ["answer", "request"]


def test_a_worker_told_to_end_before_it_listens_ends(shop: Shop, port: int, tmp_path: Path) -> None:
    configuration = tmp_path / "early_signal.conf.py"
    configuration.write_text(EARLY_SIGNAL, encoding="utf-8")
    server = start_gunicorn(port, tmp_path, str(configuration), workers=1)
    try:
        wait_until(lambda: server.read_log().count("Booting worker") == 2)
        assert server.read_log().count("Worker exiting") == 1
    finally:
        server.stop()


def test_the_log_of_gunicorn_is_json_and_has_no_secret(web: Server, port: int) -> None:
    ask(port, "/api/v2/list?token=very-secret", Authorization="Bearer register_very-secret-very-secret")
    wait_until(lambda: "/api/v2/list" in web.read_log())
    web.stop()
    entries = [json.loads(line) for line in web.read_log().splitlines()]
    (request,) = [entry for entry in entries if entry.get("path") == "/api/v2/list"]
    assert (request["kind"], request["status"], request["method"]) == ("LIST", 401, "GET")
    assert len(request["request_id"]) == 32
    assert "very-secret" not in web.read_log()
    assert any("Booting worker" in entry["message"] for entry in entries)


def test_the_metrics_are_those_of_all_workers_and_outlive_them(web: Server, port: int, tmp_path: Path) -> None:
    for _ in range(20):
        ask(port, "/api/v2/list")

    def count() -> bool:
        told = ask(port, "/metrics", Authorization="Bearer token-of-prometheus")
        return 'crmpos_requests_total{kind="LIST",method="GET",status="401"} 20.0' in told

    assert count()
    assert web.process is not None
    web.process.send_signal(signal.SIGHUP)
    wait_until(lambda: web.read_log().count("Booting worker") == 4)
    wait_until(lambda: len(list((tmp_path / "metrics").glob("counter_*-ended.db"))) == 1)
    wait_until(count)


# --- Celery ------------------------------------------------------------------------------------------------


class SlowCrm:
    """Hears a message, and answers when it is told to."""

    def __init__(self) -> None:
        self.heard, self.may_answer = threading.Event(), threading.Event()
        crm = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                crm.heard.set()
                crm.may_answer.wait(30)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.may_answer.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def crm() -> Iterator[SlowCrm]:
    crm = SlowCrm()
    yield crm
    crm.stop()


@pytest.fixture
def production(redis_url: str, shop: Shop) -> Environment:
    return share_database(CELERY_BROKER_URL=f"{redis_url.rpartition('/')[0]}/5", LOG_FORMAT="json")


def test_a_task_that_runs_is_finished(production: Environment, shop: Shop, crm: SlowCrm, tmp_path: Path) -> None:
    now = timezone.now()
    CrmWebhook.objects.create(shop=shop, url=f"http://127.0.0.1:{crm.server.server_port}/", secret=make_secret())
    WebhookMessage.objects.create(
        shop=shop,
        message_id="msg_1",
        event_type="bill.paid",
        body="{}",
        created_at=now,
        next_attempt_at=now,
        retry_until=now + timedelta(days=1),
    )
    command = [sys.executable, "-m", "celery", "-A", "crmpos"]
    worker = Server(
        [*command, "worker", "-Q", "notifying", "--concurrency", "1"], tmp_path / "w.log", environment=production
    )
    call = Server(
        [*command, "call", "shops.tasks.send_webhooks", "--queue", "notifying"],
        tmp_path / "c.log",
        environment=production,
    )
    worker.start()
    try:
        wait_until(lambda: "ready." in worker.read_log())
        call.start()
        assert crm.heard.wait(60), worker.read_log() + call.read_log()
        assert worker.process is not None
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert worker.is_running
        crm.may_answer.set()
        assert worker.process.wait(30) == 0
        worker.process = None
    finally:
        if worker.process is not None:
            worker.kill()
        if call.process is not None:
            call.process.wait(30)
    assert WebhookMessage.objects.get().delivered_at is not None
    entries = [json.loads(line) for line in worker.read_log().splitlines() if line.startswith("{")]
    assert any(entry.get("task_id") and "send_webhooks" in entry["message"] for entry in entries)
