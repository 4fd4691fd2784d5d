"""The application's end, on the asyncio thread."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable
from typing import Literal

from app.core.errors import UserFacingError
from app.system.ipc import peer, wire
from app.system.ipc.requests import Request, parse_request
from app.system.ipc.wire import ProtocolError

MAX_CONNECTIONS = 64
_BACKLOG = 128
CLOSE_S = 1.0
_MAX_UNREAD_BYTES = 1024 * 1024
_FAILED = 1


class Declined(Exception):
    """This application is not the one to do it: the command shall do the work itself."""


class Reply:
    """What the command at the other end gets to see."""

    def __init__(self, writer: asyncio.StreamWriter, nonce: str, is_ending: Callable[[], bool]) -> None:
        self.nonce = nonce
        """What the hello said; digests in the request depend on it."""
        self.is_ending = is_ending
        """Whether it is the application that ends, when a handler is cancelled; else the command hung up."""
        self._writer = writer

    def accept(self) -> None:
        """Promise to do it. A handler says this or raises `Declined` at once: the command waits 2 s for either."""
        self.send({"event": "accepted"})

    def write(self, stream: Literal["out", "err"], text: str) -> None:
        """Have `text` printed as it is. Does not wait; a command that does not read is hung up on."""
        for start in range(0, len(text), wire.CHUNK_CHARS):
            self.send({"event": stream, "text": text[start : start + wire.CHUNK_CHARS]})

    def send(self, message: dict[str, object]) -> None:
        """Send one event."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        self._writer.write(wire.encode(message))
        if transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            transport.abort()


Handler = Callable[[Request, Reply], Awaitable[int]]
"""Does what is asked and returns the exit code. Raises `Declined` before it accepts, or UserFacingError.

It is cancelled when the command hangs up, and may still say something then: half of the line stays open.
"""


class IpcServer:
    """Serves the commands of this user, and of nobody else."""

    def __init__(
        self,
        listener: socket.socket,
        handle: Handler,
        *,
        version: str,
        max_connections: int = MAX_CONNECTIONS,
        deadline_s: float = wire.DEADLINE_S,
    ) -> None:
        """`listener` is bound (see `app.system.instance`); `version` is the program's."""
        self._listener = listener
        self._handle = handle
        self._version = version
        self._max_connections = max_connections
        self._deadline_s = deadline_s
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._working: dict[asyncio.Task[None], asyncio.Task[int]] = {}
        """What is being done, by the connection that waits for it."""
        self._is_closing = False

    async def start(self) -> None:
        """Begin to listen."""
        self._listener.setblocking(False)
        self._server = await asyncio.start_unix_server(self._serve, sock=self._listener, backlog=_BACKLOG)

    async def close(self) -> None:
        """Listen no more, withdraw what is being done, and tell those who wait. Takes 1 s at most."""
        if self._server is None or self._is_closing:
            return
        self._is_closing = True
        self._server.close()
        connections = set(self._connections)
        for connection in connections:
            # One that has not asked for anything yet has nothing to be told, either.
            self._working.get(connection, connection).cancel()
        if connections:
            _, late = await asyncio.wait(connections, timeout=CLOSE_S)
            for connection in late:
                connection.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _this_task()
        self._connections.add(connection)
        try:
            is_welcome = len(self._connections) <= self._max_connections and not self._is_closing
            if is_welcome and peer.is_own(writer.get_extra_info("socket")):
                await self._converse(connection, reader, writer)
        except (ConnectionError, EOFError, TimeoutError, ProtocolError):
            writer.transport.abort()  # Gone, silent, or not one of ours: there is nobody to tell.
        except asyncio.CancelledError:
            # By `close`, which ends this task; by anyone else, it has to be told on.
            if not self._is_closing:
                raise
        finally:
            self._connections.discard(connection)
            writer.close()

    async def _converse(
        self, connection: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        reply = Reply(writer, secrets.token_hex(16), lambda: self._is_closing)
        reply.send({"imglink": wire.PROTOCOL, "version": self._version, "nonce": reply.nonce})
        async with asyncio.timeout(self._deadline_s):
            header = await reader.readexactly(wire.HEADER_BYTES)
            body = await reader.readexactly(wire.body_size(header))
        request = parse_request(wire.decode(body))
        work = asyncio.ensure_future(self._work(request, reply))
        self._working[connection] = work
        try:
            await self._until_done(work, reader)
        finally:
            work.cancel()
            del self._working[connection]
        if work.cancelled():
            reply.send({"event": "withdrawn"})
        else:
            reply.send({"event": "exit", "code": work.result()})
        writer.transport.set_write_buffer_limits(0)
        async with asyncio.timeout(self._deadline_s):
            await writer.drain()

    async def _work(self, request: Request, reply: Reply) -> int:
        try:
            return await self._handle(request, reply)
        except Declined:
            reply.send({"event": "declined"})
        except UserFacingError as error:
            reply.write("err", f"imglink: {error}\n")
        return _FAILED

    async def _until_done(self, work: asyncio.Task[int], reader: asyncio.StreamReader) -> None:
        """Wait for it; withdraw it when the command hangs up, or says what it should not."""
        hung_up = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({work, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
                if hung_up.result():
                    raise ProtocolError("more than one request")
        finally:
            hung_up.cancel()
            await asyncio.gather(hung_up, return_exceptions=True)


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task
