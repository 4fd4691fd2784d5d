"""Tells when the computer is about to sleep, and when it has woken up: logind says so on the system's bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from app.core.errors import UserFacingError
from app.system.dbus import SessionBus, Signal, system_bus_address

MOST_DROWSY_S = 60.0
"""When logind does not say within this many seconds of waking time how it ended, the computer counts as awake."""

_LOGIND = "org.freedesktop.login1"
_PATH = "/org/freedesktop/login1"
_MANAGER = "org.freedesktop.login1.Manager"


class SleepWatch:
    """One connection that waits. Made by anyone, used on the event loop. Says nothing where there is no such bus."""

    def __init__(self, environ: Mapping[str, str], on_change: Callable[[bool], None]) -> None:
        """`on_change` gets True before the computer sleeps, and False when it is awake again, on the loop's thread."""
        self._address = system_bus_address(environ)
        self._on_change = on_change
        self._stack = AsyncExitStack()
        self._wake_timer: asyncio.TimerHandle | None = None
        """Runs from “about to sleep” to “awake”."""
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> bool:
        """Begin; False where nothing will ever be told."""
        if self._address is None:
            return False
        try:
            bus = await SessionBus.connect_to(self._address)
            self._stack.push_async_callback(bus.close)
            await self._stack.enter_async_context(
                bus.subscribed(
                    self._on_signal, sender=_LOGIND, interface=_MANAGER, path=_PATH, member="PrepareForSleep"
                )
            )
        except UserFacingError:
            await self._stack.aclose()
            return False
        self._watching = asyncio.create_task(self._until_lost(bus), name="sleep watch")
        return True

    async def close(self) -> None:
        """Disconnect; nothing more is told."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        self._cancel_timer()
        await self._stack.aclose()

    def _on_signal(self, signal: Signal) -> None:
        if signal.body[0]:
            self._cancel_timer()
            self._wake_timer = asyncio.get_running_loop().call_later(MOST_DROWSY_S, self._awake)
            self._on_change(True)
        else:
            self._awake()

    def _awake(self) -> None:
        self._cancel_timer()
        self._on_change(False)

    async def _until_lost(self, bus: SessionBus) -> None:
        await bus.wait_closed()
        if self._wake_timer is not None:
            # Nobody will say any more how it ended.
            self._awake()

    def _cancel_timer(self) -> None:
        if self._wake_timer is not None:
            self._wake_timer.cancel()
            self._wake_timer = None
