"""Tells when a Mac is about to sleep, and when it has woken up. Never run on one; see README.

Source: Apple's documentation of NSWorkspace, whose notifications come by a center of its own, on the main thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any


class MacSleepWatch:
    """The counterpart of `app.system.sleep.SleepWatch`. Made by anyone, used on the event loop."""

    def __init__(
        self,
        on_main: Callable[[Callable[[], Any]], Awaitable[Any]],
        on_change: Callable[[bool], None],
    ) -> None:
        """`on_main` calls a function on the main thread and returns what it returns.

        `on_change` gets True before the computer sleeps, and False when it is awake again, on the loop's thread.
        """
        self._on_main = on_main
        self._on_change = on_change
        self._center: Any = None
        self._observers: list[Any] = []

    async def start(self) -> bool:
        """Begin; False without pyobjc."""
        loop = asyncio.get_running_loop()

        def begin() -> bool:
            try:
                appkit = import_module("AppKit")
            except ImportError:
                return False
            self._center = appkit.NSWorkspace.sharedWorkspace().notificationCenter()
            for name, is_drowsy in (
                (appkit.NSWorkspaceWillSleepNotification, True),
                (appkit.NSWorkspaceDidWakeNotification, False),
            ):

                def tell(_notification: Any, is_drowsy: bool = is_drowsy) -> None:
                    loop.call_soon_threadsafe(self._on_change, is_drowsy)

                observer = self._center.addObserverForName_object_queue_usingBlock_(name, None, None, tell)
                self._observers.append(observer)
            return True

        return bool(await self._on_main(begin))

    async def close(self) -> None:
        """Nothing more is told."""
        observers, self._observers = self._observers, []
        if observers:
            await self._on_main(lambda: [self._center.removeObserver_(each) for each in observers])
