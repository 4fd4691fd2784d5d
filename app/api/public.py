"""Pictures that anyone may see, fetched without a credential: the addresses come from answers of servers.

No cookie, no redirect, no compression, nothing but https (plain http to this computer where the service itself runs
there), a cap and a total deadline. A name is resolved once, what it leads to is checked, and the connection is made to
that very address, so that no second answer of the name server can lead it elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

import app
from app.api.errors import retry_after_s
from app.api.targets import Address, Refused, Target, check_addresses, check_url
from app.api.transport import trust, utc_now, without_command_line
from app.core.base_url import BaseUrl
from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.thumbnails import NoThumbnail, ThumbnailMissing, ThumbnailRefused, ThumbnailUnreachable

if TYPE_CHECKING:
    import httpx

MAX_PICTURE_BYTES = 4 * 1024 * 1024
PICTURES = frozenset({ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.WEBP, ImageFormat.GIF})
_MOST_ADDRESSES = 3
_SERVER_TROUBLE_S = 120.0
_LONGEST_WAIT_S = 3600.0
_MOST_HELD = 64

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
"""From host and port to addresses, best first; raises OSError."""


@dataclass(frozen=True, slots=True)
class FetchTimeouts:
    """How long to wait, in seconds; the total stands over everything."""

    connect_s: float = 5
    read_s: float = 10
    total_s: float = 20


class _NotConnected(OSError):
    """Nothing was sent to this address: another may do."""


DEFAULT_FETCH_TIMEOUTS = FetchTimeouts()


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ipaddress.ip_address(address[0]) for *_, address in found))


class PublicClient:
    """Fetches pictures; see `app.core.thumbnails.ThumbnailFetcher`. Nothing is loaded before the first.

    `base_url` is the service's. `resolver` takes the name servers' place in tests.
    """

    def __init__(
        self,
        base_url: BaseUrl,
        *,
        timeouts: FetchTimeouts = DEFAULT_FETCH_TIMEOUTS,
        now: Callable[[], datetime] = utc_now,
        resolver: Resolver = resolve,
    ) -> None:
        self._base_url = base_url
        self._timeouts = timeouts
        self._now = now
        self._resolve = resolver
        self._clients: dict[tuple[str, bool, bool], httpx.AsyncClient] = {}
        self._held: dict[str, float] = {}
        """Until when a server wants to be left alone, by the event loop's time."""
        self._building = asyncio.Lock()
        self._is_closed = False

    async def fetch(self, url: str) -> bytes:
        """See `ThumbnailFetcher`."""
        try:
            target = check_url(url, self._base_url)
        except Refused as error:
            raise _refused(error) from error
        try:
            async with asyncio.timeout(self._timeouts.total_s) as deadline:
                return await self._fetch(target)
        except Refused as error:
            raise _refused(error) from error
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise ThumbnailUnreachable("The preview took too long.") from error
        except OSError as error:
            # Not its words: they may repeat what the server said, and nobody can do anything with them here.
            raise ThumbnailUnreachable(
                f"The preview cannot be fetched: {target.host} cannot be reached.",
                details=type(error.__cause__ or error).__name__,
            ) from error

    async def close(self) -> None:
        """Close every connection. Nothing can be fetched after it."""
        self._is_closed = True
        for client in self._clients.values():
            await client.aclose()

    async def _fetch(self, target: Target) -> bytes:
        self._raise_held(target)
        if _has_proxy(target, self._base_url):
            # Names are the proxy's business then, so that nothing can be checked: for the service itself that will do.
            if not target.is_base:
                raise Refused("it is on another server, and this computer's proxy stands before it")
            return await self._get(target, None)
        addresses = (await self._resolve(target.host, target.port))[:_MOST_ADDRESSES]
        check_addresses(target, addresses, self._base_url)
        problem: OSError = OSError("the name has no address")
        for address in addresses:
            try:
                return await self._get(target, address)
            except _NotConnected as error:
                problem = error
        raise problem

    async def _get(self, target: Target, address: Address | None) -> bytes:
        client = await self._client(target, is_proxied=address is None)
        import httpx

        request = client.build_request(
            "GET",
            target.url_at(address),
            headers={"Host": target.authority},
            # The certificate must be the name's, not the address's.
            extensions={"sni_hostname": target.host},
        )
        try:
            response = await client.send(request, stream=True)
            try:
                self._judge(target, response)
                return await _read(response)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _NotConnected from error
        except httpx.TransportError as error:
            raise ConnectionError from error

    def _judge(self, target: Target, response: httpx.Response) -> None:
        status, headers = response.status_code, response.headers
        if status in (401, 403, 404, 410):
            raise ThumbnailMissing("The server has no preview of this picture.", details=f"HTTP {status}")
        if status == 429 or status >= 500:
            error = ThumbnailUnreachable("The server has no time for previews.", details=f"HTTP {status}")
            asked_s = retry_after_s((headers.get_list("retry-after") or [""])[0], self._now())
            error.retry_s = min(asked_s or _SERVER_TROUBLE_S, _LONGEST_WAIT_S)
            if status == 429:
                self._hold(target, error.retry_s)
            raise error
        if 300 <= status < 400:
            raise Refused("the server points to another address")
        if status != 200:
            raise _refused_answer(f"HTTP {status}")
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise _refused_answer("compressed")
        length = headers.get("content-length", "")
        if length.isdecimal() and (len(length) > 12 or int(length) > MAX_PICTURE_BYTES):
            raise Refused("it is too large")

    def _hold(self, target: Target, seconds: float) -> None:
        if len(self._held) >= _MOST_HELD:
            self._held.clear()
        self._held[target.authority] = asyncio.get_running_loop().time() + seconds

    def _raise_held(self, target: Target) -> None:
        left_s = self._held.get(target.authority, 0.0) - asyncio.get_running_loop().time()
        if left_s > 0:
            error = ThumbnailUnreachable("The server asks to wait before it gives more previews.")
            error.retry_s = left_s
            raise error

    async def _client(self, target: Target, *, is_proxied: bool) -> httpx.AsyncClient:
        # Connections are kept by address, and two names may share one: only the service's own are used again.
        kind = (target.scheme, target.is_base, is_proxied)
        async with self._building:
            if self._is_closed:
                raise RuntimeError("the client for pictures is closed")
            if kind not in self._clients:
                self._clients[kind] = await asyncio.to_thread(self._build, *kind)
            return self._clients[kind]

    def _build(self, scheme: str, keeps_connections: bool, is_proxied: bool) -> httpx.AsyncClient:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        with without_command_line():
            import httpx

        timeouts = self._timeouts
        try:
            return httpx.AsyncClient(
                verify=trust(f"{scheme}:"),
                trust_env=is_proxied,
                follow_redirects=False,
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                headers={
                    "Accept": ", ".join(sorted(each.mime for each in PICTURES)),
                    "Accept-Encoding": "identity",
                    "User-Agent": f"ImgLink-Desktop/{app.__version__}",
                },
                timeout=httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s, pool=None),
                limits=httpx.Limits(
                    max_connections=None, max_keepalive_connections=4 if keeps_connections else 0, keepalive_expiry=3
                ),
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            # Not chained: httpx's text quotes the proxy's address, which may hold a password.
            raise ThumbnailUnreachable("The proxy that this computer's environment names cannot be used.") from None


def _has_proxy(target: Target, base_url: BaseUrl) -> bool:
    from urllib.request import getproxies, proxy_bypass

    if base_url.is_loopback:
        return False
    proxies = getproxies()
    return bool(proxies.get(target.scheme) or proxies.get("all")) and not proxy_bypass(target.host)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    # A generator, though declared as less: closed here, so that nothing of it is left to the event loop's end.
    async with contextlib.aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_raw())) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > MAX_PICTURE_BYTES:
                raise Refused("it is too large")
            if len(body) >= SNIFF_BYTES and sniff(bytes(body[:SNIFF_BYTES])) not in PICTURES:
                break
    if sniff(bytes(body[:SNIFF_BYTES])) not in PICTURES:
        raise _refused_answer(f"{len(body)} bytes")
    return bytes(body)


def _refused(error: Refused) -> ThumbnailRefused:
    return ThumbnailRefused(f"There is no preview: {error}.")


def _refused_answer(details: str) -> NoThumbnail:
    return ThumbnailRefused(
        "There is no preview: the server's answer is no picture that is shown here.", details=details
    )
