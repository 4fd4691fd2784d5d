"""Learn a new shortcut by having it pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from app.core.shortcuts import Modifier, Shortcut
from app.hotkeys.keymap import KeyMap
from app.hotkeys.listener import RawKey, RawListener
from app.hotkeys.xconnection import DisplayLost, open_display

_CANCEL = Shortcut(Modifier.NONE, "Escape")


async def record_shortcut(environ: Mapping[str, str]) -> Shortcut | None:
    """Wait for a key with its modifiers and return it; None when it was Esc alone.

    Unbind one's own shortcuts before, or they fire as well; the focused program sees the keys too. Cancelling the task
    ends the watching. Raises UserFacingError where keys cannot be watched.
    """
    loop = asyncio.get_running_loop()
    pressed: asyncio.Future[Shortcut | None] = loop.create_future()
    display_name = environ.get("DISPLAY", "")
    keymap = await asyncio.to_thread(_read_keymap, display_name)

    def settle(shortcut: Shortcut | None) -> None:
        if not pressed.done():
            pressed.set_result(shortcut)

    def fail() -> None:
        if not pressed.done():
            pressed.set_exception(DisplayLost())

    def end() -> None:
        loop.call_soon_threadsafe(fail)

    def take(key: RawKey) -> None:
        shortcut = keymap.shortcut(key.keycode, key.state) if key.is_press else None
        if shortcut is not None:
            loop.call_soon_threadsafe(settle, None if shortcut == _CANCEL else shortcut)

    listener = RawListener(display_name, take, end)
    try:
        await asyncio.to_thread(listener.start)
        return await pressed
    finally:
        await asyncio.to_thread(listener.stop)


def _read_keymap(display_name: str) -> KeyMap:
    display = open_display(display_name)
    try:
        return KeyMap.read(display)
    finally:
        display.close()
