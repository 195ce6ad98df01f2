"""Speaks v2 to the CRM of a shop over HTTP: one call, one time limit, connections kept for the next call.

Nothing of a header is ever put into an error or a log: it may hold a token.
"""

import atexit
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn
from urllib.parse import quote, urlencode

import httpx
from django.utils.translation import gettext_noop

from shops.models import Upstream

ANSWER_LIMIT_BYTES = 10 << 20
LIST_PATH, RECEIPTS_PATH = "/api/v2/list", "/api/v2/receipts"

NO_ANSWER = gettext_noop("The CRM did not answer in time.")
NO_CONNECTION = gettext_noop("The CRM cannot be reached.")
TOO_LONG = gettext_noop("The CRM's answer is too long.")

Headers = Mapping[str, str]


class Unreachable(Exception):
    """The CRM gave no answer; the reason is a sentence for people (a msgid)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the CRM, whatever it says."""

    status: int
    body: bytes

    @property
    def is_ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of the CRM: a GET, or a POST where there is a body."""

    path: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    body: bytes | None = None

    @property
    def query(self) -> dict[str, str]:
        """As the original's front controller has it, and the journal."""
        return {"q": self.path, **self.arguments}


def bill_path(bill_id: str) -> str:
    return f"/api/v2/bill/byid/{bill_id}"


def call(upstream: Upstream, asked: Call) -> Reply:
    """The CRM's answer, within the shop's time limit. Raises Unreachable.

    The limit holds for the whole call, name resolution and an answer that drips in byte by byte included: the call runs
    in a thread of its own, and is left to itself when its time is over.
    """
    answer: Future[Reply] = Future()
    threading.Thread(target=_run, args=(answer, upstream, asked), name="relay", daemon=True).start()
    try:
        return answer.result(timeout=upstream.timeout_seconds)
    except (TimeoutError, httpx.TimeoutException):
        _fail(NO_ANSWER)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
        _fail(NO_CONNECTION)


def address_of(upstream: Upstream, asked: Call) -> str:
    """Where the call goes: into the query of a front controller, or under the CRM's address."""
    if upstream.has_front_controller:
        return f"{upstream.address}?{urlencode(asked.query, safe='/')}"
    query = f"?{urlencode(asked.arguments)}" if asked.arguments else ""
    return f"{upstream.address.rstrip('/')}{quote(asked.path)}{query}"


def _fail(reason: str) -> NoReturn:
    raise Unreachable(reason) from None


def _run(answer: Future[Reply], upstream: Upstream, asked: Call) -> None:
    try:
        answer.set_result(_exchange(upstream, asked))
    except Exception as error:  # whatever it is, the caller must hear of it
        answer.set_exception(error)


def _exchange(upstream: Upstream, asked: Call) -> Reply:
    deadline = time.monotonic() + upstream.timeout_seconds
    received = bytearray()
    with _client().stream(
        "GET" if asked.body is None else "POST",
        address_of(upstream, asked),
        headers=_headers(upstream, asked),
        content=asked.body,
        timeout=upstream.timeout_seconds,
    ) as response:
        for chunk in response.iter_bytes():
            received += chunk
            if len(received) > ANSWER_LIMIT_BYTES:
                raise Unreachable(TOO_LONG)
            if time.monotonic() > deadline:
                raise Unreachable(NO_ANSWER)
    return Reply(response.status_code, bytes(received))


def _headers(upstream: Upstream, asked: Call) -> list[tuple[bytes, bytes]]:
    headers = dict(asked.headers)
    if upstream.token:
        headers["Authorization"] = f"Bearer {upstream.token}"
    if asked.body is not None:
        headers["Content-Type"] = "application/json"
    return [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers.items()]


@cache
def _client() -> httpx.Client:
    """One for the process: its connections are used again. A redirect is not followed: a POST would become a GET."""
    client = httpx.Client(
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "crmpos"},
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30),
        follow_redirects=False,
    )
    atexit.register(client.close)
    return client
