"""A CRM that listens: a real server of HTTP, which can be slow, broken or dead; and a clock that tests move on."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from shops.models import CrmWebhook, Shop, WebhookMessage
from shops.webhook_sending import send_due
from shops.webhooks import Notice, make_secret, put_into_outbox
from shops.wire_writer import read_json
from tests.protocol.conftest import Crm, Till, make_caller


@dataclass(frozen=True)
class Heard:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return read_json(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Verifies as a receiver does, by the specification and not by the program."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = b".".join([self.message_id.encode(), self.headers["webhook-timestamp"].encode(), self.body])
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        versions = [signature.split(",", 1) for signature in self.headers["webhook-signature"].split(" ")]
        return ["v1", expected] in versions


Behave = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class ListeningCrm:
    """Answers 204 unless `behave` says otherwise."""

    heard: list[Heard] = field(default_factory=list)
    behave: Behave | None = None
    port: int = 0
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?from=crmpos"

    @property
    def types(self) -> list[str]:
        return [heard.event["type"] for heard in self.heard]

    def start(self) -> None:
        crm = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                crm.heard.append(Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                if crm.behave is None:
                    answer(self, 204)
                else:
                    crm.behave(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


def answer(handler: BaseHTTPRequestHandler, status: int, text: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(text)))
    handler.end_headers()
    handler.wfile.write(text)


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now: datetime = field(default_factory=timezone.now)

    def __call__(self) -> datetime:
        return self.now

    def move(self, step: timedelta) -> None:
        self.now += step

    def move_to_next_attempt(self) -> timedelta:
        """To when the next message may be sent; gives how long that takes."""
        waiting = WebhookMessage.objects.filter(next_attempt_at__isnull=False)
        times = [
            max(message.next_attempt_at, message.shop.crm_webhook.silent_until or message.next_attempt_at)
            for message in waiting.select_related("shop__crm_webhook")
            if message.next_attempt_at is not None
        ]
        step = min(times) - self.now
        self.now = max(self.now, min(times))
        return step


def send(clock: Clock) -> int:
    return send_due(clock=clock)


def make_webhook(shop: Shop, crm: ListeningCrm, **fields: Any) -> CrmWebhook:
    return CrmWebhook.objects.create(shop=shop, secret=make_secret(), **({"url": crm.url} | fields))


def write_message(shop: Shop, clock: Clock, number: int = 1) -> WebhookMessage:
    put_into_outbox([Notice(shop.number, "test.written", {"number": number})], now=clock.now)
    return WebhookMessage.objects.latest("pk")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(number=7, name="Чай")


@pytest.fixture
def other_shop(db: None) -> Shop:
    return Shop.objects.create(number=8, name="Кофе")


@pytest.fixture
def till(shop: Shop) -> Till:
    return make_caller(Till, shop, "register")


@pytest.fixture
def crm(shop: Shop) -> Crm:
    return make_caller(Crm, shop, "crm")


@pytest.fixture
def listening() -> Iterator[ListeningCrm]:
    """The CRM of shop 7, once a test has given the shop its address (`webhook`)."""
    crm = ListeningCrm()
    crm.start()
    yield crm
    crm.stop()


@pytest.fixture
def other_listening() -> Iterator[ListeningCrm]:
    crm = ListeningCrm()
    crm.start()
    yield crm
    crm.stop()


@pytest.fixture
def webhook(shop: Shop, listening: ListeningCrm) -> CrmWebhook:
    return make_webhook(shop, listening)
