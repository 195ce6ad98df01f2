"""One request to an address that a person has entered: bounded in time and size, no redirects, no cookies.

It builds on the engine of httpx and not on its client, because only there the whole exchange can be held to one
deadline, and the very address that is connected to can be examined: a name may lead to another one a moment later.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from shops.models import WebhookMessage

ANSWER_BYTES = 4096

Fault = WebhookMessage.Fault


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and the beginning of the answer, or a fault and what is known of it."""

    status: int | None
    text: str
    fault: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class ForbiddenAddress(Exception):
    """The name leads to this machine or to a private network."""


def post(address: str, body: bytes, headers: Mapping[str, str], *, timeout_seconds: int, allow_private: bool) -> Reply:
    """Sends `body`, and gives the answer or why there is none; it raises nothing that the other side can cause."""
    faults: dict[type[Exception], Fault] = {
        httpcore.TimeoutException: Fault.TIMEOUT,
        httpcore.ProtocolError: Fault.NOT_HTTP,
        httpcore.NetworkError: Fault.UNREACHABLE,
        ForbiddenAddress: Fault.FORBIDDEN_ADDRESS,
        httpcore.UnsupportedProtocol: Fault.UNREACHABLE,
        httpx.InvalidURL: Fault.UNREACHABLE,
    }
    backend = _Backend(time.monotonic() + timeout_seconds, allow_private)
    try:
        url = httpx.URL(address)
        with httpcore.ConnectionPool(_trust() if url.scheme == "https" else None, network_backend=backend) as pool:
            engine_url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
            with pool.stream("POST", engine_url, headers=list(headers.items()), content=body) as response:
                return Reply(response.status, _read_text(response))
    except tuple(faults) as error:
        fault = next(fault for kind, fault in faults.items() if isinstance(error, kind))
        return Reply(None, str(error)[:ANSWER_BYTES], fault)


def is_public(host: str) -> bool:
    """Whether an IP address belongs to the open internet, not to this machine or to a private network."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_global and not address.is_multicast


@cache
def _trust() -> ssl.SSLContext:
    """The authorities that httpx trusts, or those that SSL_CERT_FILE and SSL_CERT_DIR name."""
    return httpx.create_ssl_context()


def _read_text(response: httpcore.Response) -> str:
    """The beginning of the answer as text that a database takes."""
    read = b""
    for chunk in response.iter_stream():
        read += chunk
        if len(read) >= ANSWER_BYTES:
            break
    return read[:ANSWER_BYTES].decode(errors="replace").replace("\0", "\ufffd")


class _Backend(httpcore.NetworkBackend):
    """Connects within the deadline, and only where it may."""

    def __init__(self, deadline: float, allow_private: bool) -> None:
        self._deadline, self._allow_private = deadline, allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: httpcore.ConnectError | None = None
        for address in self._find_addresses(host, port):
            remaining = remaining_until(self._deadline, httpcore.ConnectTimeout)
            try:
                stream = self._sockets.connect_tcp(address, port, remaining, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
            else:
                return _Stream(stream, self._deadline)
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def _find_addresses(self, host: str, port: int) -> Iterator[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in dict.fromkeys(str(item[4][0]) for item in found):
            if not self._allow_private and not is_public(address):
                raise ForbiddenAddress(f"{host}: {address}")
            yield address


class _Stream(httpcore.NetworkStream):
    """A connection each of whose operations ends at the deadline of the whole."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining_until(self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining_until(self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        remaining = remaining_until(self._deadline, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, remaining), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def remaining_until(deadline: float, timeout: type[httpcore.TimeoutException]) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise timeout("the time is up")
    return remaining
