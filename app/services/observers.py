"""Telling windows and commands what has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Event = TypeVar("Event")


class Observers(Generic[Event]):
    """Call-backs for events, called on the asyncio thread in the order of subscription."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[Event], None]] = {}

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event from now on, until the function that is returned is called."""
        key = object()
        self._callbacks[key] = callback

        def unsubscribe() -> None:
            self._callbacks.pop(key, None)

        return unsubscribe

    def notify(self, event: Event) -> None:
        """Tell everybody. A call-back that raises is a bug for the crash handler; it must not stop an upload."""
        for callback in tuple(self._callbacks.values()):
            try:
                callback(event)
            except Exception as error:  # noqa: BLE001 - the documented boundary: reported, never swallowed
                context = {"message": "an observer failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
