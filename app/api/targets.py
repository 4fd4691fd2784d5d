"""Which addresses a picture may be fetched from. They come from answers of servers, so nothing in them is trusted."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from app.core.base_url import BaseUrl

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_CHARS = 2048
_HTTPS_PORT = 443
_HOST_NAME = re.compile(r"[a-z0-9._-]+")
_URL_SAFE = "/%:@!$&'()*+,;=~-._?"

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
"""IANA's special-purpose registry: private, shared, link-local, loopback, documentation, multicast, reserved."""
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""How networks without IPv4 reach it: the last 32 bits are the address that counts."""


class Refused(Exception):
    """An address that is not fetched from; the text says why, as half a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL in its parts. Nothing but these goes into the request."""

    scheme: str
    host: str
    """In ASCII and lower case; IPv6 without brackets."""
    port: int
    path: str
    """With the query."""
    is_base: bool
    """True for the origin of the service that the person chose."""

    @property
    def authority(self) -> str:
        """What stands in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _port_of(self.scheme) else f"{host}:{self.port}"

    def url_at(self, address: Address | None) -> str:
        """The URL with an IP address in the host's place, so that nobody resolves the name a second time."""
        if address is None:
            return f"{self.scheme}://{self.authority}{self.path}"
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def check_url(url: str, base_url: BaseUrl) -> Target:
    """Take a URL apart and check all that can be known before its name is resolved. Raises Refused."""
    if len(url) > MAX_URL_CHARS or not url.isprintable() or any(char in url for char in " \\"):
        raise Refused("its address is damaged")
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http"):
            raise Refused("its address is no web address")
        port = parts.port if parts.port is not None else _port_of(parts.scheme)
        host = _ascii_host(parts.hostname or "")
    except (ValueError, UnicodeError) as error:
        raise Refused("its address is damaged") from error
    if "@" in parts.netloc or port == 0:
        raise Refused("its address is damaged")
    base = urlsplit(base_url.origin)
    base_port = base.port if base.port is not None else _port_of(base.scheme)
    is_base = (parts.scheme, host, port) == (base.scheme, base_url.host, base_port)
    if parts.scheme == "http":
        if not base_url.is_loopback:
            raise Refused("its address is not secure")
        if (base.scheme, base_port) != ("http", port):
            raise Refused("its address names an unusual port")
    elif port != _HTTPS_PORT and not is_base:
        raise Refused("its address names an unusual port")
    path = quote(parts.path or "/", safe=_URL_SAFE)
    query = "?" + quote(parts.query, safe=_URL_SAFE) if parts.query else ""
    return Target(parts.scheme, host, port, path + query, is_base)


def check_addresses(target: Target, addresses: Sequence[Address], base_url: BaseUrl) -> None:
    """Check what the name was resolved to: one address that is not allowed spoils all. Raises Refused."""
    for address in addresses:
        if address.is_loopback and base_url.is_loopback:
            continue
        if target.scheme == "http" or not _is_public(address):
            raise Refused("its address leads into a private network")


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    # Outside of it are IPv4-mapped, unique-local, link-local and multicast addresses, and what nobody has given out.
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)


def _port_of(scheme: str) -> int:
    return _HTTPS_PORT if scheme == "https" else 80


def _ascii_host(host: str) -> str:
    if ":" in host and "%" not in host:
        return str(ipaddress.IPv6Address(host))
    ascii_host = host.encode("idna").decode("ascii").lower()
    if not _HOST_NAME.fullmatch(ascii_host):
        raise ValueError("not a host name")
    return ascii_host
