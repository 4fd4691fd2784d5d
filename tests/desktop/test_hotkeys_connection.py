from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from app.hotkeys import xconnection
from app.hotkeys.xconnection import XConnection


class FakeDisplay:
    """Notices being used by two threads at a time; Xlib would wait for ever now and then."""

    def __init__(self) -> None:
        self.was_shared = False
        self.drained = 0
        self._reader, self._server = socket.socketpair()
        # Always something to read, so that a loop that watches comes at once.
        self._server.send(b"event")
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._reader.fileno()

    def set_error_handler(self, handler: Callable[..., None]) -> None: ...

    def pending_events(self) -> int:
        with self._using():
            self.drained += 1
        return 0

    def round_trip(self) -> None:
        with self._using():
            time.sleep(0.02)

    def close(self) -> None:
        self._reader.close()
        self._server.close()

    def _using(self) -> threading.Lock:
        self.was_shared |= self._lock.locked()
        return self._lock


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> FakeDisplay:
    fake = FakeDisplay()
    monkeypatch.setattr(xconnection, "open_display", lambda _name: fake)
    return fake


def run(test: Callable[[XConnection], Any]) -> None:
    async def main() -> None:
        connection = XConnection(":0", lambda _event: None, lambda: None)
        await connection.open()
        await test(connection)
        connection.close()

    asyncio.run(main())


def test_the_loop_keeps_away_while_a_worker_uses_the_display(display: FakeDisplay) -> None:
    async def test(connection: XConnection) -> None:
        for _ in range(3):
            await connection.call(FakeDisplay.round_trip)
        await asyncio.sleep(0.01)

    run(test)
    assert display.drained
    assert not display.was_shared


def test_a_cancelled_call_keeps_the_display_until_its_worker_is_done(display: FakeDisplay) -> None:
    async def test(connection: XConnection) -> None:
        first = asyncio.create_task(connection.call(FakeDisplay.round_trip))
        await asyncio.sleep(0.005)
        first.cancel()
        await connection.call(FakeDisplay.round_trip)
        assert first.cancelled()

    run(test)
    assert not display.was_shared
