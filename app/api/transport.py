"""One HTTP client, and the rules that every request keeps.

No redirect is followed, no cookie kept, no credential leaves the base URL's origin or goes to an endpoint that does not
take it; answers are capped and never decompressed; and over the time-outs of single operations stands a total deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlencode

import app
from app.api import errors, parse
from app.api.calls import Auth, Call, Credential
from app.api.errors import Answer, Attempt
from app.api.multipart import MultipartBody
from app.api.pace import RequestPace
from app.core.base_url import BaseUrl
from app.core.imglink import CredentialKind
from app.core.service_errors import NotAuthenticated, Unreachable

if TYPE_CHECKING:
    import ssl
    from types import ModuleType

    import httpx

_T = TypeVar("_T")
CredentialProvider = Callable[[CredentialKind], Awaitable[str | None]]
"""Looks a secret up, each time that it is needed; None without one. It may raise UserFacingError."""

MAX_ANSWER_BYTES = 1_000_000
HEADER_SAFE = re.compile(r"[\x21-\x7e]{1,8192}")
"""What a key or token may be made of: more would break the header it stands in."""
_SECRET_HEADERS = ("x-api-key", "authorization")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds. The totals stand over the others, and over any number of small signs of life."""

    connect_s: float = 10
    write_s: float = 60
    """For one block of an upload."""
    read_s: float = 90
    """For the next piece of an answer; a server may think about a large picture for a while."""
    call_s: float = 30
    """For a whole call without a file."""
    upload_s: float = 150
    """For a whole upload, besides the time that its bytes may take."""
    slowest_bytes_per_s: int = 16 * 1024
    """An upload that is slower than this is given up."""


DEFAULT_TIMEOUTS = Timeouts()


def utc_now() -> datetime:
    """Wall-clock time, aware, UTC."""
    return datetime.now(UTC)


