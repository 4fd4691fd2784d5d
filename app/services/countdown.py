"""The seconds before a delayed capture, told by a notification that changes with each of them.

For desktops where a window can neither choose its place nor leave the focus where it is, as on Wayland: there it would
change the very screen that is to be captured.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from app.core.errors import UserFacingError
from app.core.ports import Notice

GONE_BEFORE_S = 0.3
"""So long before the capture everything is taken away: a compositor may fade it out."""
CANCEL_ACTION = "cancel"


class Board(Protocol):
    """Notifications that can be changed and taken down again."""

    async def put(self, notice: Notice, on_action: Callable[[str], None], *, replaces: int = 0) -> int:
        """Show it, in the place of another if there is one, and return its number. Raises UserFacingError."""

    async def take_down(self, number: int) -> None:
        """Take it away; returns when the notification service says that it is gone, or does not answer."""


class ToldCountdown:
    """A `Countdown` (see `app.core.ports`) without a window."""

    def __init__(self, board: Board | None) -> None:
        """Without a `board`, as without a notification service, it waits in silence: the same key takes it back."""
        self._board = board

    async def wait(self, seconds: float) -> bool:
        """Count; False when the person cancels."""
        now = asyncio.get_running_loop().time
        ends = now() + seconds
        cancelled = asyncio.Event()
        board, number = self._board, 0
        try:
            while (left := ends - GONE_BEFORE_S - now()) > 0:
                whole = math.ceil(left)
                tick = ends - GONE_BEFORE_S - (whole - 1)
                if board is not None:
                    try:
                        async with asyncio.timeout_at(tick):
                            number = await board.put(_notice(whole), lambda _: cancelled.set(), replaces=number)
                    except (UserFacingError, TimeoutError):
                        board = None
                if await _is_set_by(cancelled, tick):
                    return False
        finally:
            if number and self._board is not None:
                await self._board.take_down(number)
        await asyncio.sleep(max(ends - now(), GONE_BEFORE_S if number else 0))
        return True


def _notice(left_s: int) -> Notice:
    actions = (("default", "Cancel"), (CANCEL_ACTION, "Cancel"))
    return Notice(f"Capture in {left_s} s", "Press its key again to cancel.", actions)


async def _is_set_by(event: asyncio.Event, when: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout_at(when):
            await event.wait()
    return event.is_set()
