"""Runs the application in uvicorn, on a thread and an event loop of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn._types import ASGI3Application

_STOP_S = 5.0
_KEEP_ALIVE_S = 60
_WORKERS = 4
_ACCEPT_ROUNDS = 4
NOBODY = ("", 0)
"""The address of a client that nobody can ask any more."""


def _address(transport: asyncio.Transport) -> tuple[str, int]:
    # None when the client was gone before the kernel could be asked.
    peer = transport.get_extra_info("peername") or NOBODY
    return peer[0], peer[1]


class Connections:
    """The open connections by the client's address, so that a fault can cut one, and stopping can cut all."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._stopping = asyncio.Event()

    def add(self, transport: asyncio.Transport) -> None:
        """Note a new one; one that was accepted during `stop` is cut at once."""
        self._transports[_address(transport)] = transport
        if self._stopping.is_set():
            transport.abort()

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget one that is closed."""
        self._transports.pop(_address(transport), None)

    def abort(self, client: tuple[str, int]) -> None:
        """Cut one, without sending what was buffered."""
        transport = self._transports.get((client[0], client[1]))
        if transport is not None:
            transport.abort()

    def close(self, client: tuple[str, int]) -> None:
        """Close one when what was buffered is sent."""
        transport = self._transports.get((client[0], client[1]))
        if transport is not None:
            transport.close()

    def stop(self) -> None:
        """Cut all and end every pause."""
        self._stopping.set()
        for transport in list(self._transports.values()):
            transport.abort()

    async def stopped(self) -> None:
        """Wait for `stop`."""
        await self._stopping.wait()

    async def pause(self, seconds: float) -> None:
        """Sleep, but not beyond `stop`."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._stopping.wait(), seconds)
            except TimeoutError:
                return


def _protocol(connections: Connections) -> type[asyncio.Protocol]:
    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

    return Protocol


class _Server(uvicorn.Server):
    """uvicorn without its ten ticks a second and its pauses at the end: idle is idle, and tests stop many servers."""

    def __init__(self, config: uvicorn.Config, connections: Connections, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._connections = connections
        self._on_started = on_started

    async def main_loop(self) -> None:
        self._on_started()
        await self._connections.stopped()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._stop_accepting()
        self._connections.stop()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=_STOP_S)
            for task in late:
                task.cancel()
        # Transports that were cut say goodbye in the loop's next round.
        await asyncio.sleep(0)

    async def _stop_accepting(self) -> None:
        """Close the listeners, but first let a connection that was just accepted become a transport.

        asyncio (3.11) would otherwise fail half way into making it, and leave its socket to the garbage collector.
        """
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listener in server.sockets:
                loop.remove_reader(listener)
        for _ in range(_ACCEPT_ROUNDS):
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()


def _started_executor() -> ThreadPoolExecutor:
    """Workers for disk and database, all started; asyncio ends them with its loop.

    No request makes a thread, so that a test which counts threads sees none of ours come up in its middle.
    """
    executor = ThreadPoolExecutor(_WORKERS, "imglink-demo-worker")
    all_there = threading.Barrier(_WORKERS)
    for _ in range(_WORKERS):
        executor.submit(all_there.wait)
    return executor


class Runner:
    """A server thread. `make_app` is called on it, inside its event loop."""

    def __init__(self, listener: socket.socket, make_app: Callable[[Connections], ASGIApp]) -> None:
        self._listener = listener
        self._make_app = make_app
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: Connections | None = None
        self._thread = threading.Thread(target=self._run, name="imglink-demo", daemon=True)

    def start(self) -> None:
        """Start serving; returns when requests are answered."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Stop serving and wait for the thread's end. Raises what ended it before its time."""
        if self._loop is not None and self._connections is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._connections.stop)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits in start()
            self._failure = error
        finally:
            self._listener.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(_started_executor())
        self._connections = Connections()
        config = uvicorn.Config(
            cast("ASGI3Application", self._make_app(self._connections)),
            http=_protocol(self._connections),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        await _Server(config, self._connections, self._ready.set).serve(sockets=[self._listener])
