"""A server on a thread of its own, as the application has it, for the synchronous client."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.system.instance import Instance
from app.system.ipc import wire
from app.system.ipc.client import Connection, connect
from app.system.ipc.requests import Request
from app.system.ipc.server import Handler, IpcServer, Reply
from tests.desktop.processes import wait_until

VERSION = "1.2.3"
RUN: dict[str, object] = {
    "verb": "run",
    "version": VERSION,
    "words": ["upload", "a.png"],
    "folder": "/home/ada",
    "context": {"HOME": "/home/ada"},
    "display": ":0",
    "is_terminal": True,
    "columns": 80,
    "encoding": "utf-8",
}


async def succeed(request: Request, reply: Reply) -> int:
    """A handler that does nothing, well."""
    reply.accept()
    return 0


@contextmanager
def serving(
    folder: Path, handle: Handler = succeed, *, max_connections: int = 64, deadline_s: float = wire.DEADLINE_S
) -> Iterator[IpcServer]:
    """Claim the runtime folder at `folder` and serve there; `errors` of the loop fail the test."""
    instance = Instance.claim(str(folder))
    assert instance is not None
    server = IpcServer(
        instance.listener, handle, version=VERSION, max_connections=max_connections, deadline_s=deadline_s
    )
    errors: list[str] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, context: errors.append(repr(context)))
    thread = threading.Thread(target=loop.run_forever, name="server")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield server
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        instance.release()
    assert not errors, errors[:3]


def connected(folder: Path) -> Connection:
    """A client that was greeted."""
    connection = connect(str(folder))
    assert connection is not None
    return connection


def events(connection: Connection, timeout_s: float = 10) -> list[dict[str, object]]:
    """All that comes until the other side hangs up."""
    found = []
    while (message := connection.receive(timeout_s)) is not None:
        found.append(message)
    connection.close()
    return found


def raw(folder: Path) -> socket.socket:
    """A bare connection that has read nothing yet."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(10)
    # With a time-out, the system does not wait for room in the queue of those who want to be let in.
    wait_until(lambda: _is_let_in(client, folder), 10, lambda: "the server accepts nobody")
    return client


def _is_let_in(client: socket.socket, folder: Path) -> bool:
    try:
        client.connect(f"{folder}/ipc.sock")
    except BlockingIOError:
        return False
    return True


def drain(client: socket.socket) -> bytes:
    """Everything until the other side hangs up."""
    data = b""
    try:
        while chunk := client.recv(65536):
            data += chunk
    except ConnectionError:
        pass  # Hung up on, with our bytes unread.
    client.close()
    return data
