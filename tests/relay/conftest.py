"""The cast of relay mode: a shop that keeps its old CRM, a small v2 server that can be slow, die and come back."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from shops.models import Forward, Shop, Upstream
from shops.relay.breaker import Breaker
from shops.relay.forwarding import forward_due
from shops.wire_writer import write_json
from tests.protocol.conftest import Till, make_caller

TOKEN = "token-of-the-old-crm"
HANGS_SECONDS = 60

Respond = Callable[["Seen"], tuple[int, bytes] | None]


@dataclass(frozen=True)
class Seen:
    """A request as the CRM got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class OldCrm:
    """A v2 server with bills of its own. `respond` may take an answer over; one that `hangs` does not answer at all
    until it is `released`."""

    bills: list[dict[str, Any]] = field(default_factory=list)
    list_body: bytes | None = None
    respond: Respond | None = None
    hangs: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    seen: list[Seen] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Starts, or comes back under the same address."""
        self.server = make_server(self)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Dies: nobody listens any more, and connections that were kept are closed."""
        server, self.server = self.server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def answer(self, seen: Seen) -> tuple[int, bytes] | None:
        path = seen.query.get("q", seen.path)
        if seen.method == "POST" and path == "/api/v2/receipts":
            self.receipts.append(seen.body)
            return 200, b""
        if path == "/api/v2/list":
            return 200, self.list_body if self.list_body is not None else self._list(seen.query.get("number"))
        found = [bill for bill in self.bills if path == f"/api/v2/bill/byid/{bill['id']}"]
        return (
            (200, write_json(found[0])) if found else (404, b'{"errors": [{"code": 2003, "reason": "no such bill"}]}')
        )

    def forget(self, seen: Seen) -> None:
        """A CRM that dies before it has answered has not taken the receipt."""
        if seen.body in self.receipts:
            self.receipts.remove(seen.body)

    def receipt_ids(self) -> list[str]:
        return [json.loads(body)["data"]["id"] for body in self.receipts]

    def _list(self, number: str | None) -> bytes:
        rows = [
            {key: bill[key] for key in ("id", "date", "summ", "number")}
            | {"customername": bill["customer"]["name"].strip()}
            for bill in self.bills
            if number in (None, bill["number"])
        ]
        return write_json(rows)


class KeptConnections(ThreadingHTTPServer):
    """Closes the connections that clients keep when it is closed itself, as a server that dies does."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, *arguments: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.connections):
            self.shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone away is no news."""


def make_server(crm: OldCrm) -> KeptConnections:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen = Seen(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                dict(self.headers),
                body,
                self.client_address[1],
            )
            crm.seen.append(seen)
            if crm.hangs:
                crm.released.wait(HANGS_SECONDS)
            answer = crm.respond(seen) if crm.respond else None
            status, content = answer or crm.answer(seen)  # type: ignore[misc]
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            try:
                self.end_headers()
                if content:
                    self.wfile.write(content)
            except OSError:
                crm.forget(seen)

        do_POST = do_GET

        def log_message(self, *arguments: Any) -> None:
            pass

    return KeptConnections(("127.0.0.1", crm.port), Handler)


def keep_crm(shop: Shop, crm: OldCrm, **fields: Any) -> Upstream:
    return Upstream.objects.create(shop=shop, **{"address": crm.address, "token": TOKEN} | fields)


def be_impatient() -> None:
    Upstream.objects.update(timeout_seconds=1)


def forward_now() -> int:
    """Forwards as if every pause were over."""
    now = timezone.now()
    Forward.objects.filter(accepted_at=None).update(next_attempt_at=now)
    Upstream.objects.update(next_attempt_at=None)
    return forward_due()


@pytest.fixture(autouse=True)
def forget_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port may be given out again: what failed there before is another CRM's."""
    monkeypatch.setattr("shops.relay.asking._breaker", Breaker())


@pytest.fixture
def old_crm() -> Iterator[OldCrm]:
    crm = OldCrm()
    crm.start()
    yield crm
    crm.released.set()
    crm.stop()


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(number=7, name="Чай")


@pytest.fixture
def upstream(shop: Shop, old_crm: OldCrm) -> Upstream:
    return keep_crm(shop, old_crm)


@pytest.fixture
def till(shop: Shop, upstream: Upstream) -> Till:
    return make_caller(Till, shop, "register")
