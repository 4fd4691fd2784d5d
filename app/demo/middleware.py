"""What stands around the application: the request log and faults, the guard of the loopback, and the request limit."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from app.demo.faults import Fault, Faults, LoggedRequest, RequestLog, Stage
from app.demo.replies import ApiError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.demo.limits import RateLimiter
    from app.demo.runner import Connections

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_MINUTE_S = 60


class Observer:
    """The outermost layer: logs every request, and lets armed faults strike."""

    def __init__(self, app: ASGIApp, *, faults: Faults, log: RequestLog, connections: Connections) -> None:
        self._app = app
        self._faults = faults
        self._log = log
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        entry = LoggedRequest(
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]),
        )
        self._log.append(entry)

        async def counting_receive() -> Message:
            message = await receive()
            entry.body_bytes += len(message.get("body", b""))
            return message

        async def completing_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                extra = {"date": formatdate(usegmt=True), "x-content-type-options": "nosniff"}
                headers = [(key.encode(), value.encode()) for key, value in extra.items()]
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        fault = self._faults.take(entry.method, entry.path)
        if fault is None:
            await self._app(scope, counting_receive, completing_send)
        else:
            strike = _Strike(fault, self._connections, scope["client"] or ("", 0), receive)
            await strike.run(self._app, scope, counting_receive, completing_send)


class _Strike:
    """One fault on one request."""

    def __init__(self, fault: Fault, connections: Connections, client: tuple[str, int], receive: Receive) -> None:
        self._fault = fault
        self._connections = connections
        self._client = client
        self._receive = receive
        """Not counted: what is read only to see the connection end was never taken."""

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        async def receive_late() -> Message:
            message = await receive()
            if fault.stage is Stage.BEFORE_COMMIT and not message.get("more_body"):
                await self._connections.pause(fault.delay_s)
            return message

        if fault.stage is Stage.AFTER_COMMIT:
            await app(scope, receive, keep)
            await self._connections.pause(fault.delay_s)
        else:
            replaces_answer = fault.drop or fault.status is not None
            if fault.stage is Stage.BEFORE_COMMIT and replaces_answer:
                while (await receive()).get("more_body"):
                    pass
            if fault.stage is Stage.BEFORE_BODY or replaces_answer:
                await self._connections.pause(fault.delay_s)
            if not replaces_answer:
                await app(scope, receive_late, keep)
        if fault.drop:
            self._connections.abort(self._client)
            await self._disconnected()
        else:
            await self._answer(answer, send)

    async def _disconnected(self) -> None:
        # Returning before the server noticed would make it send a 500.
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _answer(self, proper: list[Message], send: Send) -> None:
        fault = self._fault
        if fault.status is not None:
            headers = [(key.lower().encode(), value.encode()) for key, value in fault.headers.items()]
            headers.append((b"content-length", str(len(fault.body)).encode()))
            start: Message = {"type": "http.response.start", "status": fault.status, "headers": headers}
            body = fault.body
        elif proper:
            start = proper[0]
            body = b"".join(message.get("body", b"") for message in proper[1:])
        else:
            return  # the client went away, so there is nobody to answer
        await send(start)
        body = body[: fault.cut_after]
        size = fault.drip_bytes or len(body) or 1
        for position in range(0, len(body), size):
            piece = body[position : position + size]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await self._connections.pause(fault.drip_pause_s)
        if fault.cut_after is None:
            await send({"type": "http.response.body", "body": b""})
        else:
            self._connections.close(self._client)
            await self._disconnected()


class LoopbackGuard:
    """Refuses what a web page elsewhere could make a browser send here.

    A Host that is no loopback name means DNS rebinding (421); a foreign Origin on a request that changes something
    means cross-site forgery (403).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        origin = headers.get("origin")
        if _host_name(host) not in LOOPBACK_NAMES:
            await _refuse(421, "This server answers on the loopback only")(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD", "OPTIONS") and origin not in (None, f"http://{host}"):
            await _refuse(403, "Requests from another origin are not accepted")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname if host and "@" not in host else None
    except ValueError:
        return None


class RequestLimit:
    """So many requests a minute from one address, on the API."""

    def __init__(self, app: ASGIApp, *, limiter: RateLimiter, per_minute: int) -> None:
        self._app = app
        self._limiter = limiter
        self._per_minute = per_minute

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or refuse it."""
        if scope["path"].startswith("/api/"):
            address = scope["client"][0] if scope["client"] else ""
            try:
                self._limiter.hit(f"requests of {address}", self._per_minute, _MINUTE_S)
            except ApiError as error:
                await _refuse(error.status, error.message, error.headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _refuse(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": message}, status, headers)
