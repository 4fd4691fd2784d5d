"""The address of a server, checked once: what credentials are stored for, and what every request begins with."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """Scheme, host and port of a server, and a path if the service does not live at its root."""

    origin: str
    """`scheme://host[:port]`, in lower case, without the scheme's own port: what secrets are stored under."""
    host: str
    """The host alone, as it may be shown; IPv6 without brackets."""
    is_loopback: bool
    path: str = ""
    """Empty, or `/like/this` without a slash at the end."""

    def __str__(self) -> str:
        return self.origin + self.path


def parse_base_url(text: str) -> BaseUrl:
    """Check and normalise the address of a server.

    https only, or http to this computer; no user name, query or fragment. Raises ValueError with a sentence for a
    person, which does not repeat the address (it may hold a password).
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("This is not a web address.") from error
    if parts.scheme not in _DEFAULT_PORTS or not host or not text.isprintable() or " " in text or port == 0:
        raise ValueError("Write an address such as https://imglink.cc.")
    if "@" in parts.netloc:
        raise ValueError("An address must not hold a user name or password.")
    if "?" in text or "#" in text:
        raise ValueError("An address must end before any ? or #.")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ValueError("The path of this address cannot be used.")
    host, shown_host, is_loopback = _check_host(host)
    if parts.scheme == "http" and not is_loopback:
        raise ValueError("Only https:// is safe here; http:// is for this computer alone.")
    port_part = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return BaseUrl(f"{parts.scheme}://{host}{port_part}", shown_host, is_loopback, path)


def _check_host(host: str) -> tuple[str, str, bool]:
    """The host as it stands in a URL, as it is shown, and whether it is this computer."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        if "%" in host:
            raise ValueError("The host name in this address cannot be used.")
        in_url = f"[{address}]" if address.version == 6 else str(address)
        return in_url, str(address), address.is_loopback
    try:
        ascii_host = host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError("The host name in this address cannot be used.") from error
    if not _HOST_NAME.fullmatch(ascii_host):
        raise ValueError("The host name in this address cannot be used.")
    return ascii_host, ascii_host, ascii_host == "localhost"
