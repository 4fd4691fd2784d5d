"""A client on a real socket, and a server that does to it whatever a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from app.api import Client, Timeouts
from app.api.pace import RequestPace
from app.core.base_url import parse_base_url
from app.core.imglink import CredentialKind
from app.core.ports import UploadFile

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")

KEY = "key-CANARY-6f1d2c"
TOKEN = "token.CANARY.9b7e4a"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
IMAGE = {"success": True, "id": "_RxgFRvwh9", "url": "https://i.example/_RxgFRvwh9.png"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4

Provider = Callable[[CredentialKind], Awaitable[str | None]]


def credentials(key: str | None = KEY, token: str | None = TOKEN) -> Provider:
    async def provide(kind: CredentialKind) -> str | None:
        return {CredentialKind.API_KEY: key, CredentialKind.TOKEN: token}[kind]

    return provide


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; a test that hangs fails in seconds."""

    async def limited() -> T:
        async with asyncio.timeout(30):
            return await work

    return asyncio.run(limited())


@asynccontextmanager
async def client_of(
    base_url: str,
    provider: Provider | None = None,
    *,
    timeouts: Timeouts | None = None,
    sign_in_path: str = "/api/auth/login",
    pace: RequestPace | None = None,
    http_transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[Client]:
    client = Client(
        parse_base_url(base_url),
        provider or credentials(),
        timeouts=timeouts or Timeouts(),
        sign_in_path=sign_in_path,
        now=lambda: NOW,
        pace=pace,
        http_transport=http_transport,
    )
    try:
        yield client
    finally:
        await client.close()


@dataclass
class Request:
    """A request as it came over the wire; `body` as far as it came."""

    head: bytes = b""
    body: bytes = b""

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def target(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def is_whole(self) -> bool:
        return bool(self.head) and len(self.body) == self.length


Script = Callable[[Request, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """What a test server saw."""

    url: str
    port: int
    connections: int = 0
    requests: list[Request] = field(default_factory=list)


def http(status: str, body: bytes | str = b"", *headers: str) -> bytes:
    """An answer that ends the connection."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(data)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + data


def json_answer(value: object, status: str = "200 OK") -> bytes:
    return http(status, json.dumps(value), "Content-Type: application/json")


def answering(data: bytes) -> Script:
    """Read the whole request, then send these bytes and close."""

    async def script(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(request, reader)
        writer.write(data)
        await writer.drain()

    return script


async def read_body(request: Request, reader: asyncio.StreamReader, until: int | None = None) -> None:
    """Read on until the body (or so much of it) is there, or the client is gone."""
    wanted = request.length if until is None else until
    while len(request.body) < wanted:
        data = await reader.read(min(1 << 20, wanted - len(request.body)))
        if not data:
            return
        request.body += data


@asynccontextmanager
async def serve(
    script: Script | bytes, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Listen on a free port; every connection reads a request's head and hands over to the script."""
    run_script = answering(script) if isinstance(script, bytes) else script
    tasks: set[asyncio.Task[None]] = set()
    seen = Server("", 0)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        request = Request()
        try:
            request.head = await reader.readuntil(b"\r\n\r\n")
            seen.requests.append(request)
            await run_script(request, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left, which many tests are about
        finally:
            writer.close()

    def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(handle(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(on_connection, host, 0, ssl=tls)
    seen.port = server.sockets[0].getsockname()[1]
    seen.url = f"{'https' if tls else 'http'}://{host}:{seen.port}"
    try:
        yield seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool], within_s: float = 60) -> None:
    """Wait for something that another task or the kernel brings about."""
    end = asyncio.get_running_loop().time() + within_s
    for _ in iter(condition, True):
        assert asyncio.get_running_loop().time() < end, "did not come about"
        await asyncio.sleep(0.002)


def png_file(folder: Path, name: str = "shot.png", data: bytes = PNG) -> UploadFile:
    path = folder / name
    path.write_bytes(data)
    return UploadFile(path, "k3v9q0xw.png", "image/png")
