"""Where a request comes from: the address that may be trusted, and the device in words."""

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from ua_parser import parse

from crmpos.accounts.models import USER_AGENT_LENGTH

IPV6_NETWORK_BITS = 64  # what one subscriber has: single addresses of it cost nothing


@dataclass(frozen=True, slots=True)
class Client:
    """Who sends a request, as far as the network tells."""

    address: str | None = None
    user_agent: str = ""


def find_client(request: HttpRequest) -> Client:
    user_agent = request.headers.get("User-Agent", "").replace("\0", "")
    return Client(find_address(request), user_agent[:USER_AGENT_LENGTH])


def find_address(request: HttpRequest) -> str | None:
    """The address of the client, or None where none can be told.

    A header counts only as far as proxies of our own have written it: with PROXY_COUNT of them in front, it is the
    entry of `X-Forwarded-For` at that place from its end. What stands before it anybody can have invented.
    """
    if not settings.PROXY_COUNT:
        return _read_address(request.META.get("REMOTE_ADDR", ""))
    entries = request.headers.get("X-Forwarded-For", "").split(",")
    if len(entries) < settings.PROXY_COUNT:
        return _read_address(request.META.get("REMOTE_ADDR", ""))
    return _read_address(entries[-settings.PROXY_COUNT])


def find_counted_address(request: HttpRequest) -> str | None:
    """The address under which failures are counted: of IPv6 the network, for one subscriber has all of it."""
    address = find_address(request)
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{IPV6_NETWORK_BITS}", strict=False).network_address)


def word_device(user_agent: str) -> str:
    """`Firefox, Windows`; what is not known is called so."""
    known = parse(user_agent)
    parts = [part.family for part in (known.user_agent, known.os) if part is not None]
    return ", ".join(parts) or gettext("Unknown device")


def _read_address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)
