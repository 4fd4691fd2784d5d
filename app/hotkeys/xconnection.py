"""A connection to the X server that the event loop reads and that never blocks the loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from app.core.errors import UserFacingError
from app.core.leftovers import close_leftovers

T = TypeVar("T")

DISPLAY_LOST = "The connection to the display was lost, so shortcuts do not work any more."


class DisplayLost(UserFacingError):
    """The X server is gone."""

    def __init__(self) -> None:
        super().__init__(DISPLAY_LOST, remedy="Start ImgLink Desktop again.")


def lost_errors() -> tuple[type[Exception], ...]:
    """What Xlib raises when the server is gone. A function, because Xlib is loaded late."""
    from Xlib import error

    return (error.ConnectionClosedError, OSError)


def open_display(name: str) -> Any:
    """Connect to the X server (some milliseconds, blocks). Raises UserFacingError."""
    from Xlib import display, error

    try:
        return display.Display(name)
    except (error.DisplayError, error.XauthError, *lost_errors()) as problem:
        close_leftovers(problem)
        raise UserFacingError(
            f"The display “{name}” cannot be reached.",
            remedy="Start ImgLink Desktop inside a graphical session.",
            details=str(problem),
        ) from problem


class XConnection:
    """An Xlib display on the running event loop.

    `on_event` gets every X event, `on_lost` is called once when the server goes away; both on the loop's thread.
    """

    def __init__(self, name: str, on_event: Callable[[Any], None], on_lost: Callable[[], None]) -> None:
        self._name = name
        self._on_event = on_event
        self._on_lost = on_lost
        self._display: Any = None
        self._fd = -1
        self._is_lent = False
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        """Connect and begin to read. Raises UserFacingError."""
        self._display = await asyncio.to_thread(open_display, self._name)
        # Kept because a display that was closed by an error no longer tells its descriptor.
        self._fd = self._display.fileno()
        # What a grab refuses is asked for where it is made; nothing else may print to stderr.
        self._display.set_error_handler(lambda *_: None)
        self._read_on()

    async def call(self, function: Callable[[Any], T]) -> T:
        """Run `function(display)`, with its blocking round trips, on a worker thread. Raises DisplayLost.

        The loop does not read meanwhile; events that came are delivered afterwards.
        """
        async with self._lock:
            if self._display is None:
                raise DisplayLost
            # Xlib waits for ever when two threads read at once: the loop keeps away until the worker is done.
            self._is_lent = True
            asyncio.get_running_loop().remove_reader(self._fd)
            work = asyncio.ensure_future(asyncio.to_thread(function, self._display))
            try:
                return await asyncio.shield(work)
            except lost_errors() as problem:
                self._lose()
                raise DisplayLost from problem
            finally:
                # A cancelled caller does not stop the worker.
                await asyncio.wait([work])
                self._is_lent = False
                self._read_on()

    def nudge(self) -> None:
        """Have the server send everything that it holds back, by a question whose answer nobody waits for."""
        from Xlib.protocol import request

        try:
            request.GetInputFocus(display=self._display.display, defer=True)
            self._display.flush()
        except lost_errors():
            self._lose()

    def close(self) -> None:
        """Disconnect; the server releases everything that was grabbed through this connection."""
        if self._display is not None:
            display, self._display = self._display, None
            asyncio.get_running_loop().remove_reader(self._fd)
            with contextlib.suppress(*lost_errors()):
                display.close()

    def _read_on(self) -> None:
        if self._display is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._fd, self._drain)
            # A round trip may have read events into Xlib's own queue, where no reader sees them.
            loop.call_soon(self._drain)

    def _drain(self) -> None:
        try:
            while self._display is not None and not self._is_lent and self._display.pending_events():
                self._on_event(self._display.next_event())
        except lost_errors():
            self._lose()

    def _lose(self) -> None:
        # At once, because the socket is closed now and its number may be another's from here on.
        asyncio.get_running_loop().remove_reader(self._fd)
        self._display = None
        self._on_lost()
