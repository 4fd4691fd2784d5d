"""A self-signed certificate for 127.0.0.1, good from 2020 to 2126, with its key. It guards nothing but these tests."""

from __future__ import annotations

import ssl
from pathlib import Path

_KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAX4O/3UNiMchwXba
GmQppXhhar6jDSkHC2V87oAQgDihRANCAAR6hMZJeQFP+T8DPCk8+lg4ipw6mTDN
P8TdC33st0yyPN4MZe6SKwBi3grsC5o89A+/v1t50YHtWO0RscknKN21
-----END PRIVATE KEY-----
"""
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBqzCCAVCgAwIBAgICEmcwCgYIKoZIzj0EAwIwIjEgMB4GA1UEAwwXVGVzdCBv
ZiBJbWdMaW5rIERlc2t0b3AwIBcNMjAwMTAxMDAwMDAwWhgPMjEyNjAxMDEwMDAw
MDBaMCIxIDAeBgNVBAMMF1Rlc3Qgb2YgSW1nTGluayBEZXNrdG9wMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEeoTGSXkBT/k/AzwpPPpYOIqcOpkwzT/E3Qt97LdM
sjzeDGXukisAYt4K7AuaPPQPv79bedGB7VjtEbHJJyjdtaN0MHIwDwYDVR0TAQH/
BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAYYwHQYDVR0OBBYEFFy/cLRd8Ez0soYxaWh7
TYgWWIKnMB8GA1UdIwQYMBaAFFy/cLRd8Ez0soYxaWh7TYgWWIKnMA8GA1UdEQQI
MAaHBH8AAAEwCgYIKoZIzj0EAwIDSQAwRgIhAOhQAocpdvd1EhCHHmFuNpqVVnXt
gQciX2Hr7ut2FGhYAiEA/OsYw9ZTk01Dr94jOLXVYhzGkKN/MPL2Zki5ORUw0V0=
-----END CERTIFICATE-----
"""


def trusted_file(folder: Path) -> Path:
    """A file for SSL_CERT_FILE, with which a client trusts the test servers."""
    path = folder / "trusted.pem"
    path.write_text(_CERTIFICATE)
    return path


def server_context(folder: Path) -> ssl.SSLContext:
    """What a test server needs to speak TLS."""
    path = folder / "server.pem"
    path.write_text(_KEY + _CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