class Transport:
    """Carries out calls against one base URL. Bound to the event loop that first uses it."""

    def __init__(
        self,
        base_url: BaseUrl,
        credentials: CredentialProvider,
        *,
        timeouts: Timeouts,
        now: Callable[[], datetime],
        pace: RequestPace,
        http_transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self.base_url = base_url
        self._credentials = credentials
        self._timeouts = timeouts
        self._now = now
        self._http_transport = http_transport
        self._http: httpx.AsyncClient | None = None
        self._building = asyncio.Lock()
        self._pace = pace
        self._is_closed = False

    async def call(self, call: Call, read: Callable[[object], _T]) -> _T:
        """Send a call with the credential that its endpoint takes, and `read` the JSON of the answer."""
        return await self._send(Attempt(call, self.base_url.host, await self._credential_for(call)), read)

    async def upload(
        self, call: Call, credential: Credential | None, body: MultipartBody, read: Callable[[object], _T]
    ) -> _T:
        """The same with a body that is streamed, and a credential that was chosen together with the endpoint."""
        return await self._send(Attempt(call, self.base_url.host, credential, body), read)

    async def credential(self, kind: CredentialKind, action: str) -> Credential | None:
        """Look a credential up. Raises NotAuthenticated for one that cannot stand in a header."""
        secret = await self._credentials(kind)
        if not secret:
            return None
        if not HEADER_SAFE.fullmatch(secret):
            name = "API key" if kind is CredentialKind.API_KEY else "token"
            error = NotAuthenticated(
                f"Could not {action}: the stored {name} can be none: a blank, an accent or the like is in it, or it is "
                "far too long.",
                safe="Nothing was sent.",
                remedy=f"Copy the {name} again, without anything around it, into the account settings.",
            )
            error.credential = kind
            raise error
        return Credential(kind, secret)

    async def warm_up(self) -> None:
        """Load what the first call would wait for: httpx and the trusted certificates. Sends nothing, never fails."""
        with contextlib.suppress(Unreachable):
            await self._client()

    async def close(self) -> None:
        """Close every connection. No call can be made after it."""
        self._is_closed = True
        if self._http is not None:
            await self._http.aclose()

    async def _credential_for(self, call: Call) -> Credential | None:
        kind = call.auth.kind
        if kind is None:
            return None
        credential = await self.credential(kind, call.action)
        if credential is not None or call.auth is Auth.TOKEN_IF_ANY:
            return credential
        if kind is CredentialKind.API_KEY:
            what, remedy = "an API key", "Make one in the dashboard of ImgLink and enter it in the account settings."
        else:
            what, remedy = "you to be signed in", "Sign in, or paste a token, in the account settings."
        message = f"Could not {call.action}: this needs {what}."
        error = NotAuthenticated(message, safe="Nothing was sent.", remedy=remedy)
        error.credential = kind
        raise error

    async def _send(self, attempt: Attempt, read: Callable[[object], _T]) -> _T:
        answer = await self._exchange(attempt)
        if not 200 <= answer.status < 300:
            raise errors.answer_error(attempt, answer, self._now())
        if answer.unread:
            raise errors.unreadable(attempt, answer, answer.unread)
        try:
            value = parse.read_json(answer.body)
            words = parse.refusal(value)
            if words is None:
                return read(value)
        except parse.Unreadable as error:
            raise errors.unreadable(attempt, answer, str(error)) from error
        raise errors.refused(attempt, answer.status, words)

    async def _exchange(self, attempt: Attempt) -> Answer:
        # Before the deadline begins: this wait is ours, not the network's.
        await self._pace.take()
        client = await self._client()
        import ssl

        import httpx

        async with contextlib.AsyncExitStack() as stack:
            request = self._request(client, attempt, stack)
            deadline_s = self._deadline_s(attempt)
            try:
                async with asyncio.timeout(deadline_s) as deadline:
                    response = await client.send(request, stream=True)
                    stack.push_async_callback(response.aclose)
                    return await _read(response)
            except TimeoutError as error:
                if not deadline.expired():
                    raise
                raise errors.timed_out(attempt, deadline_s) from error
            except httpx.LocalProtocolError:
                raise  # a mistake in what we send is a bug, not the network's
            except (httpx.TransportError, ssl.SSLError) as error:
                raise errors.connection_error(attempt, error) from error
            finally:
                # httpx's exceptions carry the request: whoever keeps one must not keep the credential.
                for name in _SECRET_HEADERS:
                    request.headers.pop(name, None)

    def _request(self, client: httpx.AsyncClient, attempt: Attempt, stack: contextlib.AsyncExitStack) -> httpx.Request:
        call, body = attempt.call, attempt.body
        # Only ever our own base URL and a path with checked ids in it: never an address that the server gave.
        url = str(self.base_url) + call.path
        if call.query:
            url += "?" + urlencode(call.query)
        headers = _credential_header(attempt.credential)
        content: bytes | AsyncIterator[bytes] | None = None
        if body is not None:
            headers |= {"Content-Type": body.content_type, "Content-Length": str(body.length)}
            stream = body.stream()
            stack.push_async_callback(stream.aclose)
            content = stream
        elif call.json is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(call.json).encode()
        return client.build_request(call.method, url, headers=headers, content=content)

    def _deadline_s(self, attempt: Attempt) -> float:
        if attempt.body is None:
            return self._timeouts.call_s
        return self._timeouts.upload_s + attempt.body.length / self._timeouts.slowest_bytes_per_s

    async def _client(self) -> httpx.AsyncClient:
        async with self._building:
            if self._is_closed:
                raise RuntimeError("the ImgLink client is closed")
            if self._http is None:
                # Off the loop: the import and the certificates cost a tenth of a second or two.
                self._http = await asyncio.to_thread(self._build)
            return self._http

    def _build(self) -> httpx.AsyncClient:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        with without_command_line():
            import httpx

        timeouts = self._timeouts
        try:
            return httpx.AsyncClient(
                transport=self._http_transport,
                verify=trust(self.base_url.origin),
                # Proxies of the environment are right for the way out; what is meant for this computer, in the clear,
                # must not go through one. (httpx reads no netrc by itself, and we never pass it one.)
                trust_env=not self.base_url.is_loopback,
                follow_redirects=False,
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                headers={
                    "Accept": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": f"ImgLink-Desktop/{app.__version__}",
                },
                timeout=httpx.Timeout(
                    connect=timeouts.connect_s, read=timeouts.read_s, write=timeouts.write_s, pool=None
                ),
                # Many servers close an idle connection after 5 s. A request that crosses with that is lost without
                # having been seen, and an upload would count as uncertain: so never wait that long.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=4, keepalive_expiry=3),
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            # Not chained: httpx's text quotes the proxy's address, which may hold a password.
            raise Unreachable(
                "The proxy that this computer's environment names cannot be used.",
                safe="Nothing was sent.",
                remedy="Set HTTPS_PROXY or ALL_PROXY to an http:// address, or unset it. SOCKS is not supported.",
            ) from None


@contextlib.contextmanager
def without_command_line() -> Iterator[None]:
    """Import httpx inside: without its own command line, for which it would load click, rich and pygments.

    It does without where that cannot be imported, and None is how Python is told that a module cannot be.
    """
    name = "httpx._main"
    if "httpx" in sys.modules:
        yield
        return
    sys.modules[name] = cast("ModuleType", None)
    try:
        yield
    finally:
        sys.modules.pop(name, None)


def _credential_header(credential: Credential | None) -> dict[str, str]:
    if credential is None:
        return {}
    if credential.kind is CredentialKind.API_KEY:
        return {"X-API-Key": credential.secret}
    return {"Authorization": f"Bearer {credential.secret}"}


def trust(origin: str) -> ssl.SSLContext:
    """The system's trusted certificates (or those of SSL_CERT_FILE and SSL_CERT_DIR), certifi's where it has none.

    For a plain http `origin` none.
    """
    import ssl

    if origin.startswith("http:"):
        # Unused, so left empty: it trusts nobody, and loading certificates takes its time.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or (paths.capath and any(Path(paths.capath).glob("*.0")))):
        import certifi

        context.load_verify_locations(certifi.where())
    return context


async def _read(response: httpx.Response) -> Answer:
    """Read up to the cap; nothing is ever decompressed."""
    headers = response.headers
    unread = ""
    body = bytearray()
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        unread = "it is compressed, which was not asked for"
    else:
        # A generator, though declared as less: closed here, so that nothing of it is left to the event loop's end.
        async with contextlib.aclosing(cast("AsyncGenerator[bytes, None]", response.aiter_bytes())) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    unread = f"it is longer than {MAX_ANSWER_BYTES} bytes"
                    body.clear()
                    break
    return Answer(
        status=response.status_code,
        body=bytes(body),
        content_type=headers.get("content-type", ""),
        retry_after=(headers.get_list("retry-after") or [""])[0],
        location=headers.get("location", ""),
        unread=unread,
    )
